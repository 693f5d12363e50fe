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

from dagster_project.lib.daily_facts import DAILY_FACTS, RECENT_DAYS, RECENT_ROWS, Day, recent
from dagster_project.lib.publish import publish
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import writing

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
    full_build: int = 0

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

    def build_from_nothing(self, _: date) -> None:
        self.full_build += 1

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
            "intermediate.build_windows",
            "model varchar, full_build varchar",
            [(model, f"{self.full_build}") for model in (GROWTH, "int_model_downloads__daily")],
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
            [(*row, 1.0, said) for *row, said in self._spread()],
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
        return repr((loads, cards, self.rule, self.full_build))

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
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into {name} values ({marks})", rows)


@contextmanager
def story() -> Iterator[Story]:
    with TemporaryDirectory() as home:
        yield Story(Settings(home=Path(home)))


@pytest.fixture
def ten_days(settings: Settings) -> Story:
    """Ten days, published."""
    found = Story(settings)
    for number in range(10):
        found.load(FIRST + timedelta(days=number))
    found.publish()
    return found


def assert_published(told: Story) -> None:
    """The file and the Parquet files hold what the warehouse holds, and say so of each day."""
    path = told.settings.published / "modeltide.duckdb"
    connection = duckdb.connect()
    connection.execute(f"attach '{told.settings.warehouse}' as warehouse (read_only)")
    connection.execute(f"attach '{path}' as published (read_only)")
    for table, facts in DAILY_FACTS.items():
        expected = connection.execute(f"from warehouse.marts.{table} order by all").fetchall()
        assert connection.execute(f"from published.{table} order by all").fetchall() == expected
        folder = told.settings.published / "parquet" / table
        files = sorted(folder.iterdir())
        days = connection.execute(
            f"select {facts.day}, count(*) from published.{table} group by 1 order by 1"
        ).fetchall()
        assert [file.name for file in files] == [f"{day}.parquet" for day, _ in days]
        if files:
            read = connection.execute(f"from read_parquet('{folder}/*.parquet') order by all").fetchall()
            assert read == expected
        assert (
            days
            == connection.execute(
                "select day, row_count from published.about_days where table_name = ? order by day", [table]
            ).fetchall()
        )
    connection.close()


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
         Story.build_from_nothing]
    ),
    st.integers(0, 9).map(lambda number: FIRST + timedelta(days=number)),
)  # fmt: skip


@given(st.lists(st.lists(EVENTS, max_size=3), max_size=5))
@example_settings(max_examples=25, deadline=None)
def test_whatever_happened_the_publication_is_what_the_warehouse_says(
    publications: list[list[tuple[Any, date]]],
) -> None:
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
    folder = ten_days.settings.published / "parquet"
    files = {path: path.stat().st_ino for path in folder.glob("*/*.parquet")}
    new = FIRST + timedelta(days=10)
    ten_days.load(new)
    ten_days.publish()
    assert_published(ten_days)
    for table, facts in DAILY_FACTS.items():
        day = new - timedelta(days=facts.lag)
        after = written_at(ten_days, table)
        assert {d: at for d, at in after.items() if d != day} == before[table]
        assert after[day] > max(before[table].values())
    assert {path: path.stat().st_ino for path in files} == files
    assert len(list(folder.glob("*/*.parquet"))) == len(files) + len(DAILY_FACTS)


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
    ten_days.publish()
    assert_published(ten_days)


def test_the_file_holds_the_newest_days_up_to_a_number_of_days_and_of_rows() -> None:
    def days(count: int, rows: int) -> dict[date, Day]:
        return {FIRST + timedelta(days=number): Day(rows, "") for number in range(count)}

    assert recent({}) == {}
    assert len(recent(days(80, 10))) == 80
    assert min(recent(days(400, 10))) == FIRST + timedelta(days=400 - RECENT_DAYS)
    assert len(recent(days(400, RECENT_ROWS // 7))) == 7
    assert len(recent(days(3, 2 * RECENT_ROWS))) == 1
