"""What one item of a page may hold: the others load as they do without it, and it is counted and named.

Belongs here: whole pages through the loader, with items that no schema foresees.
Does not belong here: from which share of the models a field has changed (test_load_day).
"""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from dagster_project.lib.hub.fields import FIELDS
from dagster_project.lib.hub.load_day import Loaded, load_crawl
from dagster_project.lib.hub.page_columns import Columns, columns_of
from dagster_project.lib.hub.read_pages import kept_of
from dagster_project.lib.record.items import items_of
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from tests.landed import bodies, item, land, load, query, state
from tests.old_home import unpacked

OTHERS = [item(n) for n in range(1, 13)]
FIRST = 100  # number of the first odd item


def text_of(item: dict[str, Any], **raw: str) -> str:
    """An item as JSON text, with fields as text that no encoder would write."""
    given = {name: orjson.dumps(value).decode() for name, value in item.items()} | raw
    return object_of(list(given.items()))


def object_of(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"


def land_text(settings: Settings, day: str, *pages: list[str]) -> Crawl:
    """A crawl whose pages are made of items as text."""
    crawl = land(settings, day)
    crawl.is_complete = False
    for page in pages:
        body = f"[{','.join(page)}]".encode("utf-8", "surrogateescape")
        crawl.add_page("top", body, len(page), crawl.started_at, None)
    crawl.finish()
    return crawl


def load_text(settings: Settings, day: str, *pages: list[str]) -> Loaded:
    crawl = land_text(settings, day, *pages)
    with up_to_date(settings) as connection:
        return load_crawl(connection, crawl, settings)


HUGE = "9" * 5_000
NESTED = "[" * 200 + "]" * 200  # DuckDB reads 128, Python some 1,000
TOO_DEEP = "[" * 3_000 + "]" * 3_000
CASES = [
    ("safetensors", '{"total":"7615616512"}', "safetensors_parameters"),
    ("safetensors", '{"total":7615616512.5}', "safetensors_parameters"),
    ("safetensors", '{"total":1e21}', "safetensors_parameters"),
    ("safetensors", '{"total":-5}', "safetensors_parameters"),
    ("safetensors", '{"total":9223372036854775808}', "safetensors_parameters"),
    ("safetensors", "[7]", "safetensors_parameters"),
    ("safetensors", '{"total":1,"total":2}', "safetensors_parameters"),
    ("gguf", '"7B"', "gguf_parameters"),
    ("baseModels", '{"models":["Qwen/Qwen3-8B"]}', "base_models"),
    ("baseModels", '{"models":{"id":"Qwen/Qwen3-8B"}}', "base_models"),
    ("baseModels", '{"models":[{"id":"/cache/models/45363f1d"}]}', "base_models"),
    ("baseModels", '{"models":[{"id":5}]}', "base_models"),
    ("baseModels", '{"relation":5}', "base_relation"),
    ("baseModels", '["a/b"]', "base_models"),
    ("downloads", "-1", "downloads_30d"),
    ("downloads", "9223372036854775808", "downloads_30d"),
    ("downloads", "9223372036854775807", "downloads_30d"),
    ("downloads", HUGE, "downloads_30d"),
    ("downloads", "NaN", "downloads_30d"),
    ("downloads", "true", "downloads_30d"),
    ("likes", "-1", "likes"),
    ("downloadsAllTime", "-1", "downloads_all_time"),
    ("downloadsAllTime", '"12"', "downloads_all_time"),
    ("usedStorage", "1.5", "used_storage_bytes"),
    ("trendingScore", '"12"', "trending_score"),
    ("trendingScore", "Infinity", "trending_score"),
    ("trendingScore", "1e300", "trending_score"),
    ("author", "5", None),
    ("author", '"a b"', None),
    ("tags", '[1,"license:mit"]', "tags"),
    ("tags", "[null]", "tags"),
    ("tags", '"license:mit"', "tags"),
    ("tags", '["\\ud83d"]', "tags"),
    ("tags", '["a\\u0000b"]', "tags"),
    ("tags", NESTED, "tags"),
    ("tags", TOO_DEEP, "tags"),
    ("library_name", "5", "library_name"),
    ("library_name", '"\udcff"', "library_name"),
    ("library_name", '"a","library_name":"b"', "library_name"),
    ("pipeline_tag", '{"a":1}', "pipeline_tag"),
    ("createdAt", '"infinity"', "created_at"),
    ("createdAt", '"290000-01-01T00:00:00.000Z"', "created_at"),
    ("createdAt", '"1970-01-01T00:00:00.000Z"', "created_at"),
    ("createdAt", '"2025-02-31T00:00:00.000Z"', "created_at"),
    ("createdAt", "null", "created_at"),
    ("lastModified", "1735689600", "last_modified"),
    ("gated", "1", "gated"),
    ("gated", '"sometimes"', "gated"),
]
LEFT_OUT = [
    ("_id", '"0000000000000000000000AB"'),
    ("_id", "5"),
    ("_id", "null"),
    ("id", "5"),
    ("id", '["maker/model-7"]'),
    ("id", '"maker/model-7/main"'),
    ("id", '"../model-7"'),
    ("private", '"true"'),
    ("private", "1"),
]
NO_OBJECTS = ["null", '"text"', "5", "[1]", "true", TOO_DEEP, '{"a":1 "b"}']


def odd_item(number: int, field: str, value: str) -> str:
    odd = item(number)
    odd.pop(field, None)
    return text_of(odd, **{field: value})


def others_of(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What the raw tables say of the models that are not odd."""
    hub_ids = [one["_id"] for one in OTHERS]
    return {
        name: [row for row in rows if row[0] in hub_ids]
        for name, rows in state(settings).items()
        if name != "hub_snapshots"
    }


@pytest.fixture(scope="module")
def one_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Loaded]:
    """All cases on one page, among others."""
    settings = Settings(home=tmp_path_factory.mktemp("odd") / "data")
    page = [text_of(one) for one in OTHERS]
    for number, (field, value, *_) in enumerate([*CASES, *LEFT_OUT], FIRST):
        page.insert(number % len(page), odd_item(number, field, value))
    page[3:3] = NO_OBJECTS
    return settings, load_text(settings, "2026-01-01", page)


def test_the_others_load_and_equal_what_they_are_without(
    settings: Settings, one_page: tuple[Settings, Loaded]
) -> None:
    odd, loaded = one_page
    load(settings, "2026-01-01", OTHERS)
    assert others_of(odd) == others_of(settings)
    assert loaded.row_count == len(OTHERS) + len(CASES)


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{name}={value[:30]}" for name, value, _ in CASES])
def test_a_value_that_cannot_be_is_null_for_its_model(one_page: tuple[Settings, Loaded], case: int) -> None:
    _, _, column = CASES[case]
    settings, _ = one_page
    (file,) = (settings.snapshots / "hub").glob("*.parquet")
    hub_id = f"{FIRST + case:024x}"
    sql = f"select {column or 'publisher'} from read_parquet(?) where hub_id = ?"
    kept = query(settings, sql, str(file), hub_id)
    assert kept == [(None if column else "maker",)], "an account that cannot be is the one in the id"


def test_they_are_counted_and_named_and_so_are_the_items_left_out(one_page: tuple[Settings, Loaded]) -> None:
    settings, loaded = one_page
    found = {line.partition(":")[0]: line for line in loaded.odd_values}
    tried = Counter(field for field, *_ in [*CASES, *LEFT_OUT]) + Counter({"item": len(NO_OBJECTS)})
    assert {field: int(line.split()[1]) for field, line in found.items()} == dict(tried)
    assert all(len(line) < 350 and line.isprintable() for line in found.values())
    assert "library_name: 3 (" in found["library_name"] and "maker/model-" in found["library_name"]
    assert "maker" not in found["private"], "what may be private is not named"
    assert "page 0, item " in found["item"]
    counted = query(settings, "select odd_values, odd_value_count, left_out from raw.hub_snapshots")
    assert counted == [(loaded.odd_values, tried.total(), len(LEFT_OUT) + len(NO_OBJECTS))]


def test_of_a_private_model_nothing_odd_is_told(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1), item(2, private=True, likes=-1, tags="secret")])
    counts = query(settings, "select private_rows, odd_value_count, odd_values from raw.hub_snapshots")
    assert counts == [(1, 0, [])]


def test_odd_values_are_in_the_record_and_outlive_a_rebuild(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1), item(2, likes=-1)])
    before = query(settings, "select odd_values, odd_value_count, left_out from raw.hub_snapshots")
    assert before == [(["likes: 1 (maker/model-2: -1)"], 1, 0)]
    rebuild(settings, lambda _: None)
    assert query(settings, "select odd_values, odd_value_count, left_out from raw.hub_snapshots") == before


def test_the_home_of_an_earlier_build_gets_the_columns(tmp_path: Path) -> None:
    settings = unpacked(tmp_path)
    with up_to_date(settings) as connection:
        rows = connection.execute("select distinct odd_values, left_out from raw.hub_snapshots").fetchall()
        says = connection.execute(
            "select comment from duckdb_columns() where column_name = 'left_out' and schema_name = 'raw'"
        ).fetchall()
    assert rows == [(None, None)]
    assert "left out" in says[0][0].lower()


# ---- any item -----------------------------------------------------------------------------------------

NAMES = [field.name for field in FIELDS]
TEXTS = [
    '""', '"x"', '"a/b"', '"a/b/c"', '"/cache/x"', '"true"', '"12"', '"-1"', '"infinity"', '"2025-01-01"',
    '"2025-13-01T00:00:00Z"', '"2025-01-01T24:00:00Z"', '"2025-01-01T00:00:60Z"', '"20250101"',
    '"2025-01-01T00:00:00+08:00"', '"0001-01-01T00:00:00+14:00"', '"auto"', '"manual"', '"\\u0000"',
    '"\\ud83d"', '"\\ude00"', '"\\ud83d\\ude00"', '"\\n\\"\\\\"', '"\\u0001"', '"\udc80"', '"é"',
    '"' + "x" * 300 + '"', '"2025-01-01T00:00:00.1234567Z"', "\"'; drop table x; --\"", '"{}"', '"[]"',
    '"000000000000000000000063"', '"00000000000000000000006F"',
]  # fmt: skip
NUMBERS = [
    "0", "-0", "-1", "1", "1.0", "1.5", "1e3", "1E400", "-1e400", "NaN", "-Infinity", "999999999999999",
    "1000000000000000", "999999999999999.5", "9223372036854775807", "9223372036854775808", "1" * 40, HUGE,
    "0.1234567890123456789", "true", "false", "null",
]  # fmt: skip


def any_value(chance: random.Random, depth: int = 0) -> str:
    """A value as JSON text: what was seen to go wrong, and what may."""
    kind = chance.random()
    if kind < 0.35 or depth > 3:
        return chance.choice(TEXTS)
    if kind < 0.65:
        return chance.choice(NUMBERS)
    if kind < 0.67:
        deep = chance.choice([5, 127, 130, 1_200])
        return "[" * deep + "]" * deep
    inner = [any_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 0.82:
        return f"[{','.join(inner)}]"
    names = [chance.choice(["total", "relation", "models", "id", "x", "total"]) for _ in inner]
    return object_of(list(zip(names, inner, strict=True)))


def any_item(chance: random.Random, number: int, field: str) -> str:
    """An item of which one field holds anything, a second one at times, at times twice, or it is no item."""
    if chance.random() < 0.03:
        return any_value(chance)
    values = {field: any_value(chance)}
    if chance.random() < 0.2:
        values[chance.choice(NAMES)] = any_value(chance)
    odd = {name: value for name, value in item(number).items() if name not in values}
    text = text_of(odd, **values)
    return f'{text[:-1]},"{field}":{any_value(chance)}}}' if chance.random() < 0.1 else text


def assert_any_item_costs_no_other(home: Path, seed: int, odd: int, page_size: int = 1_000) -> None:
    """`odd` items, cycling over the fields, each page of them among others that are ordinary."""
    chance = random.Random(seed)
    fields = [NAMES[n % len(NAMES)] for n in range(odd)]
    first = 1_000_000
    ordinary = [item(n) for n in range(1, 10 * odd + 1)]
    texts = [text_of(one) for one in ordinary]
    for number, field in enumerate(fields):
        texts.insert(chance.randrange(len(texts) + 1), any_item(chance, first + number, field))
    pages = [texts[n : n + page_size] for n in range(0, len(texts), page_size)]
    with_odd, plain = Settings(home=home / "odd", accept=True), Settings(home=home / "plain")
    loaded = load_text(with_odd, "2026-01-01", *pages)
    load(plain, "2026-01-01", ordinary)
    found, expected = state(with_odd), state(plain)
    ours = {f"{n:024x}" for n in range(1, 10 * odd + 1)}
    for name, rows in expected.items():
        if name != "hub_snapshots":
            assert [row for row in found[name] if row[0] in ours] == rows, name
    counted, left_out = query(with_odd, "select odd_value_count, left_out from raw.hub_snapshots")[0]
    by_field = {one.partition(":")[0]: int(one.split()[1]) for one in loaded.odd_values}
    print(f"\nseed {seed}: {odd} items tried, {min(Counter(fields).values())} or more a field; "
          f"{len(ordinary)} others equal; {loaded.row_count - len(ordinary)} of them loaded, {left_out} left "
          f"out, {counted} values that cannot be: {by_field}")  # fmt: skip
    assert counted > odd / 3


def rows_of(columns: Columns) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute("from columns").fetchall()


def assert_the_readers_agree(seed: int, tries: int) -> None:
    """What is read whole can be, and is the same once it has been read item by item."""
    chance = random.Random(seed)
    whole = 0
    for _ in range(tries):
        field, value = chance.choice(NAMES), any_value(chance)
        text = odd_item(1, field, value)
        if chance.random() < 0.1:
            text = f'{text[:-1]},"{field}":{any_value(chance)}}}'
        page = f"[{text}]".encode("utf-8", "surrogateescape")
        columns = columns_of(page)
        if columns is not None:
            kept, odd = kept_of(items_of(page)[0])
            again = columns_of(orjson.dumps([kept]), is_mended=True)
            assert again is not None and not odd and rows_of(again) == rows_of(columns), text
            whole += 1
    assert tries / 20 < whole < tries


def test_whatever_an_item_holds_the_others_load_and_equal_what_they_are_without_it(tmp_path: Path) -> None:
    assert_any_item_costs_no_other(tmp_path, seed=18, odd=100)
    assert_the_readers_agree(seed=18, tries=200)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_so_it_is_with_thousands_of_items(tmp_path: Path, seed: int) -> None:
    assert_any_item_costs_no_other(tmp_path, seed, odd=720)
    assert_the_readers_agree(seed, tries=1_000)


def test_the_pages_that_are_read_are_those_that_were_landed(settings: Settings) -> None:
    """What cannot be is set aside on the way: landing keeps it, to be read again by a later version."""
    crawl = land_text(settings, "2026-01-01", [text_of(item(1)), text_of(item(2), likes="-1")])
    before = bodies(crawl)
    with up_to_date(settings) as connection:
        load_crawl(connection, crawl, settings)
    assert bodies(crawl) == before
