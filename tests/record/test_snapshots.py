"""The files of snapshots/: enough to build the warehouse again, and nothing half-written is taken for one."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.record.snapshots import hub_days
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import BLOCK_BYTES, WarehouseError, writing
from dagster_project.lib.warehouse.raw_tables import SCHEMA_VERSION
from tests.heard import heard
from tests.landed import item, load, query, state

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
COUNTED = "select snapshot_date, count(*) from raw.hub_model_counters group by 1 order by 1"


def quietly(settings: Settings) -> int:
    return rebuild(settings)


def with_keys(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    keys = query(settings, "select hub_id, model_key from raw.hub_models order by all")
    loads = query(settings, "from raw.loads order by all")
    times = query(settings, "select loaded_at, load_id from raw.hub_snapshots order by all")
    return {**state(settings), "keys": keys, "loads": loads, "times": times}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Models come, go, are renamed, gated and come back; counters are absent, large and fractional."""
    settings = Settings(home=tmp_path_factory.mktemp("prepared") / "data")
    base = {
        "baseModels": {"relation": "finetune", "models": [{"id": "a/b"}, {"id": "c/d"}]},
        "safetensors": {"total": 7_000_000_000},
        "usedStorage": 2**52,
        "trendingScore": 0.1,
    }
    first, second = item(1, **base), item(2, downloadsAllTime=None, downloads=9_000)
    load(settings, DAYS[0], [first, second, item(3, tags=["it's", 'a "tag"', "ünï 🤗"])])
    load(settings, DAYS[1], [{**first, "gated": "manual"}, item(3, id="maker/renamed"), item(4)])
    load(settings, DAYS[2], [first, second, item(3, id="maker/renamed"), item(4, downloads=2**40)])
    return settings


@pytest.fixture
def three_days(prepared: Settings, settings: Settings) -> Settings:
    shutil.copytree(prepared.home, settings.home)
    return settings


def test_a_rebuilt_warehouse_equals_the_one_that_was_lost(three_days: Settings) -> None:
    """Keys, load ids and times too: what was derived from them stays valid."""
    before = with_keys(three_days)
    three_days.warehouse.unlink()
    assert quietly(three_days) == 3
    assert with_keys(three_days) == before
    assert quietly(three_days) == 3
    assert with_keys(three_days) == before
    assert query(three_days, "select block_size from pragma_database_size()") == [(BLOCK_BYTES,)]


def test_a_rebuild_needs_nothing_but_snapshots(three_days: Settings, tmp_path: Path) -> None:
    before = with_keys(three_days)
    other = replace(three_days, home=tmp_path / "other")
    other.home.mkdir()
    three_days.snapshots.rename(other.snapshots)
    quietly(other)
    assert with_keys(other) == before


def test_a_rebuilt_warehouse_goes_on_as_the_old_one_would(three_days: Settings, tmp_path: Path) -> None:
    quietly(three_days)
    loaded = load(three_days, "2026-01-04", [item(n) for n in (1, 2, 3, 4, 5)])
    assert loaded.new_models == 1
    keys = query(three_days, "select model_key from raw.hub_models order by 1")
    assert keys == [(1,), (2,), (3,), (4,), (5,)]


def test_a_warehouse_that_lacks_days_is_rolled_forward_when_it_is_opened(three_days: Settings) -> None:
    before = with_keys(three_days)
    three_days.warehouse.unlink()
    with heard() as reported, up_to_date(three_days):
        pass
    assert with_keys(three_days) == before
    assert [line.split(".")[0] for line in reported] == [f"loading hub/{day}" for day in DAYS]
    with heard() as reported, up_to_date(three_days):
        pass
    assert reported == [], "what is there is not loaded again"


def test_a_day_that_was_loaded_again_is_one_file_and_its_newest(three_days: Settings) -> None:
    load(three_days, DAYS[1], [item(1), item(4), item(5)])
    assert [str(day.day) for day in hub_days(three_days)] == list(DAYS)
    assert len(list((three_days.snapshots / "hub").iterdir())) == 3
    before = with_keys(three_days)
    quietly(three_days)
    assert with_keys(three_days) == before
    assert query(three_days, COUNTED)[1] == (date(2026, 1, 2), 3)


def test_a_model_that_only_a_replaced_load_had_seen_was_never_seen(settings: Settings) -> None:
    load(settings, DAYS[0], [item(1), item(2)])
    load(settings, DAYS[0], [item(1), item(3)])
    assert [row[0] for row in state(settings)["hub_models"]] == [f"{n:024x}" for n in (1, 3)]
    before = with_keys(settings)
    quietly(settings)
    assert with_keys(settings) == before


def test_of_two_files_of_a_day_the_newer_one_counts(three_days: Settings) -> None:
    """A kill between the commit and the removal of the former file leaves both."""
    old = hub_days(three_days)[1].path
    copy = old.read_bytes()
    load(three_days, DAYS[1], [item(n) for n in (1, 2, 3)])
    old.write_bytes(copy)
    before = with_keys(three_days)
    with up_to_date(three_days):
        pass
    assert with_keys(three_days) == before
    quietly(three_days)
    assert with_keys(three_days) == before


@pytest.mark.parametrize("kind", ["hub", "prices"])
def test_what_has_a_temporary_name_is_no_load_and_is_swept_away(three_days: Settings, kind: str) -> None:
    before = with_keys(three_days)
    folder = three_days.snapshots / kind
    if kind == "hub":
        unfinished = folder / "2026-01-09.20260109T060000_000000_1.tmp"
        unfinished.write_bytes(b"PAR1 half of it")
    else:
        unfinished = folder / "2026-01-09.20260109T060000_000000_1.tmp"
        unfinished.mkdir(parents=True)
        (unfinished / "price_bars.parquet").write_bytes(b"PAR1 half of it")
    assert quietly(three_days) == 3
    with up_to_date(three_days):
        pass
    assert with_keys(three_days) == before
    assert not unfinished.exists()


def test_a_file_of_another_data_home_is_refused_by_name(three_days: Settings, tmp_path: Path) -> None:
    """Its keys mean other models."""
    other = Settings(home=tmp_path / "other")
    load(other, "2026-01-05", [item(77)])
    (foreign,) = (other.snapshots / "hub").iterdir()
    (three_days.snapshots / "hub" / foreign.name).write_bytes(foreign.read_bytes())
    before = with_keys(three_days)
    with pytest.raises(WarehouseError, match="another data home"), up_to_date(three_days):
        pass
    assert with_keys(three_days) == before


def test_nothing_to_rebuild_from_leaves_the_warehouse(settings: Settings) -> None:
    with writing(settings) as connection:
        connection.execute("create table mine as select 1 as one")
    with heard() as said:
        assert rebuild(settings) == 0
    assert "nothing was changed" in said[0]
    assert query(settings, "from mine") == [(1,)]
    assert sorted(path.name for path in settings.home.iterdir()) == [".lock", "warehouse.duckdb"]


def test_a_rebuild_that_was_cut_short_starts_again(three_days: Settings) -> None:
    before = with_keys(three_days)
    three_days.warehouse.with_suffix(".rebuild").write_bytes(b"half of it")
    (three_days.home / "warehouse.rebuild.wal").write_bytes(b"half of it")
    quietly(three_days)
    assert with_keys(three_days) == before
    left = sorted(path.name for path in three_days.home.iterdir())
    assert left == [".lock", "landing", "snapshots", "warehouse.duckdb"]


@pytest.mark.parametrize(
    ("version", "advice"), [(SCHEMA_VERSION - 1, "make rebuild"), (SCHEMA_VERSION + 1, "Update Model Tide")]
)
def test_a_warehouse_of_another_version_is_refused_with_what_to_do(
    three_days: Settings, version: int, advice: str
) -> None:
    before = with_keys(three_days)
    with duckdb.connect(str(three_days.warehouse)) as connection:
        connection.execute("update raw.schema_version set version = ?", [version])
    with pytest.raises(WarehouseError, match=rf"schema_version {version}.*{advice}"), writing(three_days):
        pass
    quietly(three_days)
    assert with_keys(three_days) == before, "and what to do works"
