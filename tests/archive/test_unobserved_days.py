"""Days of the archive and of users' files: which source wins, what a gap leaves, and taking a day out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_project.lib.archive.unobserved_days import NothingToRemove, drop_day, import_file, note_gap
from dagster_project.lib.hub.load_day import DayRejected
from dagster_project.lib.hub.read_files import FileRefused
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import WarehouseError
from tests.answering import answering
from tests.landed import item, load, query, state
from tests.past import ARCHIVED, load_archived, past_day, row, write

GAP = "the archive has no revision of this day"
PROVENANCE = "select provenance, row_count, is_accepted from raw.hub_snapshots order by snapshot_date"
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(5)]


def drop(settings: Settings, day: str) -> str:
    with up_to_date(settings) as connection:
        return drop_day(connection, settings, date.fromisoformat(day))


def imported(settings: Settings, path: Path, day: str) -> Any:
    with up_to_date(settings) as connection:
        return import_file(connection, settings, path, date.fromisoformat(day))


def test_an_archive_day_says_where_it_is_from_and_what_it_lacks(settings: Settings) -> None:
    at = datetime(2026, 1, 1, 5, 30, tzinfo=UTC)
    load_archived(settings, "2026-01-01", [row(1), row(2)], "archive:abc", captured_at=at)
    found = query(settings, "select provenance, lacks, captured_at, is_complete from raw.hub_snapshots")
    assert found == [("archive:abc", ["access", "weights"], datetime(2026, 1, 1, 5, 30), True)]
    assert query(settings, "select count(*) from raw.hub_model_access") == [(0,)]
    assert query(settings, "select base_relation, base_models from raw.hub_model_lineage limit 1") == [
        ("finetune", ["a/b"])
    ]


def test_an_observed_day_replaces_an_archive_day(settings: Settings) -> None:
    load_archived(settings, "2026-01-01", [row(1), row(2)])
    load(settings, "2026-01-01", [item(1), item(3)])
    other = replace(settings, home=settings.home.parent / "other")
    load(other, "2026-01-01", [item(1), item(3)])
    assert state(settings) == state(other)


def test_an_archive_day_does_not_replace_an_observed_one(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    before = state(settings)
    assert load_archived(settings, "2026-01-01", [row(1), row(2)]) is None
    assert state(settings) == before
    assert len(list((settings.snapshots / "hub").iterdir())) == 1


def test_a_crawl_that_was_rejected_leaves_the_archive_day(settings: Settings) -> None:
    load_archived(settings, "2026-01-01", [row(1)])
    with pytest.raises(DayRejected):
        load(settings, "2026-01-01", [])
    assert query(settings, PROVENANCE) == [("archive:one", 1, True)]


def test_a_users_file_wins_over_the_archive_in_either_order(settings: Settings, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.parquet", [row(1, likes=77)])
    load_archived(settings, "2026-01-01", [row(1)])
    imported(settings, mine, "2026-01-01")
    assert query(settings, "select likes from raw.hub_model_counters") == [(77,)]
    assert load_archived(settings, "2026-01-01", [row(1)]) is None
    assert query(settings, PROVENANCE)[0][0].startswith("import:")


def test_an_archive_day_lets_no_column_that_it_lacks_end_what_observed_days_say(settings: Settings) -> None:
    """Gated manually on days 1 and 3; the archive's day 2 knows no gating: one state, not three."""
    load(settings, "2026-01-01", [item(1, gated="manual")])
    load(settings, "2026-01-03", [item(1, gated="manual")])
    load_archived(settings, "2026-01-02", [row(1)])
    assert query(settings, "select first_seen, gated from raw.hub_model_access") == [(DAYS[0], "manual")]


def test_a_day_loaded_again_without_a_group_takes_back_what_it_had_said_of_it(settings: Settings) -> None:
    load_archived(settings, "2026-01-01", [row(1)])
    load_archived(settings, "2026-01-02", [row(1, baseModels={"relation": "merge", "models": []})])
    assert len(query(settings, "from raw.hub_model_lineage")) == 2
    kinds = {name: kind for name, kind in ARCHIVED.items() if name != "baseModels"}
    load_archived(settings, "2026-01-02", [row(1)], "archive:later", types=kinds)
    assert query(settings, "select first_seen, base_relation from raw.hub_model_lineage") == [
        (DAYS[0], "finetune")
    ]


def test_an_observed_day_is_not_measured_against_an_archive_day(settings: Settings) -> None:
    """Or the order in which they come would decide what is accepted."""
    load_archived(settings, "2026-01-01", [row(n) for n in range(1, 11)])
    assert load(settings, "2026-01-02", [item(1)]).row_count == 1


def test_a_gap_says_why_and_anything_that_is_loaded_takes_its_place(settings: Settings) -> None:
    with up_to_date(settings) as connection:
        note_gap(
            connection, settings, past_day("2026-01-01", "archive"), "the archive has no revision of this day"
        )
    found = query(settings, "select provenance, is_accepted, reasons, row_count from raw.hub_snapshots")
    assert found == [("archive", False, [GAP], None)]
    load(settings, "2026-01-01", [item(1)])
    with up_to_date(settings) as connection:
        note_gap(
            connection, settings, past_day("2026-01-01", "archive"), "the archive has no revision of this day"
        )
    assert query(settings, PROVENANCE) == [("observed", 1, True)]


def test_dropping_a_day_leaves_what_the_others_say(settings: Settings) -> None:
    """Also its file, the model that it alone had seen, and the latest modification, which it had shown."""
    load(settings, "2026-01-01", [item(1)])
    load(settings, "2026-01-03", [item(1, lastModified="2026-01-01T12:00:00.000Z")])
    before = state(settings)
    late = row(1, tags=["license:llama3.1"], lastModified="2026-01-02 00:00:00")
    load_archived(settings, "2026-01-02", [late, row(2)])
    assert len(query(settings, "from raw.hub_model_cards")) == 4
    assert drop(settings, "2026-01-02") == "archive:one"
    assert state(settings) == before
    assert [path.name[:10] for path in sorted((settings.snapshots / "hub").iterdir())] == [
        "2026-01-01",
        "2026-01-03",
    ]
    rebuild(settings)
    assert state(settings) == before


def test_an_observed_day_is_never_dropped(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with pytest.raises(NothingToRemove, match=r"2026-01-01 was observed and cannot be had again"):
        drop(settings, "2026-01-01")
    with pytest.raises(NothingToRemove, match="No day 2026-01-02 is loaded"):
        drop(settings, "2026-01-02")


def test_a_model_is_as_old_as_the_oldest_source_says(settings: Settings) -> None:
    load_archived(settings, "2026-01-01", [row(1, createdAt=None), row(2)])
    load(settings, "2026-01-02", [item(1), item(2)])
    created = query(settings, "select distinct created_at from raw.hub_models")
    assert created == [(datetime(2025, 1, 1),)]


def test_synthetic_archive_days_do_not_mix_with_others(settings: Settings) -> None:
    load(settings, "2026-01-02", [item(1)])
    with pytest.raises(WarehouseError, match="another MODELTIDE_HOME"):
        load_archived(settings, "2026-01-01", [row(1)], origin="synthetic")


# ---- a user's own file -------------------------------------------------------------------------------


def test_json_lines_and_parquet_of_the_same_rows_are_the_same_day(settings: Settings, tmp_path: Path) -> None:
    rows = [item(1, gated="manual", usedStorage=5, safetensors={"total": 7}, gguf={"total": 8}), item(2)]
    lines = tmp_path / "mine.jsonl"
    cards = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    lines.write_bytes(b"\n".join(orjson.dumps(one | cards) for one in rows))
    imported(settings, lines, "2026-01-01")
    other = replace(settings, home=settings.home.parent / "other")
    load(other, "2026-01-01", [one | cards for one in rows])
    mine, theirs = state(settings), state(other)
    assert mine.pop("hub_snapshots") != theirs.pop("hub_snapshots")
    assert mine.pop("hub_model_lineage") == [], "no row declares a parent: the file knows of no lineage"
    theirs.pop("hub_model_lineage")
    assert mine == theirs
    assert query(settings, "select provenance, scope, origin, captured_at from raw.hub_snapshots")[0][1:] == (
        "import",
        "file",
        None,
    )


def test_without_an_id_the_repository_id_stands_in_and_the_day_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    kinds = {"id": "varchar", "downloads": "bigint", "likes": "bigint"}
    path = write(tmp_path / "mine.parquet", [row(1), row(2)], kinds)
    assert imported(settings, path, "2026-01-01").row_count == 2
    assert query(settings, "select hub_id from raw.hub_models order by 1") == [
        ("maker/model-1",),
        ("maker/model-2",),
    ]
    assert "key" in query(settings, "select lacks from raw.hub_snapshots")[0][0]
    cards = query(settings, "select repo_id, publisher, tags from raw.hub_model_cards order by 1")
    assert cards[0] == ("maker/model-1", "maker", None)
    assert imported(settings, path, "2026-01-01") is None, "the same file again"


def test_days_with_and_without_ids_do_not_mix_in_either_order(settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.parquet", [row(1)], {"id": "varchar", "downloads": "bigint"})
    load(settings, "2026-01-02", [item(1)])
    before = state(settings)
    with pytest.raises(WarehouseError, match=r"each model would count twice.*Add the column _id"):
        imported(settings, path, "2026-01-01")
    assert state(settings) == before
    other = replace(settings, home=settings.home.parent / "other")
    imported(other, path, "2026-01-01")
    with pytest.raises(WarehouseError, match="each model would count twice"):
        load(other, "2026-01-02", [item(1)])


def test_a_date_in_the_future_and_a_file_that_is_not_there_are_named(
    settings: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine.parquet", [row(1)])
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with pytest.raises(FileRefused, match=rf"DATE is {tomorrow}, in the future"):
        imported(settings, path, tomorrow.isoformat())
    for early in ("0001-01-01", "1999-12-31", "2019-10-31"):
        with pytest.raises(FileRefused, match=rf"DATE is {early}, and the Hub has models since 2019-11-01"):
            imported(settings, path, early)
    with pytest.raises(FileRefused, match=r"is a folder, and not a file that is there"):
        imported(settings, tmp_path, "2026-01-01")
    with pytest.raises(FileRefused, match=r"no-such\.parquet is not a file that is there"):
        imported(settings, tmp_path / "no-such.parquet", "2026-01-01")
    assert query(settings, "from raw.hub_snapshots") == []


def test_the_day_is_the_hubs_where_it_can_be_asked(settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.parquet", [row(1)])
    with answering(lambda request: request.say(200, b"[]")) as hub:  # on 14 January 2026
        asked = replace(settings, hub_endpoint=hub.url)
        with pytest.raises(FileRefused, match=r"DATE is 2026-01-15, in the future \(it is 2026-01-14\)"):
            imported(asked, path, "2026-01-15")
        assert imported(asked, path, "2026-01-14").row_count == 1


def test_a_file_of_many_days_is_each_of_them(settings: Settings, tmp_path: Path) -> None:
    kinds = ARCHIVED | {"snapshot_date": "date"}
    rows = [row(n, snapshot_date=f"{day}", likes=day.day) for day in DAYS[:2] for n in (1, 2)]
    path = write(tmp_path / "mine.parquet", rows, kinds)
    for day in DAYS[:2]:
        assert imported(settings, path, f"{day}").row_count == 2
    assert query(settings, "select distinct snapshot_date, likes from raw.hub_model_counters order by 1") == [
        (DAYS[0], 1), (DAYS[1], 2)
    ]  # fmt: skip
    with pytest.raises(FileRefused, match="column snapshot_date has 2 days, 2026-01-01 to 2026-01-02"):
        imported(settings, path, "2026-01-03")


# ---- any order ---------------------------------------------------------------------------------------

# what a source says of three models: gating and licence, or None where a model is not listed
Listing = tuple[str | None, str | None, str | None]
listings = st.tuples(*[st.sampled_from([None, "auto", "manual"])] * 3).filter(any)
steps = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["observed", "archive", "import", "drop"]), listings),
    min_size=1,
    max_size=8,
)


def apply(settings: Settings, day: date, source: str, listing: Listing, number: int, folder: Path) -> None:
    """`number` makes modification times and files differ from step to step."""
    shown = [(n, word) for n, word in enumerate(listing, 1) if word]
    said = {"tags": [f"license:{number % 3}"], "likes": number}
    if source == "observed":
        modified = f"2026-01-01T00:00:0{number % 10}.000Z"
        load(settings, f"{day}", [item(n, gated=w, lastModified=modified, **said) for n, w in shown])
    elif source == "archive":
        rows = [row(n, lastModified=f"2026-01-01 00:00:0{number % 10}", **said) for n, _ in shown]
        load_archived(settings, f"{day}", rows, f"archive:{number}")
    elif source == "import":
        rows = [row(n, lastModified=f"2026-01-01 00:00:0{number % 10}", **said) for n, _ in shown]
        imported(settings, write(folder / "mine.parquet", rows), f"{day}")


def tables(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All of them but what a crawl was measured against when it came (`reasons`, accepted by hand here)."""
    known = state(settings)
    known["hub_snapshots"] = query(
        settings,
        "select * exclude (load_id, loaded_at, reasons) from raw.hub_snapshots order by snapshot_date",
    )
    return known


SEQUENCES = hypothesis_settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failing sequence is short as it is
)
orders = st.randoms(use_true_random=False)


@given(sequence=steps, order=orders)
@hypothesis_settings(SEQUENCES, max_examples=2)
def test_any_order_of_loads_and_removals_leaves_the_tables_of_the_days_that_are_left(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[int, str, Listing]], order: Any
) -> None:
    assert_tables_of_the_days_that_are_left(tmp_path_factory.mktemp("homes"), sequence, order)


@pytest.mark.slow
@given(sequence=steps, order=orders)
@hypothesis_settings(SEQUENCES, max_examples=15)
def test_so_it_is_in_many_orders(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[int, str, Listing]], order: Any
) -> None:
    assert_tables_of_the_days_that_are_left(tmp_path_factory.mktemp("homes"), sequence, order)


def assert_tables_of_the_days_that_are_left(
    folder: Path, sequence: list[tuple[int, str, Listing]], order: Any
) -> None:
    """The days that are left, loaded once each in order into an empty home, give the same tables."""
    settings = Settings(home=folder / "one", accept=True)
    left: dict[date, tuple[str, Listing, int]] = {}
    ranks = {"archive": 0, "import": 1, "observed": 2}
    for number, (place, source, listing) in enumerate(sequence):
        day = DAYS[place]
        present = left.get(day)
        if source == "drop":
            if present is not None and present[0] != "observed":
                drop(settings, f"{day}")
                del left[day]
            continue
        apply(settings, day, source, listing, number, folder)
        if present is None or ranks[source] >= ranks[present[0]]:
            left[day] = (source, listing, number)
    again = Settings(home=folder / "again", accept=True)
    shuffled = Settings(home=folder / "shuffled", accept=True)
    in_order = sorted(left)
    out_of_order = in_order.copy()
    order.shuffle(out_of_order)
    for home, days in ((again, in_order), (shuffled, out_of_order)):
        for day in days:
            source, listing, number = left[day]
            apply(home, day, source, listing, number, folder)
    if left:
        assert tables(settings) == tables(again) == tables(shuffled)
        rebuild(settings)
        assert tables(settings) == tables(again)
