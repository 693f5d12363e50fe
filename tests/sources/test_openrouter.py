"""Tokens of OpenRouter: every fetch is kept, what cannot be used is named, and the key goes nowhere else."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest
import zstandard

from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.openrouter import fetch_tokens, read_answer, snapshot_tokens, windows_of
from dagster_project.lib.warehouse.raw_tables import OPENROUTER
from dagster_project.synthetic.api_routes import STEALTH, SYNTHETIC_KEY
from dagster_project.synthetic.faults import TOKENS_PATH
from dagster_project.synthetic.server import Upstream
from tests.landed import query
from tests.small_sources import contents, fetch_on, files_of, rebuilds_to_the_same, settings_at, statuses

DAY, NEXT = "2026-01-14", "2026-01-15"
WINDOW = "2025-12-10..2026-01-13"


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


def test_the_last_35_complete_days_are_asked_for_at_once(home: Settings, upstream: Upstream) -> None:
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert (outcome.item, outcome.status, outcome.new_rows) == (WINDOW, "ok", 35 * 51)
    assert upstream.requests[-1].query == {
        "start_date": ["2025-12-10"], "end_date": ["2026-01-13"], "period": ["day"],
    }  # fmt: skip
    row = query(home, "select as_of, attribution, origin from raw.openrouter_fetches")[0]
    assert row[0].isoformat() == "2026-01-14T02:00:00"
    assert row[1].startswith("Source: OpenRouter (openrouter.ai/rankings), as of 2026-01-14T02:00:00Z.")
    assert row[2] == "synthetic"


def test_a_restated_day_is_added_and_nothing_is_overwritten(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, DAY, snapshot_tokens)
    before = query(home, "from raw.openrouter_tokens order by all")
    upstream.faults.add("restated", factor=3)
    fetch_on(home, upstream, NEXT, snapshot_tokens)
    after = query(home, "from raw.openrouter_tokens order by all")
    assert set(before) < set(after) and len(after) == 2 * len(before)
    stated = query(
        home,
        "select as_of, total_tokens from raw.openrouter_tokens where token_date = date '2026-01-13' "
        "and model_permaslug = 'openai/gpt-4o-mini' order by as_of",
    )
    assert len(stated) == 2 and stated[0][1] < stated[1][1], "late records: restated for five days"
    assert rebuilds_to_the_same(home, OPENROUTER)


def test_a_day_is_asked_for_once_unless_refetch(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, DAY, snapshot_tokens)
    before = contents(home, OPENROUTER)
    upstream.clear_log()
    fetch_on(home, upstream, DAY, snapshot_tokens)
    assert upstream.requests == []
    assert contents(home, OPENROUTER)["openrouter_tokens"] == before["openrouter_tokens"]
    fetch_on(replace(home, refetch=True), upstream, DAY, snapshot_tokens)
    assert len(upstream.requests) == 1


def test_an_answer_is_landed_before_it_is_understood(home: Settings, upstream: Upstream) -> None:
    upstream.faults.add("html", path=TOKENS_PATH)
    fetch_on(home, upstream, DAY, snapshot_tokens)
    assert statuses(home, "openrouter_fetches", DAY)[WINDOW][0] == "malformed"
    pages = [content for name, content in files_of(home).items() if name.endswith(".zst")]
    assert [zstandard.decompress(page) for page in pages] == [b"<!doctype html><title>Be right back</title>"]
    fetch_on(home, upstream, DAY, snapshot_tokens)
    assert statuses(home, "openrouter_fetches", DAY)[WINDOW] == ("ok", None), "and asked for again"


def test_a_count_beyond_what_a_double_holds_is_kept_to_the_last_digit(
    home: Settings, upstream: Upstream
) -> None:
    beyond = 2**53 + 1
    upstream.faults.add("bad_tokens", text=str(beyond))
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert outcome.status == "ok"
    assert query(home, "select max(total_tokens) from raw.openrouter_tokens") == [(beyond,)]
    assert rebuilds_to_the_same(home, OPENROUTER)


@pytest.mark.parametrize("text", ["12,345", "", "-5", "1e9", "1.5", "9" * 40, "0x10", "١٢"])
def test_a_number_that_is_none_is_named_and_kept_as_it_was(
    home: Settings, upstream: Upstream, text: str
) -> None:
    fetch_on(home, upstream, DAY, snapshot_tokens)
    before = query(home, "from raw.openrouter_tokens order by all")
    upstream.faults.add("bad_tokens", text=text)
    (outcome,) = fetch_on(home, upstream, NEXT, snapshot_tokens)
    assert outcome.status == "partial"
    assert f"anthropic/claude-sonnet-4.5-20250929 of 2026-01-14: {text!r} is no number" in outcome.detail
    bad = query(
        home, "select token_date, unreadable_text from raw.openrouter_tokens where total_tokens is null"
    )
    assert bad == [(date(2026, 1, 14), text)]
    assert set(before) <= set(query(home, "from raw.openrouter_tokens order by all"))


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("no_other", "2026-01-13 has no row `other`"),
        ("date_gap", "no row of 2026-01-12"),
    ],
)
def test_what_an_answer_lacks_is_named(home: Settings, upstream: Upstream, fault: str, named: str) -> None:
    upstream.faults.add(fault)
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert (outcome.status, outcome.detail) == ("partial", named)
    assert outcome.new_rows > 1_700


def test_an_unclassified_model_in_the_top_ten_is_stored_like_any_other(
    home: Settings, upstream: Upstream
) -> None:
    upstream.faults.add("unclassified")
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert outcome.status == "ok"
    ranks = query(
        home,
        "select rank from (select model_permaslug, rank() over (partition by token_date "
        "order by total_tokens desc) as rank from raw.openrouter_tokens) where model_permaslug = ?",
        STEALTH,
    )
    assert set(ranks) == {(3,)}


def test_a_valid_answer_without_rows_is_no_answer(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, DAY, snapshot_tokens)
    before = query(home, "from raw.openrouter_tokens order by all")
    upstream.faults.add("no_rows")
    (outcome,) = fetch_on(home, upstream, NEXT, snapshot_tokens)
    assert (outcome.status, outcome.detail) == (
        "empty", "a valid answer without a row for 2025-12-11..2026-01-14",
    )  # fmt: skip
    assert query(home, "from raw.openrouter_tokens order by all") == before


def test_without_a_key_nothing_is_asked_and_one_line_says_why(home: Settings, upstream: Upstream) -> None:
    (outcome,) = fetch_on(replace(home, openrouter_key=None), upstream, DAY, snapshot_tokens)
    assert outcome.status == "no_key" and "OPENROUTER_API_KEY is not set" in outcome.detail
    assert upstream.requests == []
    assert statuses(home, "openrouter_fetches", DAY) == {WINDOW: ("no_key", outcome.detail)}


def test_a_refused_key_is_an_outcome_that_does_not_repeat_it(
    home: Settings, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = replace(home, openrouter_key="sk-or-v1-NobodyMaySeeThis")
    (outcome,) = fetch_on(wrong, upstream, DAY, snapshot_tokens)
    assert (outcome.status, outcome.detail) == ("refused", f"127.0.0.1:{upstream.port} answered 401")
    assert "NobodyMaySeeThis" not in caplog.text + repr(wrong)


def test_the_key_is_sent_and_never_written(
    home: Settings, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.faults.add("status", status=500, path=TOKENS_PATH)
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert outcome.status == "ok", "only the right key is answered"
    for name, content in files_of(home).items():
        text = zstandard.decompress(content) if name.endswith(".zst") else content
        assert SYNTHETIC_KEY.encode() not in text, name
    assert SYNTHETIC_KEY not in caplog.text
    assert SYNTHETIC_KEY not in str(upstream.requests)


def test_invented_tokens_do_not_enter_a_live_data_home(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, DAY, lambda connection, *_: connection.execute(
        "insert into raw.hub_snapshots by name select date '2026-01-14' as snapshot_date, "
        "true as is_accepted, 'live' as origin"
    ))  # fmt: skip
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert outcome.status == "error" and "does not belong among live days" in outcome.detail
    assert query(home, "from raw.openrouter_tokens") == []


def test_the_past_is_asked_for_in_windows_from_the_first_day_on(home: Settings, upstream: Upstream) -> None:
    outcomes = fetch_on(
        home, upstream, DAY,
        lambda connection, settings, day, now: fetch_tokens(
            connection, settings, day, now, date(2024, 12, 1), date(2026, 12, 31)
        ),
    )  # fmt: skip
    assert [o.item for o in outcomes] == ["2025-01-01..2026-01-01", "2026-01-02..2026-01-13"]
    assert {o.status for o in outcomes} == {"ok"}
    days = query(home, "select count(distinct token_date) from raw.openrouter_tokens")
    assert days == [((date(2026, 1, 13) - date(2024, 12, 31)).days,)]


def test_windows_cover_every_day_once() -> None:
    windows = windows_of(date(2025, 1, 1), date(2028, 3, 1))
    days = [a + timedelta(n) for a, b in windows for n in range((b - a).days + 1)]
    assert days == [date(2025, 1, 1) + timedelta(n) for n in range(len(days))]
    assert days[-1] == date(2028, 3, 1)
    assert all((b - a).days < 366 for a, b in windows)


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"data": {}}, {"data": []}, {"data": [], "meta": {"as_of": "yesterday"}},
        {"data": [], "meta": []},
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_malformed(answer: object) -> None:
    reading = read_answer(WINDOW, orjson.dumps(answer))
    assert reading.status == "malformed" and reading.rows == []


def test_rows_that_are_none_are_named_and_left_out() -> None:
    good = {"date": "2026-01-13", "model_permaslug": "a/b", "total_tokens": "5"}
    rows = [
        good, {**good, "model_permaslug": "other"}, {**good, "date": "2026-02-30"}, {**good, "date": None},
        {**good, "date": "2027-01-01"}, {**good, "model_permaslug": ""}, "text", None,
    ]  # fmt: skip
    answer = {"data": rows, "meta": {"as_of": "2026-01-14T02:00:00Z"}}
    reading = read_answer("2026-01-13..2026-01-13", orjson.dumps(answer))
    assert [row[1] for row in reading.rows] == ["a/b", "other"]
    assert reading.status == "partial" and reading.detail.endswith("; and 1 more")


def test_a_landed_answer_that_is_damaged_is_asked_for_again(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, DAY, snapshot_tokens)
    before = query(home, "from raw.openrouter_tokens order by all")
    (page,) = (home.landing / OPENROUTER.name / DAY).rglob("page-*")
    page.write_bytes(b"no zstandard")
    asked = len(upstream.requests)
    (outcome,) = fetch_on(home, upstream, DAY, snapshot_tokens)
    assert outcome.status == "ok"
    assert len(upstream.requests) == asked + 1
    assert query(home, "from raw.openrouter_tokens order by all") == before
