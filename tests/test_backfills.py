"""Past days on demand: a range of partitions in one run, as the Dagster UI starts it."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.openrouter import openrouter_token_history
from dagster_project.defs.packages import npm_install_history, pypi_install_history
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import query

START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def backfill(
    asset: dg.AssetsDefinition, first: str, last: str, tmp_path: Path
) -> tuple[Settings, dict[str, object]]:
    with Upstream(models=300, now=datetime(2026, 1, 14, 6, tzinfo=UTC)) as upstream:
        settings = Settings.from_environment({"MODELTIDE_HOME": str(tmp_path), **upstream.environment})
        result = dg.materialize([asset], tags={START: first, END: last}, resources={"settings": settings})
        assert result.success
        metadata = result.asset_materializations_for_node(asset.node_def.name)[0].metadata
        return settings, {name: entry.value for name, entry in metadata.items()}


def test_a_range_of_tokens_is_one_run_of_a_few_requests(tmp_path: Path) -> None:
    home, said = backfill(openrouter_token_history, "2025-01-01", "2026-01-13", tmp_path)
    assert said["items_ok"] == 2 and said["problems"] == "none"
    days = query(home, "select min(token_date), max(token_date) from raw.openrouter_tokens")
    assert days == [(date(2025, 1, 1), date(2026, 1, 13))]


@pytest.mark.parametrize(
    ("asset", "table", "first"),
    [
        (npm_install_history, "npm_installs", date(2024, 7, 18)),
        (pypi_install_history, "pypi_installs", date(2025, 7, 18)),
    ],
)
def test_a_range_of_installs_is_one_run_as_far_back_as_is_served(
    asset: dg.AssetsDefinition, table: str, first: date, tmp_path: Path
) -> None:
    home, said = backfill(asset, "2024-07-01", "2025-12-31", tmp_path)
    assert said["problems"] == "none"
    assert query(home, f"select min(install_date) from raw.{table}") == [(first,)]


def test_a_backfill_without_a_key_says_so_and_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Upstream, "environment", property(lambda self: {"HF_ENDPOINT": self.url, "OPENROUTER_API_KEY": ""})
    )
    _, said = backfill(openrouter_token_history, "2025-01-01", "2025-12-31", tmp_path)
    assert "OPENROUTER_API_KEY is not set" in str(said["problems"])


def test_a_range_is_one_run() -> None:
    for asset in (openrouter_token_history, npm_install_history, pypi_install_history):
        assert asset.backfill_policy == dg.BackfillPolicy.single_run()
    keys = openrouter_token_history.partitions_def.get_partition_keys()
    assert keys[0] == "2025-01-01"
