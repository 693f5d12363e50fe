"""The bar for people at a terminal."""

import pytest

from dagster_project.lib.progress import progress_bar


def test_a_terminal_sees_how_far_we_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes any stream for a terminal then
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("days written", 4) as advance:
        for written in (1, 2):
            advance(written)
    seen = capsys.readouterr().err
    assert "2 days written" in seen
    assert "3 days written" not in seen


def test_without_a_terminal_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("days written", 4) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")
