"""The names by which Dagster keeps history: another name is a new thing without a past, in every home.

Renew tests/names.txt with `.venv/bin/python -m tests.test_names`.
"""

from difflib import unified_diff
from pathlib import Path

from dagster_project.definitions import defs
from dagster_project.lib.checkout import SQL

# characters: ASSET_NODE_NAME_MAX_LENGTH of Dagster's graph, and the list on a page of 1,400 pixels
GRAPH, CHECKS = 31, 29
NAMES = Path(__file__).with_name("names.txt")


def named() -> list[str]:
    """Every asset, check, job, schedule and sensor, a line each."""
    loaded = defs()
    graph = loaded.resolve_asset_graph()
    return sorted(
        [
            *(f"asset {key.to_user_string()}" for key in graph.get_all_asset_keys()),
            *(f"check {key.asset_key.to_user_string()} {key.name}" for key in graph.asset_check_keys),
            *(f"job {job.name}" for job in loaded.resolve_all_job_defs() if not job.name.startswith("__")),
            *(f"schedule {schedule.name}" for schedule in loaded.schedules or []),
            *(f"sensor {sensor.name}" for sensor in loaded.sensors or []),
        ]
    )


def test_assets_checks_jobs_schedules_and_sensors_have_the_names_that_they_had() -> None:
    kept = NAMES.read_text(encoding="utf-8").splitlines()
    changed = "\n".join(unified_diff(kept, named(), "tests/names.txt", "now", lineterm="", n=0))
    assert not changed, (
        f"{changed}\nWhat Dagster knows of a name is not carried over to another one. If that is meant, "
        "renew the list: .venv/bin/python -m tests.test_names"
    )


def test_names_are_as_long_as_the_ui_shows_them() -> None:
    """A longer one is cut in the middle. These are kept: another name would be built anew in every home, and
    the claim of a test that is a file of its own is its name, which the page of the check says whole.
    """
    graph = defs().resolve_asset_graph()
    assert {key.path[-1] for key in graph.get_all_asset_keys() if len(key.path[-1]) > GRAPH} == {
        "int_event_study__pool_correlations",
        "stg_seeds__day_quality_thresholds",
        "stg_seeds__event_study_thresholds",
    }
    claims = {path.stem for path in (SQL / "tests").glob("*.sql")}
    assert {key.name for key in graph.asset_check_keys if len(key.name) > CHECKS} - claims == {
        "sums_to_one_share_downloads_30d"
    }


if __name__ == "__main__":
    NAMES.write_text("\n".join(named()) + "\n", encoding="utf-8")
