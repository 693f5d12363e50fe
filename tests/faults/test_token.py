"""The token: only HF_TOKEN counts, it goes to the Hub, and it goes nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from dagster_project.lib.settings import Settings
from tests.faults.watched import Watched
from tests.landed import files_below

TOKEN = "hf_" + "NeverShowThisTokenToAnybody" * 2
CRAWL = """
import sys
from datetime import date
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.settings import Settings
settings = Settings.from_environment()
print(settings)
hub.crawl(settings, date(2026, 1, 14), [], report=print, retries=1)
"""


def crawl(census: Settings, **environment: str) -> subprocess.CompletedProcess[str]:
    """A crawl in a process of its own: the client reads its variables when it is imported."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    ours = {
        "MODELTIDE_HOME": str(census.home),
        "HF_ENDPOINT": census.hub_endpoint,
        "HUB_SCOPE": "census",
        "HF_HUB_VERBOSITY": "debug",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", CRAWL],
        env=inherited | ours | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def unpacked(content: bytes) -> bytes:
    """A page, or its columns, which begin with their version."""
    packed = content.find(zstandard.FRAME_HEADER)
    return content if packed < 0 else zstandard.decompress(content[packed:])


def test_the_token_is_sent_and_never_written(server: Watched, census: Settings) -> None:
    """One page fails once, so that the client has something to log about a request with a token."""
    server.faults.add("status", status=500, skip=2)
    ended = crawl(census, HF_TOKEN=TOKEN)
    assert ended.returncode == 0, ended.stderr
    assert {seen.authorization for seen in server.seen} == {f"Bearer {TOKEN}"}
    assert "page 6" in ended.stdout, "the log is there, without the token"
    landed = files_below(census.home)
    assert len(landed) == 15
    texts = [unpacked(content) for content in landed.values()]
    for text in (ended.stdout.encode(), ended.stderr.encode(), *texts):
        assert TOKEN.encode() not in text


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_not_repeated_in_the_error(server: Watched, census: Settings, status: int) -> None:
    server.faults.add("status", status=status, times=0)
    ended = crawl(census, HF_TOKEN=TOKEN)
    assert ended.returncode == 1
    assert "check HF_TOKEN or unset it: no account is needed" in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr
    assert len(server.seen) == 1, "a refusal is not asked for again"


def test_a_token_that_is_stored_on_the_machine_is_not_sent(
    server: Watched, census: Settings, tmp_path: Path
) -> None:
    """It would list its owner's private models in a file that is meant to be published."""
    (tmp_path / "token").write_text(TOKEN)
    named = crawl(census, HF_HOME=str(tmp_path), HF_TOKEN_PATH=str(tmp_path / "token"))
    assert named.returncode == 0, named.stderr
    assert len(server.seen) == 7
    assert {seen.authorization for seen in server.seen} == {None}
