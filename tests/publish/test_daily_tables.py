"""Publishing forward: whatever happened since the former publication, readers get what the warehouse says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from dagster_project.lib.publish import daily_tables
from dagster_project.lib.publish.daily_tables import (
    DAILY_FACTS,
    RECENT_DAYS,
    RECENT_ROWS,
    SETTLED_DAYS,
    Day,
    recent,
)
from dagster_project.lib.publish.file import publish
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing

FIRST = date(2026, 1, 1)
MODELS = 3
SEEDS = ("counting_rule_changes", "growth_thresholds", "licences", "named_licences", "publishers")
GROWTH = "int_model_growth__daily"


@dataclass
class Loaded:
    """A snapshot day as the warehouse has it."""

    load: int
    usable: bool = True


@dataclass
class Story:
    """Snapshot days that come, are loaded again, judged anew and removed, and the marts that follow."""

    settings: Settings
    days: dict[date, Loaded] = field(default_factory=dict)
    loads: int = 0
    rule: int = 0
    card_passes: list[date] = field(default_factory=list)
    meaning: int = 0
    seen_again: list[date] = field(default_factory=list)

    def load(self, day: date) -> None:
        self.loads += 1
        self.days[day] = Loaded(self.loads)

    def judge(self, day: date) -> None:
        if day in self.days:
            self.days[day].usable = not self.days[day].usable

    def remove(self, day: date) -> None:
        if len(self.days) > 1:
            self.days.pop(day, None)

    def change_a_rule(self, _: date) -> None:
        self.rule += 1

    def read_cards(self, day: date) -> None:
        self.card_passes.append(day)

    def change_the_sql(self, _: date) -> None:
        self.meaning += 1

    def see_again(self, day: date) -> None:
        """A model that was away has a row more of a day that is over, though no load of that day changed."""
        self.seen_again.append(day)

    def publish(self) -> Path:
        with writing(self.settings) as connection:
            self._build(connection)
        return publish(self.settings).path

    def _build(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The marts as SQL models would leave them: a row says by its value all that it depends on."""
        for schema in ("marts", "intermediate", "seeds"):
            connection.execute(f"create schema if not exists {schema}")
        for seed in SEEDS:
            connection.execute(f"create or replace table seeds.{seed} as select {self.rule} as rule")
        connection.execute("delete from raw.hub_snapshots")
        connection.executemany(
            "insert into raw.hub_snapshots by name select ? as snapshot_date, 'top' as scope, "
            "'top-1-x' as scope_id, true as is_accepted, 'live' as origin",
            [[day] for day in self.days],
        )
        connection.execute("delete from raw.licence_card_passes")
        for number, day in enumerate(self.card_passes):
            connection.execute(
                "insert into raw.licence_card_passes by name "
                "select ? as snapshot_date, ? as crawl, 'ok' as status",
                [day, f"{number}"],
            )
        _table(
            connection,
            "marts.fct_snapshot_days",
            "snapshot_date date, load_id varchar, usable boolean, status varchar, accepted boolean",
            [
                (day, f"{d.load}", d.usable, "ok" if d.usable else "held", True)
                for day, d in self.days.items()
            ],
        )
        _table(
            connection,
            "intermediate.builds",
            "node varchar, snapshot_date date, built_from varchar",
            [(f"model.model_tide.{one}", None, f"{self.meaning} text") for one in DAILY_FACTS],
        )
        _table(
            connection,
            "intermediate.int_models__detailed",
            "snapshot_date date, model_key integer, said varchar",
            [(day, key, self._said(day)) for day in sorted(self.days) for key in range(MODELS)],
        )
        _table(
            connection,
            "intermediate.int_model_downloads__daily",
            "activity_date date, model_key integer, net double, said varchar",
            [
                *((*row, 1.0, said) for *row, said in self._spread()),
                *((day, MODELS, 1.0, "seen again") for day in self.seen_again),
            ],
        )
        _table(
            connection,
            f"intermediate.{GROWTH}",
            "activity_date date, model_key integer, said varchar",
            [
                (day - timedelta(days=1), key, self._said(day))
                for day, loaded in sorted(self.days.items())
                if loaded.usable
                for key in range(MODELS)
            ],
        )
        newest = max(self.days)
        _table(
            connection,
            "marts.dim_models",
            "hub_id varchar, card_rule bigint, seen date, cards varchar",
            [(f"{key}", self.rule, newest, f"{self.card_passes[key:]}") for key in range(self.loads + 1)],
        )
        connection.execute(
            f"create or replace view marts.fct_model_growth_daily as from intermediate.{GROWTH}"
        )
        connection.execute(
            "create or replace view marts.fct_model_downloads_daily as "
            "select * exclude (net) from intermediate.int_model_downloads__daily where net is not null"
        )
        connection.execute(
            "create or replace view marts.model_history as "
            "select d.snapshot_date as day, d.model_key, d.said, n.said as spread "
            "from intermediate.int_models__detailed as d "
            "left join intermediate.int_model_downloads__daily as n "
            "on d.model_key = n.model_key and n.activity_date = d.snapshot_date - 1"
        )

    def _said(self, day: date) -> str:
        """All loads up to the day and the decisions that hold on it."""
        loads = [(str(d), self.days[d].load, self.days[d].usable) for d in sorted(self.days) if d <= day]
        cards = [str(read) for read in self.card_passes if read <= day]
        return repr((loads, cards, self.rule, self.meaning))

    def _spread(self) -> Iterator[tuple[Any, ...]]:
        """Between two usable days the difference is spread over all days, as of the later one."""
        usable = [day for day in sorted(self.days) if self.days[day].usable]
        for earlier, later in pairwise(usable):
            for number in range((later - earlier).days):
                for key in range(MODELS):
                    # of cards only the later listing's own count, which no pass over cards changes
                    said = repr([(str(d), self.days[d].load) for d in (earlier, later)])
                    yield earlier + timedelta(days=number), key, said


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[Any]) -> None:
    connection.execute(f"create or replace table {name} ({columns})")
    if rows:
        values = ", ".join(["unnest(?)"] * len(rows[0]))  # a tenth of executemany's time
        connection.execute(f"insert into {name} select {values}", [*map(list, zip(*rows, strict=True))])


@contextmanager
def story() -> Iterator[Story]:
    with TemporaryDirectory() as home:
        yield Story(Settings(home=Path(home)))


@pytest.fixture
def ten_days(settings: Settings) -> Story:
    """Ten days, published."""
    return published_story(settings, [FIRST + timedelta(days=number) for number in range(10)])


@pytest.fixture
def three_months(settings: Settings) -> Story:
    """The end of December, January, and February up to the 12th, published."""
    return published_story(settings, [date(2025, 12, 30) + timedelta(days=number) for number in range(45)])


def published_story(settings: Settings, days: list[date]) -> Story:
    found = Story(settings)
    for day in days:
        found.load(day)
    found.publish()
    return found


def assert_published(told: Story) -> None:
    """The file and the Parquet files hold what the warehouse holds, and say so of each day."""
    parquet = told.settings.published / "parquet"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{told.settings.warehouse}' as warehouse (read_only)")
        connection.execute(f"attach '{parquet.parent / 'modeltide.duckdb'}' as published (read_only)")
        for table, facts in DAILY_FACTS.items():
            days = connection.execute(
                f"select {facts.day}, count(*) from warehouse.marts.{table} group by 1 order by 1"
            ).fetchall()
            assert_parquet(connection, parquet / table, facts.day, [day for day, _ in days])
            since = days[-1][0] - timedelta(days=RECENT_DAYS) if days else FIRST
            recent_rows = f"(from warehouse.marts.{table} where {facts.day} > date '{since}')"
            assert _read(connection, f"published.{table}") == _read(connection, recent_rows)
            said = connection.execute(
                "select day, row_count from published.about_days where table_name = ? order by day", [table]
            ).fetchall()
            assert said == [(day, rows) for day, rows in days if day > since]
        marts = [("marts", table) for table in ("fct_snapshot_days", "dim_models")]
        for schema, table in (*marts, *(("seeds", seed) for seed in SEEDS)):
            expected = _read(connection, f"warehouse.{schema}.{table}")
            assert _read(connection, f"published.{table}") == expected
            assert _read(connection, f"read_parquet('{parquet / table}.parquet')") == expected


def assert_parquet(connection: duckdb.DuckDBPyConnection, folder: Path, day: str, days: list[date]) -> None:
    """The folder has the rows of its table, each day in the one file that its name says, in order of days."""
    expected: dict[str, list[date]] = {}
    for one in days:
        expected.setdefault(file_of(one, days[-1]), []).append(one)
    assert sorted(path.name for path in folder.iterdir()) == list(expected)
    if days:
        files = f"read_parquet('{folder}/*.parquet', filename = true)"
        found = connection.execute(
            f"select parse_filename(filename), list(distinct {day} order by {day}) from {files} group by 1"
        ).fetchall()
        assert dict(found) == expected
        rows = _read(connection, f"warehouse.marts.{folder.name}")
        assert _read(connection, f"(select * exclude (filename) from {files})") == rows


def _read(connection: duckdb.DuckDBPyConnection, relation: str) -> list[Any]:
    """Names and types of the columns, then the rows."""
    result = connection.execute(f"from {relation} order by all")
    return [[column[:2] for column in result.description or []], *result.fetchall()]


def file_of(day: date, newest: date) -> str:
    """A month that ended more than a week before the newest day is one file."""
    end = (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return f"{day:%Y-%m}.parquet" if newest - end > timedelta(days=SETTLED_DAYS) else f"{day}.parquet"


def inodes(told: Story) -> dict[str, int]:
    """Of the Parquet files of daily facts, by table/file."""
    folder = (told.settings.published / "parquet").resolve()
    return {str(path.relative_to(folder)): path.stat().st_ino for path in folder.glob("*/*.parquet")}


def written_at(told: Story, table: str) -> dict[date, Any]:
    with duckdb.connect(str(told.settings.published / "modeltide.duckdb"), read_only=True) as connection:
        return dict(
            connection.execute(
                "select day, written_at from about_days where table_name = ?", [table]
            ).fetchall()
        )


EVENTS = st.tuples(
    st.sampled_from(
        [Story.load, Story.judge, Story.remove, Story.change_a_rule, Story.read_cards,
         Story.change_the_sql, Story.see_again]
    ),
    # the tenth of February makes one file of January
    st.sampled_from([0, 1, 2, 3, 4, 29, 30, 31, 39, 40]).map(lambda number: FIRST + timedelta(days=number)),
)  # fmt: skip


PUBLICATIONS = st.lists(st.lists(EVENTS, max_size=3), max_size=5)


@given(PUBLICATIONS)
@example_settings(max_examples=4, deadline=None)
def test_whatever_happened_the_publication_is_what_the_warehouse_says(
    publications: list[list[tuple[Any, date]]],
) -> None:
    assert_each_is_what_the_warehouse_says(publications)


@pytest.mark.slow
@given(PUBLICATIONS)
@example_settings(max_examples=25, deadline=None)
def test_so_it_is_after_many_stories(publications: list[list[tuple[Any, date]]]) -> None:
    assert_each_is_what_the_warehouse_says(publications)


def assert_each_is_what_the_warehouse_says(publications: list[list[tuple[Any, date]]]) -> None:
    with story() as told:
        for day in (0, 1, 3):
            told.load(FIRST + timedelta(days=day))
        told.publish()
        assert_published(told)
        for events in publications:
            for event, day in events:
                event(told, day)
            told.publish()
            assert_published(told)


def test_one_more_day_writes_its_own_rows_only(ten_days: Story) -> None:
    before = {table: written_at(ten_days, table) for table in DAILY_FACTS}
    files = inodes(ten_days)
    new = FIRST + timedelta(days=10)
    ten_days.load(new)
    ten_days.publish()
    assert_published(ten_days)
    for table, facts in DAILY_FACTS.items():
        day = new - timedelta(days=facts.lag)
        after = written_at(ten_days, table)
        assert {d: at for d, at in after.items() if d != day} == before[table]
        assert after[day] > max(before[table].values())
    after_all = inodes(ten_days)
    assert files.items() < after_all.items()
    assert len(after_all) == len(files) + len(DAILY_FACTS)


def test_a_month_that_is_settled_becomes_one_file_and_younger_days_stay_as_they_are(
    settings: Settings,
) -> None:
    told = published_story(settings, [date(2026, 1, 25) + timedelta(days=number) for number in range(14)])
    before = inodes(told)
    assert f"model_history/{date(2026, 1, 31)}.parquet" in before, "seven days before the newest"
    told.load(date(2026, 2, 8))
    told.publish()
    assert_published(told)
    after = inodes(told)
    assert [name for name in sorted(after) if name.startswith("model_history/2026-01")] == [
        "model_history/2026-01.parquet"
    ]
    assert f"fct_model_growth_daily/{date(2026, 1, 31)}.parquet" in after, "its newest day is one before"
    both = before.keys() & after.keys()
    assert f"model_history/{date(2026, 2, 1)}.parquet" in both
    assert all(before[name] == after[name] for name in both)


def test_one_more_day_leaves_a_settled_month_the_same_file(three_months: Story) -> None:
    before = inodes(three_months)
    assert sum(name.endswith("/2026-01.parquet") for name in before) == len(DAILY_FACTS)
    three_months.load(date(2026, 2, 13))
    three_months.publish()
    assert_published(three_months)
    after = inodes(three_months)
    assert before.items() < after.items()
    assert len(after) == len(before) + len(DAILY_FACTS)


def test_a_restated_day_of_a_settled_month_writes_that_month_alone(three_months: Story) -> None:
    before = inodes(three_months)
    three_months.see_again(date(2026, 1, 5))
    three_months.publish()
    assert_published(three_months)
    after = inodes(three_months)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {
        "fct_model_downloads_daily/2026-01.parquet"
    }


def test_days_that_the_file_holds_no_more_stay_in_parquet(settings: Settings) -> None:
    told = published_story(settings, [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=130)])
    assert_published(told)
    before = inodes(told)
    assert "fct_model_downloads_daily/2026-01.parquet" in before
    told.load(FIRST + timedelta(days=131))
    told.publish()
    assert_published(told)
    assert before.items() < inodes(told).items()


def test_a_publication_with_a_file_for_each_day_is_taken_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As versions before the months wrote it."""
    with monkeypatch.context() as patched:
        patched.setattr(daily_tables, "SETTLED_DAYS", 10_000)
        told = published_story(settings, [FIRST + timedelta(days=number) for number in range(45)])
    assert all(name.count("-") == 2 for name in inodes(told))
    before = {table: written_at(told, table) for table in DAILY_FACTS}
    told.publish()
    assert_published(told)
    assert {table: written_at(told, table) for table in DAILY_FACTS} == before


def test_a_gap_that_closes_restates_the_days_that_it_is_spread_over(ten_days: Story) -> None:
    before = written_at(ten_days, "fct_model_downloads_daily")
    ten_days.load(FIRST + timedelta(days=14))
    ten_days.publish()
    assert_published(ten_days)
    new = written_at(ten_days, "fct_model_downloads_daily").keys() - before.keys()
    assert new == {FIRST + timedelta(days=number) for number in (9, 10, 11, 12, 13)}


@pytest.mark.parametrize(
    "meddle",
    [
        "create table mine as select 1 as one",
        "create view mine as from model_history",
        "create index mine on model_history (day)",
        "create schema mine; create table mine.t as select 1 as one",
        "delete from model_history where day = date '2026-01-03'",
        "insert into model_history from model_history",
        "drop table about_days",
        "drop table model_history",
        "alter table model_history add column mine integer",
        "delete from fct_snapshot_days where snapshot_date = date '2026-01-03'",
        "update fct_snapshot_days set usable = not usable",
        "alter table fct_snapshot_days rename column usable to mine",
        "alter table fct_snapshot_days alter column usable type integer",
        "drop table publishers",
    ],
)
def test_a_file_that_somebody_wrote_into_is_put_right(ten_days: Story, meddle: str) -> None:
    path = ten_days.settings.published / "modeltide.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(meddle)
    ten_days.publish()
    assert_published(ten_days)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select schema_name, table_name from duckdb_tables() where table_name in ('mine', 't') "
            "union all select schema_name, view_name from duckdb_views() where view_name = 'mine'"
        ).fetchall()
    assert found == []


@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.9])
def test_a_damaged_file_is_replaced(ten_days: Story, where: float) -> None:
    path = ten_days.settings.published / "modeltide.duckdb"
    content = bytearray(path.read_bytes())
    start = int(where * len(content))
    content[start : start + 5_000] = b"\xff" * 5_000
    path.write_bytes(content)
    ten_days.publish()
    assert_published(ten_days)


def test_a_damaged_parquet_file_is_written_again_and_a_strange_one_goes(ten_days: Story) -> None:
    folder = ten_days.settings.published / "parquet" / "model_history"
    (folder / "2026-01-04.parquet").write_bytes(b"damaged")
    (folder / "2026-01.parquet").write_bytes((folder / "2026-01-05.parquet").read_bytes())
    (folder.parent / "publishers.parquet").write_bytes(b"damaged")
    ten_days.publish()
    assert_published(ten_days)


def test_a_damaged_month_is_written_again_and_the_others_are_not(three_months: Story) -> None:
    before = inodes(three_months)
    folder = three_months.settings.published / "parquet" / "model_history"
    (folder / "2026-01.parquet").write_bytes(b"damaged")
    three_months.publish()
    assert_published(three_months)
    after = inodes(three_months)
    assert {name for name in after if after[name] != before[name]} == {"model_history/2026-01.parquet"}


def test_what_is_said_of_a_table_is_published_though_its_rows_are_the_same(ten_days: Story) -> None:
    def said() -> list[Any]:
        with duckdb.connect(str(ten_days.settings.published / "modeltide.duckdb"), read_only=True) as reader:
            return reader.execute(
                "select comment from duckdb_columns() where comment is not null "
                "and table_name in ('publishers', 'model_history') order by table_name"
            ).fetchall()

    for day, rule in (("'Its day'", "'Its rule'"), ("'Its day, UTC'", "null")):
        with writing(ten_days.settings) as connection:
            connection.execute(f"comment on column marts.model_history.day is {day}")
            connection.execute(f"comment on column seeds.publishers.rule is {rule}")
        publish(ten_days.settings)
        assert [f"'{text}'" for (text,) in said()] == [text for text in (day, rule) if text != "null"]


def test_the_file_holds_the_newest_days_up_to_a_number_of_days_and_of_rows() -> None:
    def days(count: int, rows: int) -> dict[date, Day]:
        return {FIRST + timedelta(days=number): Day(rows, "") for number in range(count)}

    assert recent({}) == {}
    assert len(recent(days(80, 10))) == 80
    assert min(recent(days(400, 10))) == FIRST + timedelta(days=400 - RECENT_DAYS)
    assert len(recent(days(400, RECENT_ROWS // 7))) == 7
    assert len(recent(days(3, 2 * RECENT_ROWS))) == 1
