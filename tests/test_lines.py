"""What the project says: on the terminal, in the log of a run, and once."""

import logging
from collections.abc import Iterator

import dagster as dg
import pytest

from dagster_project import lines, runs
from dagster_project.defs.resources import from_environment
from dagster_project.lib.settings import Settings

logger = logging.getLogger("dagster_project.lib.somewhere")


SETTINGS = {"settings": from_environment}  # a command's own take their place


@dg.op
def talks(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    logger.info(f"2 of 3 rows from {settings.hub_host}")
    logging.getLogger("somebody.else").warning("not ours")
    context.log.info("Dagster's own")
    logger.debug("too much")


@dg.job
def talking() -> None:
    talks()


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")  # the commands set it; it is put back
    monkeypatch.setattr(runs, "_definitions", lambda: dg.Definitions(jobs=[talking], resources=SETTINGS))
    with runs.dagster_instance(settings) as opened:
        yield opened


def said_in_a_run(
    settings: Settings, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str], level: str
) -> tuple[str, str, list[str]]:
    """Standard output and error of a command, and the lines of its run's log that are no events."""
    with lines.shown():
        logger.info("before")
        run = runs.execute_job("talking", instance, None, settings, level).run_id
        logger.info("after")
        logger.warning("a warning")
    told = [record.user_message for record in instance.all_logs(run) if not record.is_dagster_event]
    shown = capsys.readouterr()
    return shown.out, shown.err, told


def test_a_line_of_a_step_is_shown_with_the_time_and_kept_in_the_log_of_its_run(
    settings: Settings, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    out, error, told = said_in_a_run(settings, instance, capsys, "INFO")
    assert out.splitlines() == ["before", "after"]
    ours, warning = error.splitlines()
    assert ours[2] == ours[5] == ":" and ours[8:] == " 2 of 3 rows from 127.0.0.1:9"
    assert warning == "a warning"
    assert told == ["2 of 3 rows from 127.0.0.1:9", "Dagster's own"]


def test_a_run_may_be_told_to_show_less_and_keeps_its_log(
    settings: Settings, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    out, error, told = said_in_a_run(settings, instance, capsys, "WARNING")
    assert (out.splitlines(), error.splitlines()) == (["before", "after"], ["a warning"])
    assert len(told) == 2


def test_a_run_of_the_ui_shows_our_lines_and_no_step_of_dagsters(
    settings: Settings, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    assert talking.execute_in_process(instance=instance, resources={"settings": settings}).success
    shown = capfd.readouterr().err.splitlines()
    assert [line.rpartition(" - ")[2] for line in shown] == ["2 of 3 rows from 127.0.0.1:9", "Dagster's own"]
