"""Installs of npm and pypistats: package by package, late counts included, and a failure stops no other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.fetch import Outcome
from dagster_project.lib.sources.registries import (
    NPM_REGISTRY,
    PYPI_REGISTRY,
    Registry,
    fetch_installs,
    read_npm,
    read_pypi,
    snapshot_installs,
)
from dagster_project.lib.warehouse.raw_tables import NPM, PYPI
from dagster_project.synthetic.faults import NPM_PATH, PYPI_PATH
from dagster_project.synthetic.server import Upstream
from tests.landed import query
from tests.small_sources import fetch_on, rebuilds_to_the_same, settings_at, statuses

DAY, NEXT = "2026-01-22", "2026-01-23"


@pytest.fixture(scope="module")
def running() -> Iterator[Upstream]:
    with Upstream(models=300) as upstream:
        yield upstream


@pytest.fixture
def upstream(running: Upstream) -> Upstream:
    running.faults.clear()
    running.clear_log()
    return running


@pytest.fixture
def home(upstream: Upstream, tmp_path: Path) -> Settings:
    return settings_at(upstream, tmp_path / "data")


def fetch(settings: Settings, upstream: Upstream, registry: Registry, day: str = DAY) -> list[Outcome]:
    return fetch_on(
        settings, upstream, day,
        lambda connection, settings, day, now: snapshot_installs(connection, settings, registry, day, now),
    )  # fmt: skip


def periods(upstream: Upstream) -> set[str]:
    return {r.path.removeprefix(NPM_PATH).partition("/")[0] for r in upstream.requests}


def test_the_first_fetch_takes_all_that_npm_serves_and_the_next_an_overlap(
    home: Settings, upstream: Upstream
) -> None:
    fetch(home, upstream, NPM_REGISTRY)
    assert periods(upstream) == {"2024-07-26:2026-01-21"}
    upstream.clear_log()
    outcomes = fetch(home, upstream, NPM_REGISTRY, NEXT)
    assert periods(upstream) == {"2025-12-17:2026-01-22"}
    assert [o.new_rows for o in outcomes] == [1] * 5, "only what is new or differs is added"
    assert rebuilds_to_the_same(home, NPM)


def test_scoped_packages_are_asked_for_one_by_one(home: Settings, upstream: Upstream) -> None:
    outcomes = fetch(home, upstream, NPM_REGISTRY)
    assert {o.status for o in outcomes} == {"ok"}
    assert {r.path.split("/", 4)[4] for r in upstream.requests} == {o.item for o in outcomes}
    assert "@anthropic-ai/sdk" in {o.item for o in outcomes}


def test_pypistats_is_asked_without_mirrors_for_its_180_days(home: Settings, upstream: Upstream) -> None:
    outcomes = fetch(home, upstream, PYPI_REGISTRY)
    assert {(o.status, o.new_rows) for o in outcomes} == {("ok", 180)}
    assert {r.query["mirrors"][0] for r in upstream.requests} == {"false"}
    assert rebuilds_to_the_same(home, PYPI)


def test_a_count_that_comes_late_or_is_corrected_is_added_beside_the_former(
    home: Settings, upstream: Upstream
) -> None:
    fetch(home, upstream, NPM_REGISTRY, NEXT)  # the 22nd is answered as 0
    lost = "select downloads from raw.npm_installs where install_date = date '2026-01-22' and package = ?"
    assert query(home, lost, "ollama") == [(0,)]
    fetch_on(home, upstream, NEXT, lambda connection, *_: connection.execute(
        "update raw.npm_installs set downloads = 7 where install_date = date '2026-01-20'"
    ))  # fmt: skip
    outcomes = fetch(home, upstream, NPM_REGISTRY, "2026-01-24")
    assert [o.new_rows for o in outcomes] == [2] * 5, "the new day and the corrected one"
    both = "select count(*) from raw.npm_installs where install_date = date '2026-01-20' and package = ?"
    assert query(home, both, "ollama") == [(2,)]


def test_a_package_that_answers_404_is_named_and_the_others_are_there(
    home: Settings, upstream: Upstream
) -> None:
    upstream.faults.add("status", status=404, path=f"{PYPI_PATH}sglang", times=0)
    fetch(home, upstream, PYPI_REGISTRY)
    ended = statuses(home, "pypi_fetches", DAY)
    assert ended.pop("sglang") == ("missing", f"127.0.0.1:{upstream.port} answered 404")
    assert set(ended.values()) == {("ok", None)}


@pytest.mark.parametrize(
    ("registry", "path"), [(NPM_REGISTRY, f"{NPM_PATH}"), (PYPI_REGISTRY, f"{PYPI_PATH}vllm")]
)
def test_a_renamed_package_is_named_and_adds_nothing(
    home: Settings, upstream: Upstream, registry: Registry, path: str
) -> None:
    upstream.faults.add("renamed", name="quite-another", path=path)
    outcomes = fetch(home, upstream, registry)
    (renamed,) = [o for o in outcomes if o.status != "ok"]
    assert renamed.status == "renamed" and renamed.new_rows == 0
    assert "'quite-another': mend the seed sdk_packages" in renamed.detail


def test_a_valid_answer_without_days_leaves_what_is_there(home: Settings, upstream: Upstream) -> None:
    fetch(home, upstream, PYPI_REGISTRY)
    before = query(home, "from raw.pypi_installs order by all")
    upstream.faults.add("no_rows", path=PYPI_PATH, times=0)
    outcomes = fetch(home, upstream, PYPI_REGISTRY, NEXT)
    assert {o.status for o in outcomes} == {"empty"}
    assert query(home, "from raw.pypi_installs order by all") == before


def test_only_what_failed_is_asked_again_on_the_same_day(home: Settings, upstream: Upstream) -> None:
    upstream.faults.add("status", status=404, path=f"{PYPI_PATH}vllm")
    fetch(home, upstream, PYPI_REGISTRY)
    upstream.clear_log()
    outcomes = fetch(home, upstream, PYPI_REGISTRY)
    assert [r.path for r in upstream.requests] == ["/api/packages/vllm/overall"]
    assert {o.status for o in outcomes} == {"ok"}


def test_a_registry_that_is_down_leaves_status_rows_and_raises_nothing(
    home: Settings, upstream: Upstream
) -> None:
    down = replace(home, npm_endpoint="http://127.0.0.1:9")
    outcomes = fetch(down, upstream, NPM_REGISTRY)
    assert {o.status for o in outcomes} == {"error"} and len(outcomes) == 5
    assert "not asked" in outcomes[-1].detail
    assert len(statuses(home, "npm_fetches", DAY)) == 5


def test_the_past_is_asked_for_as_far_as_it_is_served(home: Settings, upstream: Upstream) -> None:
    def history(registry: Registry, first: date, last: date) -> list[Outcome]:
        return fetch_on(
            home, upstream, DAY,
            lambda connection, settings, day, now: fetch_installs(
                connection, settings, registry, day, now, first, last
            ),
        )  # fmt: skip

    assert {o.status for o in history(NPM_REGISTRY, date(2024, 7, 1), date(2026, 2, 1))} == {"ok"}
    assert periods(upstream) == {"2024-07-26:2026-01-21"}
    assert history(PYPI_REGISTRY, date(2024, 7, 1), date(2025, 1, 1)) == []
    assert {o.new_rows for o in history(PYPI_REGISTRY, date(2025, 1, 1), date(2026, 1, 1))} == {180}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ([], "malformed"),
        ({"downloads": {}}, "malformed"),
        ({"downloads": [], "package": "a"}, "empty"),
        ({"downloads": [{"day": "2026-01-01", "downloads": 1}]}, "renamed"),
        ({"downloads": [{"day": "2026-01-01", "downloads": "1"}], "package": "a"}, "partial"),
        ({"downloads": [{"day": "2026-01-01", "downloads": -1}], "package": "a"}, "partial"),
        ({"downloads": [{"day": "x", "downloads": 1}], "package": "a"}, "partial"),
        ({"downloads": [{"day": "2026-01-01", "downloads": 1}] * 2, "package": "a"}, "malformed"),
        ({"downloads": [{"day": "2026-01-01", "downloads": 1}], "package": "A"}, "ok"),
    ],
)
def test_an_answer_of_another_shape_is_named(answer: Any, status: str) -> None:
    assert read_npm("a", orjson.dumps(answer)).status == status


def test_downloads_by_mirrors_are_not_counted() -> None:
    both = [
        {"category": c, "date": "2026-01-01", "downloads": n}
        for c, n in (("with_mirrors", 9), ("without_mirrors", 5))
    ]
    reading = read_pypi("llama-cpp-python", orjson.dumps({"data": both, "package": "llama_cpp_python"}))
    assert (reading.status, reading.rows) == ("ok", [(date(2026, 1, 1), 5)])
