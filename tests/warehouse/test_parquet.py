"""The types that every engine reads: no contract has another, and no other is written."""

import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.checkout import PROJECT
from dagster_project.lib.seeds.tables import ALL_SEEDS
from dagster_project.lib.sql_models.project import marts
from dagster_project.lib.warehouse import parquet
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES

REFUSED = {
    "uuid()": "UUID",
    "time '12:00:00'": "TIME",
    "interval 1 day": "INTERVAL",
    "cast('2026-01-01' as timestamp_ns)": "TIMESTAMP_NS",
    "sum(1)": "HUGEINT",
    "cast(1 as ubigint)": "UBIGINT",
    "{'a': 1}": "STRUCT(a INTEGER)",
    "[[1]]": "INTEGER[][]",
    "[uuid()]": "UUID[]",
}


@pytest.mark.parametrize("value", REFUSED)
def test_a_type_that_an_engine_lacks_is_refused_by_table_and_column(tmp_path: Path, value: str) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection, pytest.raises(parquet.UnreadableType) as raised:
        parquet.write(connection, "fct_things", f"select 1 as fine, {value} as odd", path)
    assert str(raised.value).startswith(f"fct_things.odd has the type {REFUSED[value]}, which not every")
    assert not path.exists()


@pytest.mark.parametrize("rows", [0, 3])
def test_what_is_written_comes_back_with_its_names_types_and_rows(tmp_path: Path, rows: int) -> None:
    query = (
        "select i > 1 as a, cast(i as integer) as b, i as c, i / 2 as d, cast(i as decimal(38, 0)) as e, "
        "'it''s' || i as f, date '2026-01-01' as g, timestamp '2026-01-01 01:02:03.456789' as h, "
        f"['x', null] as i, [i] as j from range({rows}) as t(i)"
    )
    path = tmp_path / "it's.parquet"
    with duckdb.connect() as connection:
        assert parquet.write(connection, "t", query, path, "compression_level 1") == rows
        written = connection.execute("from read_parquet(?)", [str(path)])
        described = written.description
        assert written.fetchall() == connection.execute(query).fetchall()
        assert described == connection.execute(query).description


def contracts() -> dict[str, list[tuple[str, str]]]:
    """Columns and types of every table whose types are said before it is made."""
    ours = {t.full_name: [(c.name, c.type) for c in t.columns] for t in (*ALL_TABLES, *ALL_SEEDS)}
    return ours | {mart.name: [(c[0], c[1]) for c in mart.columns] for mart in marts().values()}


def test_every_contract_has_only_types_that_every_engine_reads() -> None:
    found = contracts()
    assert len(found) > 90
    said = {table: [(name, kind.upper()) for name, kind in columns] for table, columns in found.items()}
    assert {table: wrong for table, columns in said.items() if (wrong := parquet.unreadable(columns))} == {}


def test_the_record_the_publication_and_the_lake_write_through_one_door() -> None:
    """A file of one's own is copied to landing as it came: no engine but ours reads it there."""
    lib = PROJECT / "dagster_project" / "lib"
    writing = {
        path.relative_to(lib).as_posix()
        for path in lib.rglob("*.py")
        if re.search(
            r"\bformat '?parquet|\.to_parquet|write_parquet\(['\"]", path.read_text(encoding="utf-8")
        )
    }
    assert writing == {"warehouse/parquet.py", "hub/own_files.py"}
