"""Loading a landed day: types, duplicates, acceptance, keys, and the evidence of the dimension."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_project.lib.hub.load_day import DayRejected, load_crawl
from dagster_project.lib.record.landing import LandingError
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import WarehouseError
from tests.landed import item, land, load, query, state


def test_keys_are_given_in_descending_downloads_at_first_sight(settings: Settings) -> None:
    """Model 1 has no cumulative counter, so its 30-day one counts: 2,500 lies between 3 and 2."""
    first = item(1, downloads=2_500)
    del first["downloadsAllTime"]
    load(settings, "2026-01-01", [item(2), first, item(3)])
    load(settings, "2026-01-02", [item(9), item(2), first, item(3)])
    keys = query(settings, "select hub_id, model_key from raw.hub_models order by model_key")
    assert [int(hub_id, 16) for hub_id, _ in keys] == [3, 1, 2, 9]
    assert [key for _, key in keys] == [1, 2, 3, 4]


def test_absent_counters_are_null_and_zero_is_zero(settings: Settings) -> None:
    absent = item(1)
    del absent["downloadsAllTime"], absent["likes"]
    load(settings, "2026-01-01", [absent, item(2, downloads=0)])
    rows = query(
        settings, "select downloads_30d, downloads_all_time, likes from raw.hub_model_counters order by likes"
    )
    assert rows == [(0, 2_000, 2), (10, None, None)]


def test_duplicates_and_overlap_are_counted_and_removed(settings: Settings) -> None:
    """Model 1 moved across pages; model 2 is in the top and in its publisher's listing."""
    pages = [[item(1), item(2)], [item(1), item(3)]]
    loaded = load(settings, "2026-01-01", *pages, [item(2, downloads=7), item(4)], followed=1)
    assert loaded.row_count == 4
    counts = query(settings, "select duplicates, overlap, row_count from raw.hub_snapshots")
    assert counts == [(1, 1, 4)]
    kept = query(settings, "select downloads_30d from raw.hub_model_counters order by 1")
    assert kept == [(10,), (20,), (30,), (40,)], "the top listing's row of model 2 is kept"


def test_a_private_model_of_the_tokens_owner_is_not_loaded(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1), item(2, private=True)])
    assert query(settings, "select row_count, private_rows from raw.hub_snapshots") == [(1, 1)]
    assert len(query(settings, "from raw.hub_models")) == 1


def test_last_modified_opens_no_version(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    loaded = load(settings, "2026-01-02", [item(1, lastModified="2026-01-01T12:00:00.000Z")])
    assert set(loaded.changes.values()) == {0}
    assert str(query(settings, "select last_modified from raw.hub_models")[0][0]) == "2026-01-01 12:00:00"


def test_a_day_loaded_again_takes_back_the_modification_that_it_alone_had_shown(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    before = query(settings, "from raw.hub_models")
    load(settings, "2026-01-02", [item(1, lastModified="2026-01-01T12:00:00.000Z")])
    assert query(settings, "from raw.hub_models") != before
    load(settings, "2026-01-02", [item(1)])
    assert query(settings, "from raw.hub_models") == before


_NO_MODELS = {"relation": "merge", "models": []}
_ONE_EMPTY = {"relation": "merge", "models": [{"id": None}]}


@pytest.mark.parametrize(
    ("before", "after", "group"),
    [
        ({"tags": []}, {"tags": None}, "cards"),
        ({"tags": [""]}, {"tags": []}, "cards"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, "cards"),
        ({"tags": ["a", "b"]}, {"tags": ["ab"]}, "cards"),
        ({"library_name": "a"}, {"pipeline_tag": "a"}, "cards"),
        ({"library_name": ""}, {"library_name": None}, "cards"),
        ({"baseModels": {"relation": "merge"}}, {"baseModels": _NO_MODELS}, "lineage"),
        ({"baseModels": _NO_MODELS}, {"baseModels": _ONE_EMPTY}, "lineage"),
        ({"gated": False}, {"gated": None}, "access"),
        ({"usedStorage": 0}, {}, "weights"),
        ({"usedStorage": 0, "gguf": {"total": 1}}, {"usedStorage": 1, "gguf": {"total": 0}}, "weights"),
        ({"safetensors": {"total": 0}}, {"gguf": {"total": 0}}, "weights"),
    ],
)
def test_states_that_a_digest_might_confuse_are_two(
    settings: Settings, before: dict[str, Any], after: dict[str, Any], group: str
) -> None:
    """Each way a row of that group, and the same state on the third day none; DuckDB hashes [] as NULL."""
    for number, fields in enumerate((before, after, after, before), 1):
        loaded = load(settings, f"2026-01-0{number}", [item(1, **fields)])
        opened = {table for table, rows in loaded.changes.items() if rows}
        assert opened == set() if number == 3 else f"hub_model_{group}" in opened
    assert query(settings, f"select count(*) from raw.hub_model_{group}") == [(3,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("downloads", "123"),
        ("downloads", 12.6),
        ("downloadsAllTime", True),
        ("likes", [1]),
        ("likes", -1),
        ("trendingScore", "12"),
        ("createdAt", 1735689600),
        ("createdAt", "infinity"),
        ("lastModified", "yesterday"),
        ("_id", "short"),
        ("author", 5),
    ],
)
def test_a_field_that_changed_names_itself_page_and_both_numbers_and_loads_nothing(
    settings: Settings, field: str, value: Any
) -> None:
    """From 10 models and 1% on; here 10 of 1,000, all of them on the second page."""
    load(settings, "2026-01-01", [item(1)])
    before = state(settings)
    pages = [item(n) for n in range(1, 991)], [item(n, **{field: value}) for n in range(991, 1_001)]
    said = rf"field {field} changed upstream: 10 of 1000 models \(1\.0%\) .* 1% on .* page 1 \(top, .*such as"
    with pytest.raises(DayRejected, match=said) as raised:
        load(settings, "2026-01-02", *pages)
    assert "\n" not in str(raised.value)
    after = state(settings)
    assert [row[0].day for row in after.pop("hub_snapshots")] == [1, 2]
    assert all(rows == before[name] for name, rows in after.items())
    load(replace(settings, accept=True), "2026-01-02", *pages)
    assert query(settings, "select max(odd_value_count) from raw.hub_snapshots") == [(10,)]


def test_nine_odd_values_of_a_field_are_values_and_all_of_them_are_a_change(settings: Settings) -> None:
    nine = [item(n, likes="many" if n <= 9 else n) for n in range(1, 101)]
    assert load(settings, "2026-01-01", nine).odd_values == [
        'likes: 9 (maker/model-1: "many", maker/model-2: "many", maker/model-3: "many", …)'
    ]
    assert query(settings, "select count(likes) from raw.hub_model_counters") == [(91,)]
    with pytest.raises(DayRejected, match="field likes changed upstream: 2 of 2 models"):
        load(settings, "2026-01-02", [item(n, likes="many") for n in (1, 2)])


@pytest.mark.parametrize(("odd", "is_refused"), [(89, False), (90, True)])
def test_what_owners_write_costs_the_day_only_if_nearly_all_of_it_is_odd(
    settings: Settings, odd: int, is_refused: bool
) -> None:
    """The seed says from 100 models and 90% on, which is here from 90 of 100."""
    folder = settings.home / "seeds"
    folder.mkdir(parents=True)
    (folder / "day_quality_thresholds.csv").write_text("threshold,value\nowners_field_odd_models,5\n")
    settings = replace(settings, seeds_folder=folder)
    items = [item(n, safetensors={"total": "7B" if n <= odd else n}) for n in range(1, 101)]
    if is_refused:
        with pytest.raises(DayRejected, match=r"safetensors changed upstream: 90 of 100 models \(90\.0%\)"):
            load(settings, "2026-01-01", items)
    else:
        assert load(settings, "2026-01-01", items).row_count == 100


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([[]], "the listing is empty"),
        ([[item(n) for n in range(1, 8)]], "7 models are less than 85% of the 10 of 2026-01-01"),
        ([[item(n, downloads=None) for n in range(1, 11)]], "downloads_30d is NULL for every model"),
        ([[item(n, downloadsAllTime=None) for n in range(1, 11)]], "downloads_all_time is NULL"),
    ],
)
def test_a_day_that_fails_a_check_is_recorded_and_loads_nothing(
    settings: Settings, pages: list[list[dict[str, Any]]], reason: str
) -> None:
    load(settings, "2026-01-01", [item(n) for n in range(1, 11)])
    with pytest.raises(DayRejected, match=reason) as raised:
        load(settings, "2026-01-02", *pages)
    assert "ACCEPT=1" in str(raised.value)
    days = query(settings, "select snapshot_date, is_accepted, reasons from raw.hub_snapshots order by 1")
    assert [(day.day, accepted) for day, accepted, _ in days] == [(1, True), (2, False)]
    assert reason in days[1][2][0]
    assert query(settings, "select distinct snapshot_date from raw.hub_model_counters") == [
        (date(2026, 1, 1),)
    ]


def test_nine_of_ten_models_are_enough(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(n) for n in range(1, 11)])
    assert load(settings, "2026-01-02", [item(n) for n in range(1, 10)]).row_count == 9


def test_a_new_scope_starts_a_new_comparison(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(n) for n in range(1, 11)])
    load(settings, "2026-01-02", [item(1)], scope_id="top-1000-test")
    assert query(settings, "select count(*) from raw.hub_snapshots where is_accepted") == [(2,)]


def test_downloads_all_time_may_stay_absent_if_it_always_was(settings: Settings) -> None:
    for day in ("2026-01-01", "2026-01-02"):
        load(settings, day, [item(1, downloadsAllTime=None)])
    assert query(settings, "select count(*) from raw.hub_snapshots where is_accepted") == [(2,)]


def test_accept_takes_a_rejected_day_and_keeps_the_reason(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(n) for n in range(1, 11)])
    load(replace(settings, accept=True), "2026-01-02", [item(1)])
    assert query(settings, "select is_accepted, len(reasons) from raw.hub_snapshots order by all") == [
        (True, 0),
        (True, 1),
    ]


def test_a_rejected_second_crawl_leaves_the_accepted_day_as_it_was(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(n) for n in range(1, 11)])
    before = state(settings)
    with pytest.raises(DayRejected, match="keeps what an earlier crawl loaded"):
        load(settings, "2026-01-01", [])
    assert state(settings) == before


def test_synthetic_days_never_mix_with_others(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with pytest.raises(WarehouseError, match="another MODELTIDE_HOME"):
        load(settings, "2026-01-02", [item(1)], origin="synthetic")


def test_a_deleted_and_recreated_repository_is_a_new_model(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    load(settings, "2026-01-02", [item(2, id="maker/model-1")])
    names = query(settings, "select model_key, repo_id from raw.hub_model_cards order by 1")
    assert names == [(1, "maker/model-1"), (2, "maker/model-1")]


# ---- evidence ---------------------------------------------------------------------------------------

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(5)]
# a day's listing: gating of models 1 to 3, or None where a model is not listed
Listing = tuple[str | None, str | None, str | None]
listings = st.tuples(*[st.sampled_from([None, "auto", "manual"])] * 3).filter(any)
loads = st.lists(st.tuples(st.integers(0, 4), listings), min_size=1, max_size=9)


def listed(listing: Listing) -> list[dict[str, Any]]:
    return [item(n, gated=gated) for n, gated in enumerate(listing, 1) if gated]


def expected_runs(final: dict[date, Listing]) -> list[tuple[str, date, str]]:
    """By hand: walk the days in order and note where a model's gating differs from its last sight."""
    runs, latest = [], {}
    for day in sorted(final):
        for number, gated in enumerate(final[day], 1):
            if gated is not None and latest.get(number) != gated:
                latest[number] = gated
                runs.append((f"{number:024x}", day, gated))
    return sorted(runs)


@given(sequence=loads)
@hypothesis_settings(max_examples=3, deadline=None)
def test_any_order_of_loads_and_reloads_leaves_the_evidence_of_the_final_days(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[int, Listing]]
) -> None:
    assert_evidence_of_the_final_days(tmp_path_factory.mktemp("home"), sequence)


@pytest.mark.slow
@given(sequence=loads)
@hypothesis_settings(max_examples=15, deadline=None)
def test_so_it_is_in_many_orders(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[int, Listing]]
) -> None:
    assert_evidence_of_the_final_days(tmp_path_factory.mktemp("home"), sequence)


def assert_evidence_of_the_final_days(home: Path, sequence: list[tuple[int, Listing]]) -> None:
    settings = Settings(home=home, accept=True)
    final: dict[date, Listing] = {}
    for number, listing in sequence:
        load(settings, DAYS[number].isoformat(), listed(listing))
        final[DAYS[number]] = listing
    found = state(settings)
    assert found["hub_model_access"] == expected_runs(final)
    assert len(found["hub_model_counters"]) == sum(len(listed(listing)) for listing in final.values())
    rebuild(settings)
    assert state(settings) == found


def named_twice(number: int) -> list[list[dict[str, Any]]]:
    """40 pages of 50 models, and one of them under another name on the page before and two pages on."""
    pages = [[item(1_000 * page + place) for place in range(50)] for page in range(40)]
    for shown in (19, 22):
        pages[shown].insert(number, item(20_000, id=f"maker/renamed-{shown}"))
    return pages


@pytest.mark.parametrize("followed", [0, 39])
def test_of_a_model_that_a_listing_shows_twice_the_first_place_counts_in_every_load(
    settings: Settings, followed: int
) -> None:
    """By page and position: what is kept does not depend on which thread was quicker."""
    crawl = land(settings, "2026-01-01", *named_twice(25), followed=followed)
    for _ in range(4):
        with up_to_date(settings) as connection:
            load_crawl(connection, crawl, settings)
        assert query(
            settings,
            "select repo_id from raw.hub_model_cards join raw.hub_models using (model_key) where hub_id = ?",
            f"{20_000:024x}",
        ) == [("maker/renamed-19",)]


@pytest.mark.parametrize("content", [b"no zstandard", zstandard.compress(b'[{"_id": "')])
def test_a_damaged_landed_page_is_named_and_nothing_is_loaded(settings: Settings, content: bytes) -> None:
    crawl = land(settings, "2026-01-01", [item(1)], [item(2)])
    path = crawl.folder / crawl.pages[1].file
    path.write_bytes(content)
    with (
        pytest.raises(LandingError, match=rf"{path.name} is damaged.*REFETCH=1"),
        up_to_date(settings) as connection,
    ):
        load_crawl(connection, crawl, settings)
    assert query(settings, "from raw.hub_snapshots") == []
