"""The four small upstreams over HTTP: they answer as the real ones are documented to."""

from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from dagster_project.synthetic.api_routes import NPM_LONGEST, SYNTHETIC_KEY
from dagster_project.synthetic.api_world import NPM_LOST_DAY, catalogue_of, tokens_of
from dagster_project.synthetic.faults import CATALOGUE_PATH, TOKENS_PATH
from dagster_project.synthetic.server import Upstream

CLIENT = httpx2.Client(timeout=5)
KEY = {"Authorization": f"Bearer {SYNTHETIC_KEY}"}


def tokens(upstream: Upstream, **parameters: str) -> httpx2.Response:
    return CLIENT.get(upstream.url + TOKENS_PATH, params=parameters, headers=KEY)


def test_fifty_models_and_other_a_day_as_text(upstream: Upstream) -> None:
    answer = tokens(upstream, start_date="2026-01-01", end_date="2026-01-13", period="day").json()
    assert answer["meta"] == {
        "as_of": "2026-01-14T02:00:00Z",
        "start_date": "2026-01-01", "end_date": "2026-01-13", "version": "v1",
    }  # fmt: skip
    day = [row for row in answer["data"] if row["date"] == "2026-01-13"]
    assert len(day) == 51 and day[-1]["model_permaslug"] == "other"
    assert all(isinstance(row["total_tokens"], str) for row in day)
    counts = [int(row["total_tokens"]) for row in day]
    assert counts[:50] == sorted(counts[:50], reverse=True)


def test_a_week_has_as_many_tokens_as_was_reported_of_the_real_one() -> None:
    """About 1 trillion in March 2025, 5 in September, 6.4 to 13 in January and February 2026."""
    late = datetime(2026, 3, 31, 2, tzinfo=UTC)

    def trillions(first: date) -> float:
        days = [dict(tokens_of(first + timedelta(n), late)) for n in range(7)]
        return sum(sum(day.values()) for day in days) / 1e12

    assert 0.5 < trillions(date(2025, 3, 3)) < 2
    assert 2.5 < trillions(date(2025, 9, 1)) < 6
    assert 6 < trillions(date(2026, 1, 5)) < trillions(date(2026, 2, 16)) < 13
    last = dict(tokens_of(date(2026, 2, 22), late))
    assert 0.05 < max(last.values()) / sum(last.values()) < 0.15


def test_a_running_day_has_no_row_and_a_finished_one_is_restated_for_five_days(upstream: Upstream) -> None:
    day = date(2026, 1, 13)
    stated = [
        dict(tokens_of(day, datetime(2026, 1, 13 + age, 2, tzinfo=UTC))).get("google/gemini-2.5-pro", 0)
        for age in range(8)
    ]
    assert stated[0] == 0
    assert stated[1] < stated[2] < stated[3] < stated[4] < stated[5] < stated[6] == stated[7]


def test_without_the_right_key_there_is_nothing(upstream: Upstream) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-or-v1-other"}):
        assert CLIENT.get(upstream.url + TOKENS_PATH, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("start", "end"), [("2025-01-01", "2026-01-02"), ("2026-01-02", "2026-01-01"), ("x", "2026-01-01")]
)
def test_a_window_that_is_none_is_refused(upstream: Upstream, start: str, end: str) -> None:
    assert tokens(upstream, start_date=start, end_date=end).status_code == 400


def test_the_catalogue_lists_offers_by_provider(upstream: Upstream) -> None:
    catalogue = CLIENT.get(upstream.url + CATALOGUE_PATH).json()
    assert "anthropic/claude-sonnet-4.5" in catalogue["openrouter"]["models"]
    own = catalogue["anthropic"]["models"]["claude-sonnet-4.5"]
    assert (own["open_weights"], own["cost"]["input"]) == (False, 3)
    assert catalogue_of(date(2026, 3, 1)) != catalogue


def npm(upstream: Upstream, period: str, package: str) -> httpx2.Response:
    return CLIENT.get(f"{upstream.url}/downloads/range/{period}/{package}")


def test_npm_answers_zero_for_days_that_are_not_counted_yet_or_lost(upstream: Upstream) -> None:
    upstream.set_now(datetime(2026, 1, 24, 6, tzinfo=UTC))
    answer = npm(upstream, "2026-01-20:2026-01-24", "@anthropic-ai/sdk").json()
    zero = [day["day"] for day in answer["downloads"] if day["downloads"] == 0]
    assert zero == [str(NPM_LOST_DAY), "2026-01-24"]
    assert answer["package"] == "@anthropic-ai/sdk"


def test_npm_refuses_long_ranges_lists_and_unknown_packages(upstream: Upstream) -> None:
    first = date(2026, 1, 1)
    assert npm(upstream, f"{first - timedelta(NPM_LONGEST)}:{first}", "openai").status_code == 200
    assert npm(upstream, f"{first - timedelta(NPM_LONGEST + 1)}:{first}", "openai").status_code == 400
    assert npm(upstream, "2026-01-01:2026-01-02", "openai,@google/genai").status_code == 400
    assert npm(upstream, "2026-01-01:2026-01-02", "no-such-package").status_code == 404


def test_pypistats_answers_180_days_with_or_without_mirrors(upstream: Upstream) -> None:
    url = f"{upstream.url}/api/packages/vllm/overall"
    without = CLIENT.get(url, params={"mirrors": "false"}).json()["data"]
    assert {row["category"] for row in without} == {"without_mirrors"} and len(without) == 180
    assert len(CLIENT.get(url).json()["data"]) == 360
    assert CLIENT.get(f"{upstream.url}/api/packages/no-such/overall").status_code == 404


def test_every_endpoint_of_the_environment_is_this_server(upstream: Upstream) -> None:
    endpoints = {value for name, value in upstream.environment.items() if name.endswith("_ENDPOINT")}
    assert endpoints == {upstream.url} and len(upstream.environment) == 7
