"""Pictures and figures of tables, and what a failed check says: small cases, worked out by hand."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import duckdb
import pytest

from dagster_project.lib.record.landing import Crawl, Opening, Page
from dagster_project.lib.report import preview, small_picture
from dagster_project.lib.sql_models.project import next_step
from dagster_project.lib.warehouse.raw_tables import HUB_SNAPSHOTS, PRICE_FETCHES, Table

FIRST = date(2026, 1, 14)


SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("create schema raw; create schema marts")
        for table in (HUB_SNAPSHOTS, PRICE_FETCHES):
            made.execute(table.ddl())
        yield made


def texts(markdown: str) -> list[str]:
    """What the picture says, in its order."""
    picture = re.fullmatch(r"\*\*.*\*\*\n\n!\[picture\]\(data:image/svg\+xml;base64,(.*)\)", markdown)
    assert picture, markdown
    root = ElementTree.fromstring(base64.b64decode(picture[1]))
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def asked(query: str) -> dict[str, str]:
    return {"title": "Downloads", "query": query}


def test_names_and_numbers_are_bars_and_the_numbers_are_the_figures(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    query = "select * from (values ('qwen', 7e8), ('llama', 6e8), ('none', null)) as t(name, number)"
    made = preview.of_mart(connection, "marts.t", asked(query))
    assert made.figures == {"qwen": 7e8, "llama": 6e8}, "missing is no figure, and never 0"
    assert {"qwen", "llama"} <= set(texts(made.markdown))
    assert "none" not in texts(made.markdown)


def test_days_are_lines_and_the_last_day_gives_the_figures(connection: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select date '2026-01-14' + cast(n as integer), name, n * factor from range(5) as r(n), "
        "(values ('a', 1), ('b', 10), ('ended', null)) as t(name, factor)"
    )
    made = preview.of_mart(connection, "marts.t", asked(query))
    assert made.figures == {"b": 40.0, "a": 4.0}
    assert {"a", "b", "2026-01-14", "2026-01-18"} <= set(texts(made.markdown))


def test_figures_have_the_digits_that_a_reader_reads_and_an_axis_keeps_its_own(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The UI shows each digit of 61.638609719671614; of an axis to 1 the second tick is 0.25, and not 0.2."""
    query = (
        "select date '2026-01-14' + cast(n as integer), name, number from range(3) as r(n), "
        "(values ('share', 0.9), ('points', 0.61638609719671614)) as t(name, number)"
    )
    made = preview.of_mart(connection, "marts.t", asked(query))
    assert made.figures == {"share": 0.9, "points": 0.6164}
    assert {"0.25", "0.75"} <= set(texts(made.markdown))
    many = preview.of_mart(connection, "marts.t", asked("select 'all', 726351154.5"))
    assert many.figures == {"all": 726351154.0}


def test_of_many_series_the_greatest_are_shown(connection: duckdb.DuckDBPyConnection) -> None:
    query = "select 'family ' || n, n from range(100) as r(n)"
    figures = preview.of_mart(connection, "marts.t", asked(query)).figures
    assert list(figures.values()) == [99, 98, 97, 96, 95, 94, 93, 92]


@pytest.mark.parametrize("value", [0, 5, -5])
def test_one_day_and_a_flat_line_are_drawn(connection: duckdb.DuckDBPyConnection, value: int) -> None:
    for days in (1, 3):
        query = (
            f"select date '2026-01-14' + cast(n as integer), 'a', {value} from range({days}) as r(n) "
            f"union all select date '2026-01-14' + {days - 1}, 'new', {value - 1}"
        )
        assert preview.of_mart(connection, "marts.t", asked(query)).figures == {"a": value, "new": value - 1}


def test_invented_data_wears_its_name(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into raw.hub_snapshots by name "
        "select date '2026-01-14' as snapshot_date, true as is_accepted, 'synthetic' as origin"
    )
    assert "SYNTHETIC" in preview.of_mart(connection, "marts.t", asked("select 'a', 1")).markdown


def test_a_preview_that_cannot_be_made_says_why_and_stops_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    made = preview.of_mart(connection, "marts.t", asked("select no_such_column from raw.hub_snapshots"))
    assert made.figures == {}
    assert r"The preview of marts.t in its yml cannot be made" in made.markdown
    assert r"no\_such\_column" in made.markdown


def test_a_mart_without_a_query_shows_its_newest_rows_and_their_text_is_no_markup(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        "create table marts.t as select * from (values "
        "(date '2026-01-14', 'old'), (date '2026-01-15', '<img src=x> | [a](javascript:b)')) as t(day, name)"
    )
    lines = preview.of_mart(connection, "marts.t", None).markdown.splitlines()
    assert lines[0] == "| day | name |"
    assert lines[2] == r"| 2026\-01\-15 | \<img src\=x\> \| \[a\]\(javascript\:b\) |"
    assert len(lines) == 4


def test_nothing_yet_is_said_in_words(connection: duckdb.DuckDBPyConnection) -> None:
    made = preview.of_mart(connection, "marts.t", asked("select 'a', 1 where false"))
    assert made == ("Downloads: nothing to show yet.", {}, None)
    connection.execute("create table marts.t (day date)")
    assert preview.of_mart(connection, "marts.t", None).markdown == "No rows yet."


def test_a_raw_table_shows_its_rows_by_day_and_by_status(connection: duckdb.DuckDBPyConnection) -> None:
    for number, status in enumerate(("ok", "ok", "ok", "error")):
        connection.execute(
            "insert into raw.price_fetches by name select cast(? as date) as snapshot_date, "
            "? as symbol, ? as status",
            [FIRST + timedelta(number // 2), f"S{number}", status],
        )
    made = preview.of_raw(connection, PRICE_FETCHES)
    assert made is not None
    assert {"error", "ok"} <= set(texts(made.markdown))
    assert preview.of_raw(connection, Table("raw", "words", "No day in it.", ())) is None


def test_a_crawl_shows_how_it_went() -> None:
    at = [datetime(2026, 1, 14, 6, 0, second, tzinfo=UTC).isoformat() for second in (0, 1, 5)]
    opening = Opening("2026-01-14", "top", "top-1-x", "http://127.0.0.1:9", "synthetic", ["top"], at[0])
    pages = [Page("top", n, f"{n}.zst", 1000, 9, at[n + 1], None) for n in range(2)]
    made = preview.of_crawl(Crawl(Path("nowhere"), opening, pages, True))
    assert "SYNTHETIC" in made.markdown
    assert {"1", "5"} <= set(texts(made.markdown))


def svg_of(small: str | None) -> ElementTree.Element:
    """The picture of a Markdown, as a browser reads its address."""
    assert small is not None
    address = re.search(r"!\[picture\]\(data:image/svg\+xml,([^) ]*)\)", small)
    assert address, small
    return ElementTree.fromstring(unquote(address[1]))


HOSTILE_NAMES = [
    "<b>&amp;'\"",
    ")](x)",
    "模型的名字很长很长很长很长很长很长",
    *(f"{n} a name of many letters" for n in range(5)),
]


@pytest.mark.parametrize("days", [1, 2, 90])
def test_the_small_picture_is_short_enough_to_be_shown_without_a_click(
    connection: duckdb.DuckDBPyConnection, days: int
) -> None:
    """Whatever the names are: what does not fit is left out, from the smallest series on."""
    connection.execute("create table named as select unnest(?) as name", [HOSTILE_NAMES])
    made = preview.of_mart(
        connection,
        "named",
        asked(
            "select date '2026-01-01' + day::int, name, (day + 1) * 1e6 * length(name) from named, "
            f"(select unnest(range({days})) as day)"
        ),
    )
    assert made.small is not None and len(made.small) < small_picture.CHARACTERS < len(made.markdown)
    drawn = svg_of(made.small)
    names = [text.text or "" for text in drawn.iter(f"{SVG}text")]
    greatest = next(iter(made.figures))
    assert names[0].startswith(greatest[: small_picture.NAME - 1])
    paths = [path.get("d") or "" for path in drawn.iter(f"{SVG}path")]
    assert len(paths) == (len(names) if days > 1 else 1)
    if days > 1:
        assert paths[0].startswith("M0,") and "L290," in paths[0]
        assert f"2026\\-01\\-01 to {date(2026, 1, 1) + timedelta(days - 1)}".replace("\\", "") in made.small


def test_bars_are_as_long_as_their_numbers() -> None:
    small = small_picture.of_bars("t", {"a": 1_500_000.0, "b": 750_000.0, "c": -0.5})
    drawn = svg_of(small)
    assert [text.text for text in drawn.iter(f"{SVG}text")] == ["a 1.5M", "b 750k", "c -0.5"]
    (path,) = drawn.iter(f"{SVG}path")
    assert re.findall(r"h(\d+)", path.get("d") or "") == ["300", "150", "0"]


def test_a_title_that_leaves_no_room_is_no_picture() -> None:
    assert small_picture.of_bars("t" * small_picture.CHARACTERS, {"a": 1.0}) is None


def test_a_failed_check_says_how_many_rows_what_follows_and_what_to_do() -> None:
    blocking, finding = next_step("not_null_day", 1, True), next_step("a_missing_session", 1200, False)
    assert blocking.startswith("1 row against the claim not_null_day. Nothing after it was built;")
    assert finding.startswith("1,200 rows against the claim a_missing_session. It is a finding")
    for text in (blocking, finding):
        assert "logs/dbt/compiled" in text
        assert "run again" in text
