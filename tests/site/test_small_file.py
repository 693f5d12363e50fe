"""Which tables and rows a reader's browser gets.

Belongs here: terms, cuts, comments, the format. Does not belong here: the page (test_browser_sql).
"""

from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.publish.terms import PublishError
from dagster_project.lib.site.small_file import MOST_VALUES, write_small_file

FITS = MOST_VALUES // 2  # rows of two columns


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"""
            create table table_terms as select * from (values
                ('small', true), ('prices', false), ('weeks', true), ('months', true), ('years', true),
                ('wide', true), ('vast', true),
                ('latest_small', true), ('fct_model_growth_daily', true), ('table_terms', true)
            ) as t(table_name, is_redistributable);
            create table small as select 1 as "select", 'x' as word;
            comment on table small is 'It''s small. Grain: a word.';
            comment on column small."select" is 'A number';
            create view latest_small as select word from small;
            create table prices as select 1 as close;
            create table unknown as select 1 as anything;
            -- of 80 days all are too much, 12 weeks fit, the months of a year as well, those of ten years not
            create table weeks as select date '2026-01-01' + cast(d as integer) as activity_date, number
            from range(80) as days(d), range({FITS // 12}) as found(number);
            create table months as select date '2026-01-01' + cast(d as integer) as activity_date, number
            from range(365) as days(d), range({FITS // 12}) as found(number);
            create table years as select date '2016-01-01' + cast(d as integer) as activity_date, number
            from range(3653) as days(d), range({FITS // 12}) as found(number);
            create table wide as select range as id, range % {2 * FITS} as downloads_30d
            from range({4 * FITS});
            create table vast as select date '2026-01-01' as activity_date, range as number
            from range({2 * FITS});
            create table fct_model_growth_daily as select 1 as hub_id;
            """
        )
    return path


def test_what_the_terms_forbid_or_do_not_know_stays_at_home(published: Path, tmp_path: Path) -> None:
    small = write_small_file(published, tmp_path / "small.duckdb")
    assert {"prices", "unknown"} <= small.left_out.keys()
    with duckdb.connect(str(tmp_path / "small.duckdb"), read_only=True) as connection:
        present = {
            name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
        }
    assert present == {table.name for table in small.tables}
    assert present == {"small", "latest_small", "weeks", "months", "years", "wide"}


def test_a_publication_without_terms_gives_no_file(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("create table a as select 1 as a")
    with pytest.raises(PublishError, match="make run"):
        write_small_file(tmp_path / "old.duckdb", tmp_path / "small.duckdb")


def test_of_a_long_history_there_is_a_day_of_each_week_or_month_and_of_a_large_table_the_most_downloaded(
    published: Path, tmp_path: Path
) -> None:
    small = write_small_file(published, tmp_path / "small.duckdb")
    tables = {table.name: table for table in small.tables}
    assert {
        name: tables[name].cut.replace("\N{NO-BREAK SPACE}", " ") for name in ("weeks", "months", "years")
    } == {
        "weeks": "only the last day of each week",
        "months": "only the last day of each month",
        "years": "only the last day of each month from 31 January 2025 on",
    }
    assert [tables[name].rows for name in ("months", "years", "wide")] == [FITS, FITS, FITS]
    assert (tables["small"].rows, tables["small"].cut) == (1, "")
    assert "is too large" in small.left_out["vast"]
    assert "each model and day" in small.left_out["fct_model_growth_daily"]
    with duckdb.connect(str(tmp_path / "small.duckdb"), read_only=True) as connection:
        days = (
            "select count(distinct activity_date), min(activity_date)::varchar, max(activity_date)::varchar"
        )
        assert connection.execute(f"{days} from weeks").fetchone() == (12, "2026-01-04", "2026-03-21")
        assert connection.execute(f"{days} from months").fetchone() == (12, "2026-01-31", "2026-12-31")
        assert connection.execute(f"{days} from years").fetchone() == (12, "2025-01-31", "2025-12-31")
        assert connection.execute("select min(downloads_30d) from wide").fetchone() == (1.5 * FITS,)


def test_descriptions_come_along_and_a_view_is_a_table(published: Path, tmp_path: Path) -> None:
    small = write_small_file(published, tmp_path / "small.duckdb")
    table = next(table for table in small.tables if table.name == "small")
    assert table.comment == "It's small. Grain: a word."
    with duckdb.connect(str(tmp_path / "small.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'small'"
        ).fetchone() == (table.comment,)
        assert connection.execute(
            "select comment from duckdb_columns() where column_name = 'select' and table_name = 'small'"
        ).fetchone() == ("A number",)
        assert connection.execute("from latest_small").fetchall() == [("x",)]


def test_the_file_is_of_the_storage_that_the_browsers_duckdb_reads(published: Path, tmp_path: Path) -> None:
    write_small_file(published, tmp_path / "small.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path}/small.duckdb' as small (read_only)")
        (tags,) = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = 'small'"
        ).fetchone() or ("",)
    assert tags.startswith("v1.2.0")
