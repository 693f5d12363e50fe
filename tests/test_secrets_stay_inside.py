"""Three planted secrets, servers that repeat what they are sent, and no trace in the whole data home."""

import os
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote

import dagster as dg
import duckdb
import pytest

from dagster_project import cli, runs
from dagster_project.defs.alerts import alert_webhook
from dagster_project.lib.errors import ModelTideError
from dagster_project.synthetic.api_routes import SYNTHETIC_KEY
from dagster_project.synthetic.faults import HUB_PATH
from dagster_project.synthetic.server import Answer, Upstream
from tests.planted import HOOK, HOOK_PATH, TOKEN, found_in
from tests.worlds.homes import FIRST, SECOND, World

KEY = "sk-or-v1-planted/key+of=openrouter"
NEEDLES = (TOKEN, KEY, quote(KEY, safe=""), quote(KEY), HOOK_PATH)


class Echo(Upstream):
    """Repeats the Authorization header in headers, in bodies that are fine, and in every refusal."""

    fails: str | None = None

    def answer(self, target: str, headers: Mapping[str, str] | Message) -> Answer:
        sent = headers.get("Authorization") or "nothing"
        known = sent.replace(KEY, SYNTHETIC_KEY)
        answer = super().answer(target, {**dict(headers.items()), "Authorization": known})
        answer.headers["X-Error-Message"] = answer.headers["X-HF-Warning"] = f"you sent {sent}"
        if "rankings" in target and answer.status == 200:
            answer.body = answer.body.rstrip()[:-1] + f',"you_sent":"{sent}"}}'.encode()
        if self.fails == "html":
            return Answer(200, f"<html>you sent {sent}".encode(), answer.headers, "text/html")
        if self.fails == "status":
            status = 500 if target.startswith(HUB_PATH) else 401
            return Answer(status, f'{{"error":"you sent {sent}"}}'.encode(), answer.headers)
        return answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Echo(models=600, quota=1_000_000) as upstream:
        made = World(tmp_path_factory.mktemp("home") / "data", upstream)  # type: ignore[arg-type]
        made.environment |= {
            "HF_TOKEN": TOKEN,
            "OPENROUTER_API_KEY": KEY,
            "ALERT_WEBHOOK_URL": HOOK,
            "HUB_TOP": "100",
        }
        with patch.dict(os.environ, made.environment):
            made.settings = cli.Settings.from_environment()
        yield made


def told_alert(world: World) -> str:
    """What the sensor says when it tells of the failures so far."""
    with patch.dict(os.environ, world.environment), runs.dagster_instance(world.settings) as instance:
        cursor = '{"run_at": 0, "runs": [], "stale": ""}'
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": world.settings}
        )
        return f"{alert_webhook(context)} {context.cursor}"


def assert_none_is_told(world: World, said: str) -> None:
    assert found_in(world.settings.home, NEEDLES) == []
    assert not any(needle in said for needle in NEEDLES)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = process.read_bytes().decode(errors="replace")
        except OSError:  # it has ended, or is somebody else's
            continue
        assert not any(needle in arguments for needle in NEEDLES)


def test_a_run_that_succeeds_leaves_no_secret(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.land(FIRST)
    said = capfd.readouterr()
    sent = [request for request in world.upstream.requests if "rankings" in request.path]
    assert sent, "tokens were asked for"
    assert "ok" in [status for (status,) in fetched(world)]
    assert found_in(world.settings.landing, ("you_sent",)) != [], "what was echoed is landed"
    assert found_in(world.settings.landing, ("Bearer <secret>",)) != [], "without the key"
    assert_none_is_told(world, said.out + said.err)


@pytest.mark.parametrize("fails", ["html", "status"])
def test_a_run_that_fails_leaves_no_secret(
    world: World, fails: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between tries
    monkeypatch.setattr(world.upstream, "fails", fails, raising=False)
    with pytest.raises(ModelTideError) as raised:
        world.land(SECOND)
    said = capfd.readouterr()
    assert ("<html>you sent Bearer <secret>" if fails == "html" else "answered 500") in str(raised.value)
    assert_none_is_told(world, said.out + said.err + str(raised.value) + told_alert(world))


def fetched(world: World) -> list[tuple[str]]:
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        return connection.execute("select status from raw.openrouter_fetches").fetchall()
