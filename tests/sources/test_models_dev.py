"""The catalogue of models.dev: a row per change, and an outage changes nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest

from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.models_dev import read_answer, snapshot_catalogue
from dagster_project.lib.warehouse.raw_tables import MODELS_DEV
from dagster_project.synthetic.api_world import CHEAPER_MODEL, LATE_MODEL, OPENED_MODEL
from dagster_project.synthetic.faults import CATALOGUE_PATH
from dagster_project.synthetic.server import Upstream
from tests.landed import query
from tests.small_sources import fetch_on, rebuilds_to_the_same, settings_at, statuses

ROWS = "from raw.models_dev_catalogue order by all"


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


def test_only_changes_add_rows(home: Settings, upstream: Upstream) -> None:
    """Between the mornings a model is listed, one becomes cheaper and one publishes its weights."""
    for day in ("2026-01-29", "2026-01-31", "2026-02-02", "2026-02-05"):
        fetch_on(home, upstream, day, snapshot_catalogue)
    changes = query(
        home,
        "select distinct first_seen, model_id, open_weights from raw.models_dev_catalogue "
        "where first_seen > date '2026-01-29' and provider = 'openrouter' order by first_seen",
    )
    assert changes == [
        (date(2026, 1, 31), LATE_MODEL, True),
        (date(2026, 2, 2), CHEAPER_MODEL, False),
        (date(2026, 2, 5), OPENED_MODEL, True),
    ]
    assert rebuilds_to_the_same(home, MODELS_DEV)


def test_an_offer_that_leaves_gets_a_row_that_says_so(home: Settings, upstream: Upstream) -> None:
    fetch_on(home, upstream, "2026-02-05", snapshot_catalogue)
    fetch_on(home, upstream, "2026-02-05", lambda connection, *_: connection.execute(
        "update raw.models_dev_catalogue set model_id = 'gone/by-now' where model_id = ?", [LATE_MODEL]
    ))  # fmt: skip
    fetch_on(home, upstream, "2026-02-06", snapshot_catalogue)
    last = query(
        home,
        "select first_seen, is_listed, open_weights from raw.models_dev_catalogue "
        "where model_id = 'gone/by-now' and provider = 'openrouter' order by first_seen desc",
    )
    assert last[0] == (date(2026, 2, 6), False, None)


@pytest.mark.parametrize(
    ("fault", "status"), [("no_rows", "empty"), ("html", "malformed"), ("not_a_list", "empty")]
)
def test_an_answer_that_cannot_be_used_changes_nothing(
    home: Settings, upstream: Upstream, fault: str, status: str
) -> None:
    fetch_on(home, upstream, "2026-01-14", snapshot_catalogue)
    before = query(home, ROWS)
    upstream.faults.add(fault, path=CATALOGUE_PATH)
    fetch_on(home, upstream, "2026-01-15", snapshot_catalogue)
    assert statuses(home, "models_dev_fetches", "2026-01-15")["api.json"][0] == status
    assert query(home, ROWS) == before


def test_a_catalogue_that_lost_a_third_of_its_offers_changes_nothing(
    home: Settings, upstream: Upstream
) -> None:
    fetch_on(home, upstream, "2026-01-14", snapshot_catalogue)
    fetch_on(home, upstream, "2026-01-14", lambda connection, *_: connection.execute(
        "insert into raw.models_dev_catalogue select 'more', model_id || provider, * exclude "
        "(provider, model_id) from raw.models_dev_catalogue"
    ))  # fmt: skip
    before = query(home, ROWS)
    (outcome,) = fetch_on(home, upstream, "2026-01-15", snapshot_catalogue)
    assert outcome.status == "short" and "nothing was changed" in outcome.detail
    assert query(home, ROWS) == before


def test_an_entry_of_another_shape_is_named_and_the_others_are_read() -> None:
    model = {
        "name": "M", "open_weights": "yes", "release_date": "2025-03",
        "cost": {"input": -1, "output": "2"}, "limit": [],
    }  # fmt: skip
    answer = {"good": {"models": {"m": model, "n": None}}, "bad": [], "worse": {"models": 3}}
    reading = read_answer("api.json", orjson.dumps(answer))
    assert reading.rows == [(("good", "m"), (True, "M", None, None, None, None, None))]
    assert (reading.status, reading.detail) == ("partial", "not of the known shape: good/n, bad, worse")
