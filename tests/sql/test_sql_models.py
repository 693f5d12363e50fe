"""The SQL models, built by dbt on small hand-made warehouses.

Belongs here: what one dbt build after another does (windows, reloads, removals) and what spans models.
Does not belong here: the formulas of a single model; those are dbt unit tests beside the model.
"""

import math
import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from dagster_project.lib.checkout import SQL
from dagster_project.lib.seeds import tables as seeds
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES, Table
from tests.rows import assert_equal
from tests.worlds.warehouse import BUILT, VIEWS, Template, Warehouse

FIRST = date(2026, 1, 1)
HUB_MODELS = ("int_models__ages", "int_models__classified", "int_models__declared_parents",
              "int_models__parents", "int_models__states", "int_models__families", "int_models__profiles",
              "int_adoption_cube__daily", "int_snapshot_days__totals", "int_snapshot_days__shortfalls",
              "int_snapshot_days__rollbacks", "int_snapshot_days__compared", "int_snapshot_days__statuses",
              "fct_snapshot_days", "int_snapshot_days__departures", "int_models__sightings",
              "int_models__detailed", "int_model_downloads__daily", "int_model_growth__daily",
              "fct_model_growth_daily", "fct_family_growth_daily", "fct_openness_daily",
              "dim_models")  # fmt: skip
MARTS = ("marts.fct_snapshot_days", "intermediate.int_snapshot_days__totals",
         "intermediate.int_model_downloads__daily", "marts.fct_model_growth_daily",
         "marts.fct_family_growth_daily", "marts.fct_openness_daily", "marts.dim_models")  # fmt: skip
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
# a handful of models that come and go cannot be judged by shares: here every loaded day counts
UNJUDGED = {"rollback_share": 2.0, "partial_rows_share": 0.0, "low_ratio": 0.0, "low_beside_high_ratio": 0.0}

# model_key: (created, count of downloads_all_time per day number; None: listed without a counter)
COUNTS: dict[int, tuple[datetime, dict[int, int | None]]] = {
    1: (datetime(2024, 5, 1), {d: 100_000 + 900 * d + 7 * d * d for d in range(1, 13)}),
    2: (
        datetime(2024, 5, 1),
        {1: 500, 2: 620, 3: None, 4: None, 5: 900, 6: 880, 8: 1000, 12: 1400},
    ),
    3: (datetime(2026, 1, 3, 12), {4: 60, 5: 70, 6: 75, 7: 90, 8: 91, 9: 99, 10: 120}),
    4: (datetime(2023, 1, 1), {5: 5000, 6: 5100, 11: 5600, 12: 5650}),
    5: (datetime(2026, 1, 2, 12), {9: 800, 10: 810, 11: 805, 12: 900}),
    6: (datetime(2022, 3, 2), {d: None for d in range(1, 13)}),
}


class Daily(Warehouse):
    """A warehouse that is loaded and built day by day."""

    loads = 0

    def load(self, number: int, factor: int = 1) -> None:
        """Load a day, in place of what it said before."""
        day = FIRST + timedelta(number - 1)
        self.remove(number)
        self.loads += 1
        self.execute("delete from raw.hub_snapshots where snapshot_date = ?", [day])
        listed = {key: days[number] for key, (_, days) in COUNTS.items() if number in days}
        self.insert(
            "raw.hub_snapshots", snapshot_date=day, scope="top", scope_id="top-6-x", lacks=[],
            row_count=len(listed), is_complete=True, is_accepted=True, provenance="observed",
            origin="synthetic", captured_at=datetime.combine(day, time(6)),
            load_id=f"load-{self.loads}",
        )  # fmt: skip
        for key, count in listed.items():
            self.insert(
                "raw.hub_model_counters", snapshot_date=day, model_key=key, likes=key + number,
                downloads_30d=1000 * key + 3 * number * factor, trending_score=0.5,
                downloads_all_time=None if count is None else count * factor,
            )  # fmt: skip

    def remove(self, number: int) -> None:
        """What a loader does with a day that is no longer accepted."""
        day = FIRST + timedelta(number - 1)
        self.execute("delete from raw.hub_model_counters where snapshot_date = ?", [day])
        self.execute("update raw.hub_snapshots set is_accepted = false where snapshot_date = ?", [day])

    def describe_models(self) -> None:
        for key, (created, days) in COUNTS.items():
            seen = FIRST + timedelta(min(days) - 1)
            self.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}", created_at=created)
            self.insert(
                "raw.hub_model_cards", model_key=key, first_seen=seen, repo_id=f"maker/{key}",
                publisher="maker", tags=["safetensors", f"license:{'mit' if key % 2 else 'llama3'}"],
            )  # fmt: skip
            self.insert("raw.hub_model_lineage", model_key=key, first_seen=seen)
            self.insert("raw.hub_model_access", model_key=key, first_seen=seen, gated="false")
            self.insert("raw.hub_model_weights", model_key=key, first_seen=seen, used_storage_bytes=10**9)
        changed = FIRST + timedelta(5)
        self.insert("raw.hub_model_access", model_key=1, first_seen=changed, gated="manual")
        self.insert(
            "raw.hub_model_cards", model_key=2, first_seen=changed, repo_id="other/2",
            publisher="other", tags=["license:mit"],
        )  # fmt: skip
        for threshold, value in UNJUDGED.items():
            self.execute(
                "update seeds.day_quality_thresholds set value = ? where threshold = ?", [value, threshold]
            )
        for licence, licence_class in (("mit", "L4"), ("llama3", "L2")):
            self.insert("seeds.licences", licence_id=licence, licence_class=licence_class, source="test")

    def run(self, *options: str) -> None:
        """Build the models that follow from the Hub's days; the staging views are there already."""
        self.dbt("run", "--select", *HUB_MODELS, *options)

    def window(self, model: str) -> tuple[date, bool]:
        found = self.execute(
            "select min(snapshot_date), bool_and(is_checked) from intermediate.builds "
            "where node = ? and is_in_window",
            [model],
        )
        return found[0][0], found[0][1]


@pytest.fixture
def described(template: Template, tmp_path: Path) -> Daily:
    """The models and no day."""
    return _with_models(template, tmp_path)


def _with_models(template: Template, folder: Path) -> Daily:
    warehouse = Daily(folder, template)
    warehouse.keep_seeds(seeds.GROWTH_THRESHOLDS, seeds.DAY_QUALITY_THRESHOLDS)
    warehouse.describe_models()
    return warehouse


@pytest.fixture(scope="module")
def built(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Daily:
    """All 12 days but the seventh, built once with every test of data; only to be read, or to be copied."""
    warehouse = _with_models(template, tmp_path_factory.mktemp("built"))
    for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12):
        warehouse.load(number)
    warehouse.dbt("build", *NO_UNIT_TESTS)
    return warehouse


@pytest.fixture
def copied(built: Daily, tmp_path: Path) -> Daily:
    return built.copied_to(tmp_path)


def test_every_unit_test_of_the_models_passes(template: Template, tmp_path: Path) -> None:
    Warehouse(tmp_path, template, BUILT).dbt("test", "--select", "test_type:unit")


def test_sql_that_is_run_without_dbt_builds_what_a_full_refresh_builds(copied: Daily) -> None:
    """Other tests rely on it."""
    before = {name: copied.rows(name) for name in MARTS}
    copied.build(*HUB_MODELS)
    for name, rows in before.items():
        assert_equal(copied.rows(name), rows, name)


def test_incremental_days_equal_a_full_refresh(described: Daily) -> None:
    warehouse = described
    for number in (1, 2, 3):
        warehouse.load(number)
    warehouse.dbt("run", "--select", *(f"+{model}" for model in HUB_MODELS), "--exclude", VIEWS)
    for number in (4, 5, 6):
        warehouse.load(number)
        warehouse.run()
    warehouse.load(3, factor=2)  # a day in the middle is loaded again, and says something else
    warehouse.run()
    warehouse.load(8)
    warehouse.load(9)  # two days at once, the day before them missing
    warehouse.run()
    warehouse.load(7)  # which comes later
    warehouse.load(10)
    warehouse.run()
    warehouse.remove(5)
    warehouse.run()
    warehouse.load(11)
    warehouse.load(12)
    warehouse.remove(12)  # and the newest day goes as well
    warehouse.run()
    one_by_one = {name: warehouse.rows(name) for name in MARTS}
    warehouse.run("--full-refresh")
    for name, rows in one_by_one.items():
        assert rows, name
        assert_equal(warehouse.rows(name), rows, name)
    manifest = warehouse.template.runner.manifest
    assert manifest is not None
    parts = manifest.macros["macro.model_tide._parts_to_build"]
    assert "rows_at_once=500000" in parts.macro_sql
    in_small_parts = parts.macro_sql.replace("rows_at_once=500000", "rows_at_once=12")
    with patch.object(parts, "macro_sql", in_small_parts):  # a day or two, of twelve
        warehouse.run("--full-refresh")
    for name, rows in one_by_one.items():
        assert_equal(warehouse.rows(name), rows, name)


def test_a_pass_over_cards_builds_the_days_from_its_own_on(copied: Daily) -> None:
    """Model 1 says other on all days. The pass of day 8 reads qwen (L2), made again it reads mine (L0), the
    one of day 11 qwen-research (L1); the pass of day 10 failed. So: L0 on days 1 to 10, L1 from day 11 on;
    after the first pass alone L2 from day 8 on. Reading a card first is no change, another name is one.
    """
    tables = ("intermediate.int_adoption_cube__daily", "marts.dim_models", "marts.fct_openness_changes",
              "marts.fct_openness_daily", "marts.fct_openness_groups_daily",
              "marts.model_history")  # fmt: skip
    selection = (
        "--select",
        *(f"+{name.split('.')[1]}" for name in tables),
        "--exclude",
        VIEWS,
    )

    def read(number: int, crawl: str, name: str, status: str = "ok") -> None:
        day = FIRST + timedelta(number - 1)
        for table in ("licence_cards", "licence_card_passes"):
            copied.execute(f"delete from raw.{table} where snapshot_date = ?", [day])
        copied.insert("raw.licence_card_passes", snapshot_date=day, status=status, crawl=crawl)
        if status == "ok":
            copied.insert("raw.licence_cards", snapshot_date=day, hub_id=f"{1:024x}", licence_names=[name])

    def classes() -> list[tuple[str, int]]:
        return copied.execute(
            "select licence_class, min(day - date '2025-12-31') from marts.model_history "
            f"where hub_id = '{1:024x}' group by all order by 2"
        )

    copied.execute(
        "update raw.hub_model_cards set tags = ['safetensors', 'license:other'] where model_key = 1"
    )
    for name, licence_class in (("qwen", "L2"), ("qwen-research", "L1")):
        copied.insert("seeds.named_licences", licence_name=name, licence_class=licence_class, source="test")
    copied.dbt("run", *selection)
    assert classes() == [("L0", 1)]
    read(8, "crawl-1", "qwen")
    copied.dbt("run", *selection)
    assert copied.window("fct_openness_daily")[0] <= FIRST + timedelta(7)
    assert classes() == [("L0", 1), ("L2", 8)]
    read(8, "crawl-2", "mine")
    read(10, "crawl-1", "qwen", status="error")
    read(11, "crawl-1", "Qwen Research")
    copied.dbt("run", *selection)
    assert classes() == [("L0", 1), ("L1", 11)]
    assert copied.execute(
        "select from_value, to_value, from_class, to_class, from_evidence, to_evidence, first_seen_date "
        "from marts.fct_openness_changes where attribute = 'licence' and repo_id = 'maker/1'"
    ) == [
        ("other (mine)", "other (qwen-research)", "L0", "L1", "license_name on card",
         "license_name on card", FIRST + timedelta(10)),
    ]  # fmt: skip
    stepwise = {name: copied.rows(name) for name in tables}
    copied.dbt("run", "--full-refresh", *selection)
    for name, rows in stepwise.items():
        assert rows, name
        assert_equal(copied.rows(name), rows, name)


def test_nothing_new_changes_nothing(copied: Daily) -> None:
    before = {name: copied.rows(name) for name in MARTS}
    copied.run()
    assert {name: copied.rows(name) for name in MARTS} == before


def test_a_full_refresh_mends_the_tables_of_an_older_version(copied: Daily) -> None:
    """They lack a column, and a figure of the first days says something else."""
    names = (*MARTS, "intermediate.int_models__classified")
    before = {name: copied.rows(name) for name in names}
    copied.execute("alter table intermediate.int_models__classified drop column parameters")
    copied.execute("update intermediate.int_model_growth__daily set likes = -1")
    copied.run("--full-refresh")
    assert {name: copied.rows(name) for name in names} == before


def test_pieces_of_a_large_window_equal_the_whole(copied: Daily) -> None:
    whole = copied.rows("marts.fct_model_growth_daily")
    copied.execute("update raw.hub_snapshots set row_count = 300000")  # a piece holds one day now
    copied.dbt("run", "--full-refresh", "--select", "int_model_growth__daily")
    assert_equal(copied.rows("marts.fct_model_growth_daily"), whole)


def test_cells_of_a_day_sum_to_one(built: Daily) -> None:
    days = built.execute(
        "select snapshot_date, sum(share_models), sum(share_downloads_30d), sum(models) "
        "from marts.fct_openness_daily group by all order by all"
    )
    assert len(days) == 11
    for _, models, downloads, count in days:
        assert models == pytest.approx(1) and downloads == pytest.approx(1) and count >= 3


def test_net_sums_to_the_last_count_less_the_first(built: Daily) -> None:
    sums = dict(
        built.execute("select model_key, sum(net) from intermediate.int_model_downloads__daily group by all")
    )
    born = {3, 5}  # created after the first snapshot, so they start at 0
    for key, (_, days) in COUNTS.items():
        counts = [count for number, count in sorted(days.items()) if count is not None and number != 7]
        if counts:
            assert sums[key] == pytest.approx(counts[-1] - (0 if key in born else counts[0]))
    assert 6 not in sums  # never had a counter: no row, not a row of zeros


def test_an_unseen_old_repo_yields_no_delta(built: Daily) -> None:
    first = built.execute(
        "select activity_date, cumulative, net from intermediate.int_model_downloads__daily "
        "where model_key = 4 order by activity_date limit 1"
    )
    assert first == [(FIRST + timedelta(3), 5000.0, None)]


def test_a_class_holds_from_the_day_it_was_seen(built: Daily) -> None:
    cells = built.execute(
        "select snapshot_date, access_class from marts.fct_openness_daily "
        "where access_class = 'A1' order by all"
    )
    assert cells[0][0] == FIRST + timedelta(5) and len(cells) == 6


def test_last_modified_opens_no_version(copied: Daily) -> None:
    versions = ("intermediate.int_models__classified", "staging.stg_hub__cards",
                "marts.fct_model_growth_daily")  # fmt: skip
    before = [copied.rows(name) for name in versions]
    moment = datetime(2026, 1, 12, 3)
    copied.execute("update raw.hub_models set last_modified = ?", [moment])
    copied.run()
    assert [copied.rows(name) for name in versions] == before
    assert copied.execute("select distinct last_modified from marts.dim_models") == [(moment,)]


def test_a_model_that_left_keeps_its_last_state(built: Daily) -> None:
    gone = built.execute(
        "select is_listed, last_seen_date, downloads_all_time from marts.dim_models where repo_id = 'maker/3'"
    )
    assert gone == [(False, FIRST + timedelta(9), 120)]


def test_a_changed_licence_restates_openness(copied: Daily) -> None:
    copied.execute("update seeds.licences set licence_class = 'L1' where licence_id = 'llama3'")
    copied.run()
    assert {row[0] for row in copied.execute("select licence_class from marts.fct_openness_daily")} == {
        "L1", "L4",
    }  # fmt: skip


def test_a_day_twice_in_raw_stops_the_build_and_the_marts_stay(copied: Daily) -> None:
    before = copied.rows("marts.fct_model_growth_daily")
    copied.load(7)
    copied.execute(
        "insert into raw.hub_model_counters select * from raw.hub_model_counters "
        "where snapshot_date = date '2026-01-07'"
    )
    # with the tests of these models alone
    selection = ("--select", "+fct_model_growth_daily", "--indirect-selection", "cautious", *NO_UNIT_TESTS)
    copied.dbt("build", *selection, succeeds=False)
    assert copied.rows("marts.fct_model_growth_daily") == before
    copied.load(7)
    copied.dbt("build", *selection)
    assert len(copied.rows("marts.fct_model_growth_daily")) == len(before) + 3


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("update marts.fct_openness_daily set share_models = share_models * 1.01", "test_name:sums_to_one"),
        ("update marts.fct_openness_daily set models = 0", "test_name:at_least"),
        ("update marts.fct_openness_daily set models = models + 1", "the_cells_hold_every_listed_model"),
        (
            "insert into marts.fct_openness_daily from marts.fct_openness_daily",
            "fct_openness_daily,test_name:grain",
        ),
        # a part of the key, and a column beside it
        ("update marts.fct_openness_daily set licence_class = null", "fct_openness_daily,test_name:grain"),
        ("update marts.fct_openness_daily set activity_date = null", "fct_openness_daily,test_name:grain"),
        (
            "insert into intermediate.int_models__declared_parents (model_key) values (1)",
            "test_name:never_null",
        ),
    ],
)
def test_a_fault_in_a_mart_fails_its_test(copied: Daily, fault: str, test: str) -> None:
    copied.dbt("test", "--select", test)
    copied.execute(fault)
    copied.dbt("test", "--select", test, succeeds=False)


def test_a_window_stays_open_until_its_tests_passed(copied: Daily) -> None:
    model = "fct_openness_daily"
    copied.load(11)
    copied.run()
    assert copied.window(model) == (FIRST + timedelta(10), False)
    copied.load(12)
    copied.run()
    assert copied.window(model) == (FIRST + timedelta(10), False)
    copied.dbt("build", "--select", model, *NO_UNIT_TESTS)
    assert copied.window(model) == (FIRST + timedelta(10), True)
    copied.load(12)
    copied.run()
    assert copied.window(model) == (FIRST + timedelta(11), False)


def test_a_model_that_fails_keeps_its_rows_and_its_days(copied: Daily) -> None:
    names = ("intermediate.int_model_downloads__daily", "intermediate.builds")
    copied.load(12)
    for day, count in ((11, -(2**62)), (12, 2**62)):  # their difference does not fit into a bigint
        copied.execute(
            "update raw.hub_model_counters set downloads_all_time = ? "
            "where model_key = 1 and snapshot_date = ?",
            [count, FIRST + timedelta(day - 1)],
        )
    copied.dbt("run", "--select", "int_snapshot_days__*", "fct_snapshot_days")
    before = [copied.rows(name) for name in names]
    copied.dbt("run", "--select", "int_model_downloads__daily", succeeds=False)
    assert [copied.rows(name) for name in names] == before


def test_a_table_that_becomes_a_view_is_there_until_the_view_is(copied: Daily) -> None:
    before = copied.rows("marts.dim_models")
    copied.execute("drop view marts.dim_models")
    copied.execute("create table marts.dim_models as select 'of an older version' as said")
    copied.execute("alter table intermediate.int_models__at_last_sight rename column gated to g")
    copied.dbt("run", "--select", "dim_models", succeeds=False)
    assert copied.rows("marts.dim_models") == [("of an older version",)]
    copied.dbt("run", "--select", "int_models__at_last_sight", "dim_models")
    assert copied.rows("marts.dim_models") == before


def test_log_figures_follow_their_formulas(described: Daily) -> None:
    warehouse = described
    warehouse.execute("delete from raw.hub_models where model_key > 1")
    for number, count in ((1, 10_000_000), (29, 14_641_000), (57, 21_435_888)):
        day = FIRST + timedelta(number - 1)
        warehouse.insert(
            "raw.hub_snapshots", snapshot_date=day, scope="top", scope_id="x", lacks=[],
            is_accepted=True, row_count=1, load_id=f"{number}",
        )  # fmt: skip
        warehouse.insert("raw.hub_model_counters", snapshot_date=day, model_key=1,
                         downloads_30d=1, downloads_all_time=count)  # fmt: skip
    warehouse.insert("seeds.companies", symbol="X", exchange="XNYS")
    for session, price in ((5, 100.0), (6, 110.0)):
        warehouse.insert("raw.price_bars", symbol="X", vintage=1, session_date=date(2026, 1, session),
                         close=price, adj_close=price)  # fmt: skip
    warehouse.build("+fct_model_growth_daily", "+fct_ticker_returns_daily")
    growth, doubling = warehouse.execute(
        "select log_growth_28d, doubling_days from marts.fct_model_growth_daily "
        "order by activity_date desc limit 1"
    )[0]
    assert growth == pytest.approx(math.log(6_794_888 / 4_641_000) / 28, rel=1e-12)
    assert doubling == pytest.approx(math.log(2) / growth, rel=1e-12)
    returns = warehouse.execute("select log_return from marts.fct_ticker_returns_daily order by all")
    assert returns == [(pytest.approx(math.log(1.1)),), (None,)]


@pytest.mark.parametrize(
    "seed",
    [seeds.DAY_QUALITY_THRESHOLDS, seeds.EVENT_STUDY_THRESHOLDS, seeds.GROWTH_THRESHOLDS,
     seeds.SHARE_THRESHOLDS],
    ids=lambda seed: seed.name,
)  # fmt: skip
def test_staging_shows_every_constant_of_a_seed_as_a_column(
    template: Template, tmp_path: Path, seed: Table
) -> None:
    warehouse = Warehouse(tmp_path, template)
    warehouse.keep_seeds(seed)
    found = warehouse.execute(
        f"select name, value from (unpivot (select columns(*)::double from staging.stg_seeds__{seed.name}) "
        "on columns(*) into name name value value) order by name"
    )
    assert found == warehouse.execute(f"select threshold, value from {seed.full_name} order by threshold")


def test_every_model_says_its_grain() -> None:
    files = sorted((SQL / "models").rglob("*.sql"))
    assert files
    for file in files:
        assert _described(file)["name"] == file.stem
        assert "Grain: " in _described(file)["description"].split(". ")[-1], file.stem


def test_every_column_of_a_model_is_described_where_its_name_first_stands(
    template: Template, tmp_path: Path
) -> None:
    """A mart describes all its own, because they are published; a column of another model is described by
    it, or, with the same meaning, by a source or another model.
    """
    sources = {column for table in (*ALL_TABLES, *seeds.ALL_SEEDS) for column in table.column_names}
    described = {
        file.stem: {
            column["name"] for column in _described(file).get("columns", []) if "description" in column
        }
        for file in (SQL / "models").rglob("*.sql")
    }
    anywhere = sources.union(*described.values())
    found = Warehouse(tmp_path, template, BUILT).execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns() "
        "where schema_name in ('staging', 'intermediate', 'marts') and table_name <> 'builds' group by all"
    )
    assert {table for _, table, _ in found} == described.keys()
    missing = {
        table: sorted(set(columns) - (described[table] if schema == "marts" else anywhere))
        for schema, table, columns in found
        if not table.startswith("stg_seeds__")  # whose columns are the rows of a seed
    }
    assert {table: columns for table, columns in missing.items() if columns} == {}


def test_no_two_columns_are_described_in_the_same_words() -> None:
    """What several tables say is a block of docs.md, or an anchor of a contract; what another model says
    already is left out.
    """
    columns = [column for file in (SQL / "models").rglob("*.yml") for column in _columns(file)]
    once = {id(column): column for column in columns}.values()  # an anchor is one object
    said = Counter(" ".join(column.get("description", "").split()) for column in once)
    said.update(re.findall(r"{% docs \w+ %}(.*?){% enddocs %}", (SQL / "models" / "docs.md").read_text()))
    assert [text for text, times in said.items() if times > 1 and text and "doc(" not in text] == []


def _columns(file: Path) -> list[dict[str, Any]]:
    parsed = yaml.safe_load(file.read_text(encoding="utf-8"))
    tables = [*parsed.get("models", []), *(t for s in parsed.get("sources", []) for t in s["tables"])]
    return [column for table in tables for column in table.get("columns", [])]


def _described(file: Path) -> dict[str, Any]:
    """The yml beside a model's SQL."""
    model: dict[str, Any] = yaml.safe_load(file.with_suffix(".yml").read_text(encoding="utf-8"))["models"][0]
    return model
