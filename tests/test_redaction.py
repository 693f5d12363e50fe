"""Secrets: refused when odd, and in no text that is raised, logged, printed or posted."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import dagster as dg
import httpx2
import pytest

from dagster_project.defs.resources import readable_errors
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.markets.vintages import Fetched
from dagster_project.lib.publish import alerts
from dagster_project.lib.redaction import HIDDEN, keep_secret, redact, redact_bytes
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.fetch import Outcome
from dagster_project.lib.sources.http import Limits, RequestFailed, ask
from dagster_project.lib.sources.web import Web
from tests.answering import Request, answering

KEY = 'sk-or-v1/Qu"o\\ted+and=long'
BROKEN = "sk-or-v1-FirstLineOfTheKey\n# note of its owner"
HOOK = "https://hooks.example.org/services/T000/very-secret?x=1"


@pytest.fixture(autouse=True)
def known(tmp_path: Path) -> None:
    Settings(home=tmp_path, openrouter_key=KEY, alert_webhook=HOOK)


@pytest.mark.parametrize(
    "written",
    [KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY), repr(KEY)[1:-1], repr(KEY.encode())[2:-1],
     json.dumps(KEY)[1:-1], HOOK, "/services/T000/very-secret?x=1"],
)  # fmt: skip
def test_a_secret_is_taken_out_in_every_form(written: str) -> None:
    assert redact(f"before {written} after") == f"before {HIDDEN} after"
    assert redact_bytes(f"before {written} after".encode()) == f"before {HIDDEN} after".encode()


def test_what_is_too_short_to_be_a_key_is_left_alone(tmp_path: Path) -> None:
    Settings(home=tmp_path, hub_token="model")
    assert redact("a model") == "a model"


def test_each_line_of_a_secret_with_several_is_one(tmp_path: Path) -> None:
    Settings(home=tmp_path, openrouter_key=BROKEN)
    assert "FirstLine" not in redact("Illegal header value b'Bearer sk-or-v1-FirstLineOfTheKey'")
    assert "FirstLine" not in redact(repr(BROKEN)) + redact(repr(BROKEN.encode()))


def test_errors_and_details_are_redacted_where_they_are_made() -> None:
    assert str(ModelTideError(f"it said {KEY}")) == f"it said {HIDDEN}"
    assert Outcome("item", datetime.now(UTC), "error", f"it said {KEY}").detail == f"it said {HIDDEN}"
    assert Fetched("BABA", "error", f"it said {KEY}").detail == f"it said {HIDDEN}"
    assert Fetched("BABA", "ok").detail is None


def test_log_records_are_redacted_with_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("some.library")
    logger.warning("header %r of %s", KEY, "x")
    try:
        raise ValueError(f"illegal value {KEY}")
    except ValueError:
        logger.exception("it failed")
    assert "header '<secret>' of x" in caplog.text
    assert "ValueError: illegal value <secret>" in caplog.text
    assert KEY not in caplog.text


def test_a_log_record_whose_arguments_do_not_fit_is_left_to_its_handler() -> None:
    record = logging.getLogRecordFactory()("n", logging.INFO, "f", 1, "%d", ("text",), None)
    assert record.args == ("text",)


def test_a_traceback_that_ends_the_process_shows_no_secret() -> None:
    raising = (
        "from dagster_project.lib.redaction import keep_secret; key = 'sk-' + 'planted' * 3; "
        "keep_secret(key); raise ValueError(key)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", raising],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "ValueError: <secret>" in ended.stderr
    assert "plantedplanted" not in ended.stderr


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


@pytest.mark.parametrize("kind", [ModelTideError, ValueError])
def test_dagster_stores_no_secret_of_an_error_nor_of_what_led_to_it(
    instance: dg.DagsterInstance, kind: type[Exception]
) -> None:
    @dg.op
    def breaks() -> None:
        with readable_errors():
            try:
                raise OSError(f"illegal value {KEY}")
            except OSError as error:
                raise kind(f"the key {KEY} was refused") from error

    @dg.job(executor_def=dg.in_process_executor)
    def doomed() -> None:
        breaks()

    result = doomed.execute_in_process(instance=instance, raise_on_error=False)
    stored = "".join(record.event_log_entry.to_json() for record in stored_events(instance, result.run_id))
    assert "the key <secret> was refused" in stored
    assert "Qu" + '\\"' not in stored and "ted+and=long" not in stored


def stored_events(instance: dg.DagsterInstance, run_id: str) -> list[dg.EventLogRecord]:
    return list(instance.get_records_for_run(run_id).records)


def test_an_alert_says_no_secret() -> None:
    with answering(lambda request: request.say(200)) as server:
        alerts.post(alerts.failed_run("run", None, "id", [f"it said {KEY}"]), server.url)
    assert json.loads(server.seen[0].body)["text"].endswith(f"it said {HIDDEN}")


def test_an_alert_to_an_address_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "DEADLINE", 0.3)
    with (
        answering(lambda request: request.trickle(b"", b"H")) as server,
        pytest.raises(alerts.AlertNotSent, match="no whole answer within 0 s"),
    ):
        alerts.post(alerts.failed_run("run", None, "id", []), server.url)


def test_what_a_server_echoes_is_landed_without_the_key() -> None:
    def echo(request: Request) -> None:
        request.say(200, f"you sent {request.headers['Authorization']}".encode())

    with answering(echo) as server, Web(server.url, "https://models.dev", 0.0) as web:
        answer = web.get("/", headers={"Authorization": f"Bearer {KEY}"})
    assert server.seen[0].authorization == f"Bearer {KEY}"
    assert answer.body == f"you sent Bearer {HIDDEN}".encode()


def test_a_key_that_no_header_can_hold_is_not_told_by_the_client(tmp_path: Path) -> None:
    keep_secret(BROKEN)
    with answering(lambda request: request.say(200)) as server:
        with Web(server.url, "https://models.dev", 0.0) as web:
            answer = web.get("/", headers={"Authorization": f"Bearer {BROKEN}"})
        assert server.seen == []
    assert answer.status == "error" and answer.detail is not None
    assert "Illegal header value" in answer.detail
    assert "FirstLine" not in answer.detail and "note" not in answer.detail


def test_an_error_of_the_boundary_has_no_cause_that_tells() -> None:
    keep_secret(BROKEN)
    with pytest.raises(RequestFailed) as raised, httpx2.Client() as client:
        ask(
            lambda: client,
            "GET",
            "http://127.0.0.1:9",
            Limits(1, 1.0, 1.0, 1.0, 1.0, 0),
            origin="http://127.0.0.1:9",
            secret_headers={"Authorization": f"Bearer {BROKEN}"},
        )
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
