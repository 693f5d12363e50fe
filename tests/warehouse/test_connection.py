"""Connections to the warehouse and to what is published.

Belongs here: what every connection of ours promises.
Does not belong here: what is loaded (test_hub_load), the SQL models.
"""

from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import reading, writing

TABLES = """
create table counters as select i as model, 'publisher ' || i % 50 as publisher from range(2000) as _(i);
create table ends as select i as model, 'weights' as attributes from range(20) as _(i)
"""
# none of the rows of `ends` has these attributes, which DuckDB knows before it reads one
BY_PUBLISHER = """
select counters.publisher, cast(sum(counters.model) as bigint) as total
from counters
left join ends on counters.model = ends.model and ends.attributes = 'cards'
group by counters.publisher
"""
ASKED = [
    f"select sum(total) from (from ({BY_PUBLISHER}) order by total desc limit all)",
    f"select sum(total) from (from ({BY_PUBLISHER}) where total > 0)",
    f"select sum(total) from (select distinct total, publisher from ({BY_PUBLISHER}))",
]


@pytest.mark.parametrize("query", ASKED)
def test_sums_over_an_outer_join_with_nothing_are_right(query: str, tmp_path: Path) -> None:
    with writing(Settings(home=tmp_path)) as connection:
        connection.execute(TABLES)
        assert connection.execute(query).fetchall() == [(1_999_000,)]
    with reading(tmp_path / "warehouse.duckdb") as connection:
        assert connection.execute(query).fetchall() == [(1_999_000,)]


def test_duckdb_still_needs_it() -> None:
    """Once this fails, a version without the fault is pinned, and the setting, which costs time, can go."""
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        assert all(connection.execute(query).fetchall() != [(1_999_000,)] for query in ASKED)
