"""The synthetic Hub as data: what a snapshot of a day holds, and what happens between days."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest

from dagster_project.synthetic import catalogue
from dagster_project.synthetic.items import Items, pages, write_pages
from dagster_project.synthetic.world import (
    FROZEN_DAYS,
    LOW_DAY,
    MILESTONE,
    MILESTONE_SNAPSHOT,
    ROLLBACK_DAYS,
    Listing,
    World,
    day_number,
    family_total,
)

DAY = timedelta(days=1)
FIRST, LAST = catalogue.FIRST_DAY, catalogue.LAST_DAY


@pytest.fixture(scope="module")
def world() -> World:
    return World(4_000)


def counters(world: World, day: date) -> dict[int, int]:
    state = Listing(world, day_number(day)).state
    told = state.all_time >= 0
    return dict(zip(state.rows[told].tolist(), state.all_time[told].tolist(), strict=True))


def cards(world: World, day: date) -> dict[str, dict]:
    return {item["_id"]: item for body in pages(world, day) for item in orjson.loads(body)}


def steps(world: World, day: date) -> np.ndarray:
    before, after = counters(world, day - DAY), counters(world, day)
    return np.array([after[row] - before[row] for row in after if row in before])


def test_two_worlds_of_one_size_are_equal(world: World) -> None:
    again = World(4_000)
    assert list(pages(world, LAST)) == list(pages(again, LAST))


def test_a_day_is_the_same_whichever_days_were_asked_for_before(world: World) -> None:
    fresh, used = Items(World(4_000)), Items(world)
    for day in (LAST, FIRST, LAST):
        state = Listing(world, day_number(day)).state
        body = used.page(state)
    assert body == fresh.page(Listing(fresh.world, day_number(LAST)).state)


@pytest.mark.parametrize("size", [500, 4_000, 20_000])
def test_the_qwen_accounts_pass_700_million_on_the_expected_snapshot(size: int) -> None:
    sized = World(size)
    assert family_total(sized, "qwen", FIRST) < MILESTONE
    assert family_total(sized, "qwen", MILESTONE_SNAPSHOT - DAY) < MILESTONE
    assert family_total(sized, "qwen", MILESTONE_SNAPSHOT) >= MILESTONE
    assert date(2026, 1, 10) <= MILESTONE_SNAPSHOT - DAY <= date(2026, 1, 20)


def test_counters_stand_still_on_frozen_days_and_catch_up_after(world: World) -> None:
    for day in FROZEN_DAYS:
        normal = steps(world, day - DAY).sum()
        assert steps(world, day).sum() < 0.3 * normal
        assert steps(world, day + DAY).sum() > 1.5 * normal


def test_the_low_day_is_low_and_made_up_for(world: World) -> None:
    normal, low, high = (steps(world, LOW_DAY + k * DAY).sum() for k in (-1, 0, 1))
    assert low < 0.3 * normal < 0.5 * high
    assert low + high == pytest.approx(2 * normal, rel=0.2)


def test_the_rollback_lowers_at_least_5_percent_of_models_for_two_days(world: World) -> None:
    first, second = ROLLBACK_DAYS
    assert np.mean(steps(world, first) < 0) >= 0.05
    before, during, after = (counters(world, d) for d in (first - DAY, second, second + DAY))
    fallen = [row for row in during if row in before and during[row] < before[row]]
    assert len(fallen) >= 0.05 * len(during)
    assert np.mean([after[row] >= before[row] for row in fallen if row in after]) > 0.95


def test_on_other_days_almost_nothing_falls_but_some_corrections_do(world: World) -> None:
    disturbed = {*ROLLBACK_DAYS, ROLLBACK_DAYS[1] + DAY}
    days = [FIRST + k * DAY for k in range(1, 45)]
    fallen = [int((steps(world, day) < 0).sum()) for day in days if day not in disturbed]
    assert sum(fallen) > 0
    assert max(fallen) < 0.01 * world.size


def test_thirty_day_downloads_rise_and_fall(world: World) -> None:
    early, late = (Listing(world, day_number(d)).state for d in (FIRST, LAST))
    before = dict(zip(early.rows.tolist(), early.downloads.tolist(), strict=True))
    after = dict(zip(late.rows.tolist(), late.downloads.tolist(), strict=True))
    change = np.array([after[row] - before[row] for row in after if row in before])
    assert (change > 0).mean() > 0.1
    assert (change < 0).mean() > 0.1


def test_models_appear_disappear_and_change_between_the_first_and_the_last_day(
    world: World,
) -> None:
    early, late = cards(world, FIRST), cards(world, LAST)
    assert len(late.keys() - early.keys()) > 0.05 * len(early)
    assert early.keys() - late.keys()
    both = early.keys() & late.keys()

    def changed(read) -> list[str]:
        return [key for key in both if read(early[key]) != read(late[key])]

    assert changed(lambda item: item["id"])
    assert any(early[key]["author"] != late[key]["author"] for key in changed(lambda item: item["id"]))
    assert changed(lambda item: item["gated"])
    assert changed(lambda item: [tag for tag in item["tags"] if tag.startswith("license:")])


def test_a_name_is_reused_by_another_repository(world: World) -> None:
    holders = []
    for day in (FIRST, catalogue.REUSED_NAME_DELETED, catalogue.REUSED_NAME_CREATED):
        holders.append({k for k, item in cards(world, day).items() if item["id"] == "user-reuse/Phoenix-7B"})
    assert [len(ids) for ids in holders] == [1, 0, 1]
    assert holders[0] != holders[2]


def test_the_oddities_of_real_listings_are_there(world: World) -> None:
    items = {item["id"]: item for item in cards(world, LAST).values()}

    def parents(name: str) -> list[str]:
        return [base["id"] for base in items[name]["baseModels"]["models"]]

    assert parents("user-loop/loop-one") == ["user-loop/loop-two"]
    assert parents("user-loop/loop-two") == ["user-loop/loop-one"]
    assert parents("user-self/own-parent") == ["user-self/own-parent"]
    assert parents("user-orphan/lost-7B")[0] not in items
    assert len(parents("user-merge/Twin-8B")) == 2
    assert {"user-case/Echo-7B", "user-case/echo-7b"} <= items.keys()
    mini = items["sentence-transformers/all-MiniLM-L6-v2"]
    assert mini["baseModels"]["relation"] == "quantized"
    assert mini["downloads"] > 10 * items[parents(mini["id"])[0]]["downloads"]
    assert sum(tag.startswith("license:") for tag in items["user-twolic/Both-3B"]["tags"]) == 2
    assert not any(tag.startswith("license:") for tag in items["user-nolic/Silent-3B"]["tags"])
    empty = items["user-empty/Announced-100B"]
    assert empty["usedStorage"] < 1_000_000 and "safetensors" not in empty and "gguf" not in empty
    assert {item["gated"] for item in items.values()} == {False, "auto", "manual"}
    lineage = [item for item in items.values() if any(t.startswith("base_model:") for t in item["tags"])]
    assert any("baseModels" not in item for item in lineage)
    silent = [item for item in items.values() if "downloadsAllTime" not in item]
    assert 0.002 < len(silent) / len(items) < 0.03
    assert any("usedStorage" not in item for item in items.values())


def test_ids_begin_with_the_creation_time_which_has_a_floor(world: World) -> None:
    for item in cards(world, LAST).values():
        born = np.datetime64(item["createdAt"].removesuffix("Z"), "s").astype(int)
        assert int(item["_id"][:8], 16) == born
        assert len(item["_id"]) == 24
        assert item["createdAt"] >= "2022-03-02"
        assert item["createdAt"] < f"{LAST}" <= f"{LAST}T00:00:00"


def test_earlier_years_can_be_asked_for(world: World) -> None:
    old, older = (len(cards(world, d)) for d in (date(2025, 1, 6), date(2024, 7, 1)))
    assert 0 < older < old < len(cards(world, FIRST))


def test_pages_on_disk_are_the_listing(world: World, tmp_path: Path) -> None:
    count = write_pages(tmp_path, world, FIRST)
    files = sorted(tmp_path.iterdir())
    assert len(files) == count
    assert [file.read_bytes() for file in files] == list(pages(world, FIRST))
    by_downloads = [i for body in pages(world, FIRST, sort="downloads") for i in orjson.loads(body)]
    assert {i["_id"] for i in by_downloads} == set(cards(world, FIRST))
    assert [i["downloads"] for i in by_downloads] == sorted(
        (i["downloads"] for i in by_downloads), reverse=True
    )
