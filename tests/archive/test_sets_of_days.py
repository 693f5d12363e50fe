"""Many days in one transaction leave the tables that they leave one by one, keys included."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_project.lib.archive.unobserved_days import load_past_days, note_gap
from dagster_project.lib.hub.load_day import loaded_days
from dagster_project.lib.hub.read_files import parquet
from dagster_project.lib.record import snapshots
from dagster_project.lib.restore import rebuild as rebuilding
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from tests.heard import heard
from tests.landed import query
from tests.past import ARCHIVED, past_day, row, write

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(7)]
WHOLE = ARCHIVED | {"gated": "varchar", "usedStorage": "bigint", "safetensors": "struct(total bigint)",
                    "gguf": "struct(total bigint)"}  # fmt: skip
GROUPS = {"lineage": "baseModels", "access": "gated", "weights": "usedStorage"}
# of each model the state on a day, None where it is not listed; 10 times the first counts as downloads
Listing = tuple[str | None, ...]
# a place among the days, what the file lacks, the listing; without one a gap
Step = tuple[int, frozenset[str], Listing | None]
listings = st.tuples(*[st.sampled_from([None, "a", "a", "b"])] * 4).filter(any)
steps = st.tuples(
    st.integers(0, len(DAYS) - 1),
    st.frozensets(st.sampled_from(sorted(GROUPS)), max_size=2),
    st.one_of(listings, listings, listings, st.none()),
)
histories = st.lists(steps, max_size=4)
sets = st.lists(steps, min_size=2, max_size=6, unique_by=lambda step: step[0])
SEQUENCES = hypothesis_settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failing sequence is short as it is
)


def everything(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the Hub's raw tables with its keys, but when it was loaded."""
    said = {"hub_snapshots": "exclude (load_id, loaded_at)", "loads": "exclude (load_id)"}
    names = ("cards", "lineage", "access", "weights", "counters")
    tables = ("loads", "hub_snapshots", "hub_models", *(f"hub_model_{name}" for name in names))
    return {
        table: query(settings, f"select * {said.get(table, '')} from raw.{table} order by all")
        for table in tables
    }


def file_of(folder: Path, number: int, step: Step) -> Path:
    """`number` tells the files of one day apart, by which model is the biggest and by its dates."""
    _, lacks, listing = step
    rows = [
        row(
            model,
            id=f"maker/{state}-{model}",
            downloads=100 + (model * 7 + number * 3) % 11,
            downloadsAllTime=1_000 + (model * 5 + number) % 7,
            createdAt=f"2025-01-{10 + (model + number) % 3} 00:00:00",
            lastModified=f"2025-06-{10 + number % 5} 00:00:00",
            tags=[f"license:{state}"] if model % 2 else None,
            baseModels={"relation": state, "models": [{"_id": "0", "id": "a/b"}]},
            gated="auto" if state == "a" else "manual",
            usedStorage=ord(state),
            safetensors={"total": ord(state)},
            gguf={"total": 1},
        )
        for model, state in enumerate(listing or (), 1)
        if state
    ]
    kinds = {name: kind for name, kind in WHOLE.items() if name not in [GROUPS[one] for one in lacks]}
    return write(folder / f"{number}.parquet", rows, kinds)


def apply(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path, some: Iterable[tuple[int, Step]]
) -> None:
    """Load a set as a backfill does: a gap says nothing where something is said."""
    files = []
    for number, step in some:
        past = past_day(f"{DAYS[step[0]]}", f"archive:{number}")
        if step[2] is None:
            note_gap(connection, settings, past, "nothing there")
        else:
            files.append((parquet(file_of(folder, number, step), f"file {number}"), past))
    if files:
        _, refused = load_past_days(connection, settings, files)
        assert not refused


@given(history=histories, added=sets, cuts=st.sets(st.integers(1, 5)))
@hypothesis_settings(SEQUENCES, max_examples=6)
def test_days_that_are_loaded_together_leave_the_tables_of_day_by_day(
    tmp_path_factory: pytest.TempPathFactory, history: list[Step], added: list[Step], cuts: set[int]
) -> None:
    assert_the_tables_of_day_by_day(tmp_path_factory.mktemp("homes"), history, added, cuts)


@pytest.mark.slow
@given(history=histories, added=sets, cuts=st.sets(st.integers(1, 5)))
@hypothesis_settings(SEQUENCES, max_examples=60)
def test_so_do_many_of_them(
    tmp_path_factory: pytest.TempPathFactory, history: list[Step], added: list[Step], cuts: set[int]
) -> None:
    assert_the_tables_of_day_by_day(tmp_path_factory.mktemp("homes"), history, added, cuts)


def assert_the_tables_of_day_by_day(
    folder: Path, history: list[Step], added: list[Step], cuts: set[int]
) -> None:
    """Into a home with a history: days before, between and after it, or in place of its days."""
    one_by_one, together, restored = (
        Settings(home=folder / name) for name in ("one_by_one", "together", "restored")
    )
    numbered = list(enumerate(history))
    with up_to_date(one_by_one) as connection:
        for one in numbered:
            apply(connection, one_by_one, folder, [one])
    shutil.copytree(one_by_one.home, together.home)
    shutil.copytree(one_by_one.home, restored.home)
    numbered = list(enumerate(added, len(history)))
    with up_to_date(one_by_one) as connection:
        for one in numbered:
            apply(connection, one_by_one, folder, [one])
    with up_to_date(together) as connection:
        some: list[tuple[int, Step]] = []
        for place, (number, step) in enumerate(numbered):
            is_alone = not loaded_days(connection).isdisjoint((DAYS[step[0]], *(DAYS[s[0]] for _, s in some)))
            if place in cuts or is_alone:
                apply(connection, together, folder, some)
                some = []
            some.append((number, step))
        apply(connection, together, folder, some)
    expected = everything(one_by_one)
    assert everything(together) == expected
    # the files of the added days alone, into the home with the history
    shutil.rmtree(restored.snapshots, ignore_errors=True)
    shutil.copytree(one_by_one.snapshots, restored.snapshots)
    with up_to_date(restored):
        pass
    assert everything(restored) == expected
    rebuild(restored)
    assert everything(restored) == expected


def test_a_file_that_is_refused_costs_no_other_day_of_its_set(settings: Settings, tmp_path: Path) -> None:
    good = [(n, (n, frozenset[str](), ("a", "b"))) for n in range(3)]
    with up_to_date(settings) as connection:
        files = [
            (parquet(file_of(tmp_path, n, step), f"file {n}"), past_day(f"{DAYS[n]}", f"archive:{n}"))
            for n, step in good
        ]
        write(tmp_path / "1.parquet", [row(1, likes=-1), row(2, likes=-1)], WHOLE)
        loaded, refused = load_past_days(connection, settings, files)
    assert [one.day for one in loaded] == [DAYS[0], DAYS[2]]
    assert list(refused) == [DAYS[1]] and "file 1: field likes changed upstream" in str(refused[DAYS[1]])
    assert query(settings, "select distinct snapshot_date from raw.hub_model_counters order by 1") == [
        (DAYS[0],), (DAYS[2],)
    ]  # fmt: skip


def test_each_day_of_a_set_says_how_many_of_its_models_are_new_and_what_changed(
    settings: Settings, tmp_path: Path
) -> None:
    listings = [("a", "b"), ("a", "b", "a"), ("b", "b", "a")]
    with up_to_date(settings) as connection:
        files = [
            (
                parquet(file_of(tmp_path, n, (n, frozenset(), one)), f"file {n}"),
                past_day(f"{DAYS[n]}", f"archive:{n}"),
            )
            for n, one in enumerate(listings)
        ]
        loaded, _ = load_past_days(connection, settings, files)
    assert [one.new_models for one in loaded] == [2, 1, 0]
    assert [one.changes["hub_model_access"] for one in loaded] == [2, 1, 1]


def test_a_set_with_a_damaged_file_names_it_after_the_others_are_loaded(
    settings: Settings, tmp_path: Path
) -> None:
    """Its checksum is gone, so that only reading it shows the damage."""
    with up_to_date(settings) as connection:
        apply(connection, settings, tmp_path, [(n, (n, frozenset(), ("a", "b"))) for n in range(4)])
    settings.warehouse.unlink()
    torn = snapshots.hub_days(settings)[2].path
    shutil.rmtree(settings.snapshots / "checksums")
    torn.write_bytes(torn.read_bytes()[:-600] + bytes(600))
    with pytest.raises(snapshots.SnapshotError, match=rf"{torn.name} cannot be read"), up_to_date(settings):
        pass
    assert query(settings, "select snapshot_date from raw.hub_snapshots order by 1") == [
        (DAYS[0],), (DAYS[1],)
    ]  # fmt: skip
    with heard() as said:
        rebuild(replace(settings, accept=True))
    assert any("It was set aside" in line for line in said)
    assert query(settings, "select snapshot_date from raw.hub_snapshots order by 1") == [
        (day,) for day in (*DAYS[:2], DAYS[3])
    ]


def test_a_record_is_restored_in_sets_of_a_size(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with up_to_date(settings) as connection:
        apply(connection, settings, tmp_path, [(n, (n, frozenset(), ("a", "b"))) for n in range(5)])
    expected = everything(settings)
    sizes = [one.path.stat().st_size for one in snapshots.hub_days(settings)]
    monkeypatch.setattr(rebuilding, "SET_BYTES", sum(sizes[:2]) + 100)
    applied: list[int] = []
    rebuild(settings, applied.append)
    assert applied == [2, 4, 5]
    assert everything(settings) == expected
