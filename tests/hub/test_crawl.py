"""The listing that the crawl asks for, page by page, and when it does not ask at all."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date

import orjson
import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import bodies, query

DAY = date(2026, 1, 14)
FOLLOWED = ["Qwen", "google"]


def items(crawl: Crawl, stream: str = "") -> list[dict[str, object]]:
    pages = [crawl.read(page) for page in crawl.pages if page.stream.startswith(stream)]
    return [item for page in pages for item in orjson.loads(page)]


def test_the_top_is_cut_at_its_size_and_followed_by_every_model_of_the_publishers(
    connected: Settings, upstream: Upstream
) -> None:
    crawl = hub.crawl(replace(connected, hub_top=1_000), DAY, FOLLOWED)
    assert (crawl.pages[0].stream, crawl.pages[0].rows) == ("top", 1_000)
    assert {page.stream for page in crawl.pages} == {"top", "publisher:Qwen", "publisher:google"}
    downloads = [item["downloads"] for item in items(crawl, "top")]
    assert downloads == sorted(downloads, reverse=True)  # type: ignore[type-var]
    everything = items(hub.crawl(replace(connected, scope="census"), DAY, []))
    for name in FOLLOWED:
        listed = {item["_id"] for item in items(crawl, f"publisher:{name}")}
        assert listed == {item["_id"] for item in everything if item["author"] == name}
        assert listed
    ids = {item["_id"] for item in items(crawl, "top")}
    below = [item["downloads"] for item in everything if item["_id"] not in ids]
    assert min(downloads) >= max(below)  # type: ignore[type-var]


def test_the_overlap_of_top_and_publishers_is_removed(connected: Settings) -> None:
    settings = replace(connected, hub_top=1_000)
    crawl = hub.crawl(settings, DAY, FOLLOWED)
    ids = [item["_id"] for item in items(crawl)]
    assert len(ids) > len(set(ids)), "the world has such models"
    with up_to_date(settings) as connection:
        loaded = load_crawl(connection, crawl, settings)
    assert loaded.row_count == len(set(ids))
    counts = query(settings, "select overlap, duplicates, scope, origin from raw.hub_snapshots")
    assert counts == [(len(ids) - len(set(ids)), 0, "top", "synthetic")]


def test_a_census_lists_every_model_once_in_order_of_creation(
    connected: Settings, upstream: Upstream
) -> None:
    listed = items(hub.crawl(replace(connected, scope="census"), DAY, FOLLOWED))
    created = [str(item["createdAt"]) for item in listed]
    assert created == sorted(created)
    assert len({item["_id"] for item in listed}) == len(listed) > 2_000


def test_pages_are_of_a_thousand_with_the_fields_of_the_contract_and_no_others(
    connected: Settings, upstream: Upstream
) -> None:
    """Card data, config and file lists would be 10 to 50 times the bytes."""
    hub.crawl(connected, DAY, FOLLOWED)
    for request in upstream.requests:
        assert request.query["limit"] == ["1000"]
        assert set(request.query["expand"]) == set(hub.EXPAND)
    assert {"usedStorage", "safetensors", "gguf", "baseModels", "downloadsAllTime"} <= set(hub.EXPAND)
    assert not {"cardData", "config", "siblings"} & set(hub.EXPAND)


def test_the_bytes_are_landed_as_they_came(connected: Settings, upstream: Upstream) -> None:
    crawl = hub.crawl(replace(connected, scope="census"), DAY, [])
    first = upstream.requests[0]
    parameters = "&".join(f"{name}={value}" for name, values in first.query.items() for value in values)
    assert bodies(crawl)[0] == upstream.answer(f"{first.path}?{parameters}", {}).body
    assert crawl.rows == sum(len(orjson.loads(body)) for body in bodies(crawl))


def test_a_landed_day_is_not_asked_for_again_unless_refetch(connected: Settings, upstream: Upstream) -> None:
    first = hub.crawl(connected, DAY, FOLLOWED)
    upstream.clear_log()
    assert hub.crawl(connected, DAY, FOLLOWED) == first
    assert upstream.requests == []
    again = hub.crawl(replace(connected, refetch=True), DAY, FOLLOWED)
    assert again.folder.name == "crawl-2"
    assert items(again) == items(first)
    assert hub.crawl(connected, DAY, FOLLOWED).folder == again.folder


def test_another_scope_is_another_crawl(connected: Settings, upstream: Upstream) -> None:
    first = hub.crawl(connected, DAY, FOLLOWED)
    second = hub.crawl(connected, DAY, FOLLOWED[:1])
    assert first.opening.scope_id != second.opening.scope_id
    assert second.opening.streams == ["top", "publisher:Qwen"]


def test_a_publisher_that_has_no_model_is_an_empty_page(connected: Settings) -> None:
    crawl = hub.crawl(connected, DAY, ["nobody-at-all"])
    assert [page.rows for page in crawl.pages if page.stream == "publisher:nobody-at-all"] == [0]
    assert crawl.is_complete


def test_progress_is_a_line_per_page_with_rows_rate_and_quota(
    connected: Settings, upstream: Upstream
) -> None:
    upstream.quota = 500
    reported: list[hub.Progress] = []
    crawl = hub.crawl(replace(connected, scope="census"), DAY, [], report=reported.append)
    assert [progress.page for progress in reported] == crawl.pages
    assert [progress.rows for progress in reported][-1] == crawl.rows
    assert [progress.quota_left for progress in reported] == [499, 498, 497][: len(reported)]
    line = str(reported[0])
    assert line.startswith("page 0 (census): 1000 models, ")
    assert line.endswith(" a second, quota left 499")


def test_a_hub_that_names_no_quota_is_not_waited_for() -> None:
    page = hub.Page("top", 3, "page", 10, 1, "", None)
    assert str(hub.Progress(page, 10, 5.0, None, 0.0)).endswith("quota left unknown")


def test_the_embedded_upstream_is_told_by_its_header(connected: Settings) -> None:
    probe = hub.probe(connected)
    assert (probe.origin, probe.day) == ("synthetic", DAY)


@pytest.mark.parametrize("module", ["hub.crawl", "hub.client", "archive.client", "sources.http"])
def test_the_clients_telemetry_is_off_whichever_module_is_imported_first(module: str) -> None:
    asked = (
        f"import dagster_project.lib.{module}, huggingface_hub.constants as constants; "
        "raise SystemExit(not constants.HF_HUB_DISABLE_TELEMETRY)"
    )
    says_so = re.compile("TELEMETRY|DO_NOT_TRACK")
    environment = {name: value for name, value in os.environ.items() if not says_so.search(name)}
    subprocess.run([sys.executable, "-c", asked], env=environment, check=True)
