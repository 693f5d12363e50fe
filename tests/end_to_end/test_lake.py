"""`make lake` on a home of whole days: every table, the day that goes again, and what Spark reads of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lake.held import assert_holds_the_warehouse, contents
from tests.worlds.homes import FIRST, SECOND, World

CHECKOUT = Path(__file__).parents[2]
SPARK = CHECKOUT / ".venv-spark" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.skipif(not SPARK.exists(), reason="no .venv-spark: make test-engines makes it")
@pytest.mark.skipif(not shutil.which("java"), reason="no Java: apt install openjdk-17-jre-headless")
@pytest.mark.parametrize("what", ["published/parquet", "lake", "snapshots/hub"])
def test_spark_reads_every_table_as_duckdb_does(world: World, what: str) -> None:
    if what == "lake":
        assert world.run("lake") == 0
    reader = CHECKOUT / "tests" / "engines" / "read_with_spark.py"
    command = [SPARK, reader, world.settings.home / what]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stdout + read.stderr[-2000:]
    tables, of = (int(word) for word in read.stdout.split(" reads ")[1].split(" tables")[0].split(" of "))
    assert tables == of >= (1 if what == "snapshots/hub" else 60)


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
