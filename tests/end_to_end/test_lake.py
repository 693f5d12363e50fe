"""`make lake` on a home of whole days: every table, and the day that goes again."""

from pathlib import Path

import pytest

from tests.lake.held import assert_holds_the_warehouse, contents
from tests.worlds.homes import FIRST, SECOND, World


def test_the_lake_holds_the_warehouse_and_follows_it_when_a_day_is_dropped(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.run("lake") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"SYNTHETIC: {world.settings.lake} holds ")
    assert f"A table is a folder, such as {world.settings.lake}/marts/fct_headlines." in said
    assert_holds_the_warehouse(world.settings, tmp_path)
    by_day = {f"{table}/{day}.parquet" for table in ("raw/hub_model_counters", "marts/model_history")
              for day in (FIRST, SECOND)}  # fmt: skip
    assert by_day <= contents(world.settings, tmp_path).keys()
    assert world.run("lake") == 0
    assert ": 0 written, 0 removed." in capsys.readouterr().out
    assert world.run("drop", "--date", f"{SECOND}", ACCEPT="1") == 0
    assert world.run("lake") == 0
    assert not [name for name in contents(world.settings, tmp_path) if f"{SECOND}" in name]
    assert_holds_the_warehouse(world.settings, tmp_path)
