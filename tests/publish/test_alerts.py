"""The alert sensor against a local server: what it tells, once, and that a deaf server harms nothing."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.defs.alerts import alert_webhook
from dagster_project.defs.resources import from_environment
from dagster_project.lib.publish import alerts
from dagster_project.lib.settings import Settings, SettingsError

SECRET = "/services/T000/very-secret"
BEFORE = '{"run_at": 0, "runs": [], "stale": ""}'
NOW = datetime(2026, 3, 1, 12)


class Listener(ThreadingHTTPServer):
    """Keeps what was posted to it, and answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[dict[str, Any]] = []
        self.asked = 0
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        self.server.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200 and self.path == SECRET:
            self.server.heard.append(body)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listener: Listener) -> Path:
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path))
    monkeypatch.setenv("ALERT_WEBHOOK_URL", listener.url)
    return tmp_path


@dg.op
def breaks() -> None:
    raise dg.Failure("2026-01-14 was not accepted: too few models")


@dg.job(executor_def=dg.in_process_executor)
def doomed() -> None:
    breaks()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def tick(instance: dg.DagsterInstance, cursor: str | None = BEFORE) -> tuple[str, str | None]:
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"settings": Settings.from_environment()}
    )
    skip = alert_webhook(context)
    assert isinstance(skip, dg.SkipReason)
    return str(skip.skip_message), context.cursor


def publish(home: Path, captured_at: datetime) -> None:
    (home / "published").mkdir(exist_ok=True)
    with duckdb.connect(str(home / "published" / "modeltide.duckdb")) as connection:
        connection.execute(
            "create or replace table fct_snapshot_days as "
            "select cast(? as timestamp) as captured_at, true as accepted",
            [captured_at],
        )


def test_without_an_address_nobody_is_told_and_the_sensor_says_why(
    instance: dg.DagsterInstance, home: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALERT_WEBHOOK_URL")
    doomed.execute_in_process(instance=instance, raise_on_error=False)
    said, cursor = tick(instance)
    assert "ALERT_WEBHOOK_URL is not set" in said
    assert (cursor, listener.asked) == (BEFORE, 0)


def test_a_failed_run_is_told_once_with_what_its_step_said(
    instance: dg.DagsterInstance, home: Path, listener: Listener
) -> None:
    result = doomed.execute_in_process(
        instance=instance, raise_on_error=False, tags={"dagster/partition": "2026-01-14"}
    )
    said, cursor = tick(instance)
    assert said == "1 alerts sent."
    assert listener.heard == [
        {
            "text": "Model Tide: doomed of 2026-01-14 failed. 2026-01-14 was not accepted: too few models",
            "kind": "failed_run",
            "job": "doomed",
            "day": "2026-01-14",
            "run_id": result.run_id,
        }
    ]
    assert tick(instance, cursor)[0] == "No failed run and no stale snapshot."
    assert len(listener.heard) == 1


def test_a_run_whose_settings_are_refused_is_told_with_what_is_allowed(
    instance: dg.DagsterInstance, home: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails before its first step, so none of them says why."""

    @dg.op
    def never_begins(settings: dg.ResourceParam[Settings]) -> None: ...

    @dg.job(executor_def=dg.in_process_executor, resource_defs={"settings": from_environment})
    def misled() -> None:
        never_begins()

    with monkeypatch.context() as wrong:
        wrong.setenv("HUB_TOP", "many")
        misled.execute_in_process(instance=instance, raise_on_error=False)
    assert tick(instance)[0] == "1 alerts sent."
    (alert,) = listener.heard
    assert "HUB_TOP is 'many'; allowed: 1 to 1000, or a multiple of 1000" in alert["text"]


def test_failures_from_before_the_first_tick_are_old_news(
    instance: dg.DagsterInstance, home: Path, listener: Listener
) -> None:
    doomed.execute_in_process(instance=instance, raise_on_error=False)
    cursor = json.dumps({"run_at": datetime.now(UTC).timestamp() + 5, "runs": [], "stale": ""})
    assert tick(instance, cursor)[0] == "No failed run and no stale snapshot."
    assert tick(instance, None)[1] is not None, "the first tick remembers when it was"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_could_not_be_told_is_told_at_the_next_tick(
    instance: dg.DagsterInstance, home: Path, listener: Listener, status: int
) -> None:
    doomed.execute_in_process(instance=instance, raise_on_error=False)
    listener.status = status
    said, cursor = tick(instance)
    assert said == (
        f"ALERT_WEBHOOK_URL did not take the alert: it answered {status}. The next tick tries again."
    )
    assert (listener.heard, listener.asked) == ([], 1)
    listener.status = 200
    assert tick(instance, cursor)[0] == "1 alerts sent."
    assert len(listener.heard) == 1


def test_an_address_that_nobody_answers_is_a_reason_and_stays_secret(
    instance: dg.DagsterInstance,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    doomed.execute_in_process(instance=instance, raise_on_error=False)
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:9{SECRET}")
    with caplog.at_level(logging.DEBUG):
        said, cursor = tick(instance)
    assert "could not be reached (ConnectionRefusedError)" in said
    assert "secret" not in said + str(cursor) + caplog.text


def test_a_snapshot_older_than_36_hours_is_told_once(
    instance: dg.DagsterInstance, home: Path, listener: Listener
) -> None:
    old = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=37)
    publish(home, old)
    said, cursor = tick(instance)
    assert said == "1 alerts sent."
    assert [(alert["kind"], alert["captured_at"]) for alert in listener.heard] == [
        ("stale_snapshot", old.isoformat())
    ]
    assert tick(instance, cursor)[0] == "No failed run and no stale snapshot."


def test_a_snapshot_is_stale_from_36_hours_on_and_none_is_no_alarm(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert alerts.stale_snapshot(settings, NOW) is None
    publish(tmp_path, NOW - timedelta(hours=36))
    assert alerts.stale_snapshot(settings, NOW) is None
    assert alerts.stale_snapshot(settings, NOW + timedelta(seconds=1)) is not None


def test_the_address_is_in_no_text_of_the_settings() -> None:
    settings = Settings.from_environment({"ALERT_WEBHOOK_URL": f"https://example.org{SECRET}"})
    assert "secret" not in repr(settings)
    with pytest.raises(SettingsError, match="ALERT_WEBHOOK_URL is '<not shown>'") as refused:
        Settings.from_environment({"ALERT_WEBHOOK_URL": f"example.org{SECRET}"})
    assert "secret" not in str(refused.value)
