"""Columns that are made of a page while the next is awaited: what the load does with them, and without.

Belongs here: from the crawl to the raw tables. What an item may hold is in test_odd_items.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import orjson
import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub import page_columns
from dagster_project.lib.hub.crawl import Request
from dagster_project.lib.hub.load_day import DayRejected, load_crawl
from dagster_project.lib.hub.page_columns import Columns, columns_of, packed
from dagster_project.lib.hub.read_pages import keep_columns
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import item, land, query, state

DAY = date(2026, 1, 14)
PAGES = ([item(n) for n in range(1, 6)], [item(n, tags=["a", f"b{n}"]) for n in range(6, 11)])


def kept(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.landing.rglob("*.columns"))


def landed(settings: Settings) -> Crawl:
    """Two pages with their columns beside them, as a crawl leaves them."""
    crawl = land(settings, "2026-01-01", *PAGES)
    for page in crawl.pages:
        keep_columns(crawl, page, columns_of(crawl.read(page)))
    return crawl


def loaded(settings: Settings, crawl: Crawl) -> dict[str, list[tuple[object, ...]]]:
    with up_to_date(settings) as connection:
        load_crawl(connection, crawl, settings)
    return {name: rows for name, rows in state(settings).items() if name != "hub_snapshots"}


def test_a_crawl_lays_columns_beside_each_page_and_they_go_once_the_day_is_loaded(
    connected: Settings,
) -> None:
    crawl = hub.crawl(replace(connected, scope="census"), DAY, [])
    assert kept(connected) == [f"page-{number:05d}.columns" for number in range(len(crawl.pages))]
    with_columns = loaded(connected, crawl)
    assert kept(connected) == []
    assert loaded(replace(connected, home=connected.home / "again"), crawl) == with_columns


def test_columns_of_a_day_that_is_refused_wait_for_it(settings: Settings) -> None:
    crawl = replace(landed(settings), is_complete=False)
    with pytest.raises(DayRejected):
        loaded(settings, crawl)
    assert len(kept(settings)) == 2
    loaded(replace(settings, accept=True), crawl)
    assert kept(settings) == []


def test_the_load_reads_columns_where_they_are(settings: Settings) -> None:
    crawl = landed(settings)
    others = columns_of(orjson.dumps([item(n) for n in range(90, 95)]))
    assert others is not None
    crawl.keep_columns(crawl.pages[1], packed(others))
    loaded(settings, crawl)
    assert query(settings, "select count(*), max(likes) from raw.hub_model_counters") == [(10, 94)]


def cut_short(crawl: Crawl, content: bytes) -> bytes:
    return content[:-7]


def with_a_bit_turned(crawl: Crawl, content: bytes) -> bytes:
    return content[:60] + bytes([content[60] ^ 1]) + content[61:]


def of_another_page(crawl: Crawl, content: bytes) -> bytes:
    return (crawl.folder / "page-00000.columns").read_bytes()


@pytest.mark.parametrize("change", [cut_short, with_a_bit_turned, of_another_page, lambda *_: b""])
def test_damaged_columns_are_made_again(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, change: Callable[[Crawl, bytes], bytes]
) -> None:
    crawl = landed(settings)
    path = crawl.folder / "page-00001.columns"
    path.write_bytes(change(crawl, path.read_bytes()))
    whole = replace(settings, home=tmp_path_factory.mktemp("whole"))
    assert loaded(settings, crawl) == loaded(whole, landed(whole))


def test_columns_of_an_earlier_version_are_made_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(page_columns, "_VERSION", b"earlier.")
        crawl = landed(settings)
    (crawl.folder / "page-00000.columns").unlink()
    assert len(loaded(settings, crawl)["hub_model_counters"]) == 10


def test_a_crawl_without_room_for_columns_goes_on(connected: Settings, upstream: Upstream) -> None:
    def occupy(progress: hub.Progress) -> None:
        """The place of the next page's columns is taken by a folder."""
        (crawl_folder,) = connected.landing.rglob("crawl-1")
        (crawl_folder / f"page-{progress.page.number + 1:05d}.columns").mkdir()

    crawl = hub.crawl(replace(connected, scope="census"), DAY, [], report=occupy)
    assert crawl.is_complete
    assert len(loaded(connected, crawl)["hub_model_counters"]) == crawl.rows


def test_listings_of_other_fields_have_no_columns(connected: Settings) -> None:
    query_of_cards = {"limit": 100, "expand": ["cardData"]}
    request = Request("licence_cards", "census", "census", {"cards": query_of_cards}, {"cards": 100})
    hub.land(connected, DAY, request)
    assert kept(connected) == []


# ---- pages that cannot be read whole -----------------------------------------------------------------


def test_a_page_with_odd_values_has_no_columns(settings: Settings) -> None:
    crawl = land(settings, "2026-01-01", [item(1), item(2, likes=-1)])
    odd = keep_columns(crawl, crawl.pages[0], columns_of(crawl.read(crawl.pages[0])))
    assert dict(odd.counts) == {"likes": 1}
    assert kept(settings) == []


def test_a_page_that_is_read_item_by_item_without_finding_any_has(settings: Settings) -> None:
    crawl = land(settings, "2026-01-01", [item(1), item(2, library_name="\x01")])
    assert columns_of(crawl.read(crawl.pages[0])) is None, "a name could be spelt with an escape"
    assert not keep_columns(crawl, crawl.pages[0], None).counts
    assert len(kept(settings)) == 1
    loaded(settings, crawl)
    assert query(settings, "select library_name from raw.hub_model_cards order by all") == [
        ("\x01",),
        (None,),
    ]


NAMES = ["_id", "id", "createdAt", "likes", "tags", "baseModels", "private", "safetensors"]
WHOLE = {
    "tags": ["a:b", 'c": d'],
    "baseModels": {"relation": "finetune", "models": [{"_id": "a" * 24, "id": "a/b"}, {"id": "a/c"}]},
    "safetensors": {"parameters": {"BF16": 5}, "total": 5},
    "gguf": {"total": 5, "architecture": "llama", "chat_template": 'if "x": "likes": 5'},
    "modelId": "a/b",
}


def test_ordinary_items_are_read_whole() -> None:
    columns = columns_of(orjson.dumps([item(1, **WHOLE), item(2), item(3, tags=None, safetensors={})]))
    assert isinstance(columns, Columns)
    assert columns_of(b"[]") is not None


@pytest.mark.parametrize("spelt", ['"{}":{}', '"{}" :{}', '"{}"\n:{}', ' "{}":{}', '"\\u{:04x}{}":{}'])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_twice_in_an_item_however_it_is_spelt_is_found(name: str, spelt: str) -> None:
    one = item(1, **WHOLE)
    value = orjson.dumps(one[name]).decode()
    first = (ord(name[0]), name[1:]) if "u{" in spelt else (name,)
    again = spelt.format(*first, value)
    assert columns_of(f"[{orjson.dumps(one).decode()[:-1]},{again}}}]".encode()) is None
    assert columns_of(f"[{{{again},{orjson.dumps(one).decode()[1:]}]".encode()) is None


@pytest.mark.parametrize("inside", ['{"total":1,"total":1}', '{"total":1,"x":{"total":2}}'])
def test_so_is_one_inside_of_a_field(inside: str) -> None:
    text = orjson.dumps(item(1)).decode()[:-1]
    assert columns_of(f'[{text},"gguf":{inside}}}]'.encode()) is None


# ---- fields that change upstream ---------------------------------------------------------------------


def test_a_field_that_changed_is_told_of_once_on_the_page_where_that_begins(
    connected: Settings, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(connected, scope="census")
    upstream.faults.add("flip", skip=1, times=0, field="downloads", count=500)
    with caplog.at_level(logging.WARNING):
        crawl = hub.crawl(settings, DAY, [])
    (told,) = [record.getMessage() for record in caplog.records if "changed upstream" in record.getMessage()]
    assert told.startswith("Field downloads changed upstream: ")
    assert f"from page 1 (census, {crawl.folder / 'page-00001.json.zst'}) on" in told
    with pytest.raises(DayRejected, match="field downloads changed upstream"):
        loaded(settings, crawl)


def test_one_odd_value_is_no_change(settings: Settings) -> None:
    crawl = land(settings, "2026-01-01", [*(item(n) for n in range(1, 20)), item(20, likes=-1)])
    odd = keep_columns(crawl, crawl.pages[0], None)
    assert odd.counts and odd.changes(settings) == {}
