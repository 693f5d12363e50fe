"""What Dagster loads, and when the schedule asks for a day."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml
from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module

from dagster_project.definitions import defs
from dagster_project.defs import automation
from dagster_project.defs.automation import daily_at_six
from dagster_project.defs.home import IN_UI
from dagster_project.defs.partitions import DAILY
from dagster_project.defs.pictures import PICTURE
from dagster_project.defs.sql_models import sql_models
from dagster_project.lib.hub import crawl as hub_crawl
from dagster_project.lib.hub.client import Probe
from dagster_project.lib.publish.file import simulated_days
from dagster_project.lib.settings import Settings
from dagster_project.runs import dagster_instance, prepare_home
from dagster_project.synthetic.server import Upstream
from tests.report.publication import write_publication

SMALL_SOURCES = ("openrouter_tokens", "models_dev_catalogue", "npm_installs", "pypi_installs")
FETCH_CHECKS = {
    "every_symbol_answered",
    "licence_cards_answered",
    *(f"{source}_answered" for source in SMALL_SOURCES),
}
MORNING = datetime(2026, 1, 14, 6, tzinfo=UTC)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(models=300, now=MORNING) as upstream:
        monkeypatch.setenv("HF_ENDPOINT", upstream.url)
        monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path))
        yield upstream


def parts_of(job: str) -> tuple[set[str], set[str]]:
    """Assets and fetch checks that a job selects."""
    graph = defs().resolve_asset_graph()
    selection = getattr(automation, job).selection
    assets = {key.to_user_string() for key in selection.resolve(graph)}
    checks = {key.name for key in selection.resolve_checks(graph)}
    return assets, checks & FETCH_CHECKS


def test_dagster_finds_the_definitions_in_the_module_of_the_workspace() -> None:
    (entry,) = yaml.safe_load((Path(__file__).parents[1] / "workspace.yaml").read_text())["load_from"]
    (found,) = loadable_targets_from_python_module(entry["python_module"]["module_name"], None)
    assert found.target_definition is defs


def test_each_job_has_the_sources_that_it_needs_and_no_backfill() -> None:
    landed = {f"{group}/{name}" for group in ("landing", "raw") for name in SMALL_SOURCES}
    for job in ("daily_snapshot", "land_and_load"):
        assets, checks = parts_of(job)
        assert landed <= assets and checks == FETCH_CHECKS
    assets, checks = parts_of("land_hub")
    assert checks == {"licence_cards_answered"}
    assert {"landing/hub_pages", "raw/hub_snapshots", "raw/licence_cards"} <= assets
    assert all(asset.split("/")[1].startswith(("hub_", "licence_card")) for asset in assets)
    assets, checks = parts_of("build_and_publish")
    assert not landed & assets and checks == set()
    for job in ("daily_snapshot", "land_and_load", "land_hub", "build_and_publish"):
        assert not [key for key in parts_of(job)[0] if key.startswith("backfill/")]


def test_a_day_and_a_build_run_the_whole_of_the_sql_project() -> None:
    """A part of it would be run in a copy, read anew every time, and be no whole build by this SQL."""
    graph = defs().resolve_asset_graph()
    for job in (automation.daily_snapshot, automation.build_and_publish):
        assert sql_models.keys <= job.selection.resolve(graph)
        assert set(sql_models.check_keys) <= job.selection.resolve_checks(graph)


def test_milestones_are_built_from_what_is_loaded_without_the_rest_of_a_build() -> None:
    assets, checks = parts_of("build_milestones")
    assert checks == set()
    assert {"marts/fct_family_milestones", "seeds/published_claims"} <= assets
    assert not [asset for asset in assets if asset.split("/")[0] in ("landing", "raw", "published")]
    assert len(assets) < len(parts_of("build_and_publish")[0]) / 2


def tick(at: datetime) -> object:
    context = dg.build_schedule_context(scheduled_execution_time=at)
    return daily_at_six(context, settings=Settings.from_environment())


def test_the_tick_of_the_hubs_day_asks_for_that_day(hub: Upstream) -> None:
    request = tick(MORNING)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-01-14"


def test_a_tick_whose_day_has_passed_is_skipped_with_a_reason(hub: Upstream) -> None:
    hub.set_now(datetime(2026, 1, 17, 6, tzinfo=UTC))
    skip = tick(MORNING)
    assert isinstance(skip, dg.SkipReason)
    assert "2026-01-14 has passed: the Hub's day is 2026-01-17" in str(skip.skip_message)


def test_a_tick_while_the_hub_cannot_be_reached_still_asks_so_that_the_run_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert isinstance(tick(MORNING), dg.RunRequest)


@pytest.mark.parametrize(("provenance", "is_asked"), [("synthetic", False), ("live", True)])
def test_a_home_of_simulated_days_asks_for_no_real_one(
    hub: Upstream, monkeypatch: pytest.MonkeyPatch, provenance: str, is_asked: bool
) -> None:
    """As the demo's home, whose schedule would fail every morning; the Hub that answers is a real one."""
    monkeypatch.setattr(hub_crawl, "probe", lambda settings: Probe(MORNING, "live"))
    published = Settings.from_environment().published / "modeltide.duckdb"
    published.parent.mkdir(parents=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute(f"create table about as select '{provenance}' as provenance")
    found = tick(MORNING)
    assert isinstance(found, dg.RunRequest) == is_asked
    if isinstance(found, dg.SkipReason):
        assert "are simulated, and a real one does not belong among them" in str(found.skip_message)


def test_the_schedule_is_on_by_default_at_six_utc() -> None:
    schedule = defs().resolve_schedule_def("daily_at_six")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_partitions_start_with_the_archive_and_reach_the_day_of_the_tick() -> None:
    keys = DAILY.get_partition_keys(current_time=MORNING)
    assert (keys[0], keys[-1]) == ("2024-07-01", "2026-01-14")


def loaded(ask: str, environment: dict[str, str]) -> str:
    """What a process of its own says of the definitions, which are made once a process."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    ("loaded_by", "days", "status"),
    [
        ({IN_UI: "1"}, ["2026-01-13", "2026-02-26"], "STOPPED"),
        ({IN_UI: "1", "HF_ENDPOINT": "http://127.0.0.1:9"}, None, "RUNNING"),
        ({}, None, "RUNNING"),
    ],
    ids=["the UI", "the UI with a simulated Hub", "a command"],
)
def test_the_ui_of_simulated_days_offers_these_alone_and_starts_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loaded_by: dict[str, str],
    days: list[str] | None,
    status: str,
) -> None:
    """A command writes the home that it was given, and a simulated Hub goes on: there is a next day."""
    write_publication(tmp_path, days=45, provenance="synthetic")
    monkeypatch.setenv("DAGSTER_HOME", "")  # and as it was afterwards
    prepare_home(Settings(home=tmp_path))
    ask = """
from dagster_project.defs import alerts, automation, partitions
for one in (partitions.DAILY, partitions.TOKEN_DAYS, partitions.INSTALL_DAYS):
    print(one.get_first_partition_key(), one.get_last_partition_key())
for one in (automation.daily_at_six, alerts.alert_webhook):
    print(one.default_status.value, one.description)
"""
    said = loaded(ask, {"MODELTIDE_HOME": str(tmp_path), **loaded_by}).splitlines()
    offered, automations = [line.split() for line in said[:3]], said[3:]
    assert (offered == [days] * 3) == (days is not None)
    for line in automations:
        assert line.startswith(status)
        assert ("the days of this home are simulated" in line) == (status == "STOPPED")


def test_a_home_of_real_days_goes_on_in_the_ui(tmp_path: Path) -> None:
    write_publication(tmp_path, days=45, provenance="live")
    assert simulated_days(Settings(home=tmp_path)) is None
    assert simulated_days(Settings(home=tmp_path / "nothing")) is None


def test_in_the_ui_a_description_has_the_newest_picture_before_the_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "")  # and as it was afterwards
    mart, raw = dg.AssetKey(["marts", "dim_families"]), dg.AssetKey(["raw", "hub_models"])
    with dagster_instance(Settings.from_environment()) as instance:
        for key, picture in ((mart, "former"), (mart, "newest"), (raw, "of the day")):
            metadata = {PICTURE: dg.MetadataValue.md(f"![{picture}](data:)")}
            instance.report_runless_asset_event(dg.AssetMaterialization(key, metadata=metadata))
    ask = """
import dagster as dg
from dagster_project.definitions import defs
graph = defs().resolve_asset_graph()
for key in ("marts/dim_families", "raw/hub_models", "marts/dim_models"):
    print("=====", graph.get(dg.AssetKey(key.split("/"))).description)
"""
    said = [loaded(ask, environment).split("===== ")[1:] for environment in ({IN_UI: "1"}, {})]
    in_ui, by_command = said
    words, _, sql = in_ui[0].partition("#### Raw SQL")
    assert "![newest](data:)" in words and "UTC; Reload definitions" in words and "select" in sql
    assert "![of the day](data:)" in in_ui[1]
    assert in_ui[2] == by_command[2]
    assert "data:" not in "".join(by_command)


def test_every_asset_says_what_it_is_and_who_keeps_it() -> None:
    graph = defs().resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    groups = {graph.get(key).group_name for key in keys}
    assert groups == {
        "landing", "raw", "backfill", "seeds", "staging", "intermediate", "marts", "published",
    }  # fmt: skip
    for key in keys:
        node = graph.get(key)
        assert node.description, key
        assert node.owners == ["team:model-tide"], key
        assert node.kinds, key


def test_every_check_says_what_it_claims() -> None:
    graph = defs().resolve_asset_graph()
    said = {
        (key.asset_key.path[-1], key.name): graph.get_check_spec(key).description
        for key in graph.asset_check_keys
    }
    assert all(description and "  " not in description for description in said.values()), said
    assert said["fct_openness_daily", "sums_to_one_share_models"] == (
        "share_models sums to 1 within each snapshot_date. Asked of the newest days only."
    )
    assert said["fct_missing_sessions", "a_missing_session_is_a_finding"] == (
        "A missing session is a finding: a hole in a price history never stops the day: the Hub's snapshot "
        "is what cannot be repeated."
    )


def test_only_the_hubs_assets_have_a_say_in_the_exit_code() -> None:
    """The checks of the other sources do not block; dbt's tests of the marts are checks, too."""
    graph = defs().resolve_asset_graph()
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    for name in FETCH_CHECKS:
        assert checks[name].blocking is False
    assert len(checks) > 50


def test_every_table_links_to_the_file_that_describes_it() -> None:
    """And to a line of it where it is a page of many tables."""
    graph = defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        if key.path[0] in ("raw", "seeds", "staging", "intermediate", "marts"):
            references = graph.get(key).metadata["dagster/code_references"].code_references
            assert all(Path(reference.file_path).exists() for reference in references), key
            if key.path[0] in ("raw", "seeds", "marts"):
                where = "_raw__sources.yml" if key.path[0] == "raw" else "metrics.md"
                assert (references[0].label, references[0].line_number > 0) == (where, True)


def test_the_record_of_headlines_is_an_asset_that_no_run_makes() -> None:
    graph = defs().resolve_asset_graph()
    record = graph.get(dg.AssetKey(["raw", "headline_figures"]))
    assert not record.is_materializable


def test_the_archive_is_backfilled_by_day_in_one_run_and_is_no_part_of_the_daily_one() -> None:
    graph = defs().resolve_asset_graph()
    archive = graph.get(dg.AssetKey(["backfill", "hub_archive_snapshot"]))
    assert archive.backfill_policy == dg.BackfillPolicy.single_run()
    assert archive.partitions_def == DAILY
    for job in ("daily_snapshot", "land_and_load", "build_and_publish"):
        assert archive.key not in defs().resolve_job_def(job).asset_layer.executable_asset_keys
    assert defs().resolve_job_def("backfill_archive").asset_layer.executable_asset_keys == {archive.key}
