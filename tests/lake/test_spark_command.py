"""`make spark` where it cannot work: one line that says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "sql" / "spark.sh"


def said(**environment: str) -> str:
    done = subprocess.run(["/bin/bash", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_without_java_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")
    assert said(PATH=str(tmp_path)) == (
        "There is no Java here, which Spark needs: apt install openjdk-17-jre-headless, "
        "then make spark again.\n"
    )


@pytest.mark.parametrize("named", ["absolute", "of the checkout", "of the home"])
def test_without_a_lake_it_names_the_place(named: str, tmp_path: Path) -> None:
    settings, place = {
        "absolute": ({"LAKE": f"{tmp_path}/none"}, f"{tmp_path}/none"),
        "of the checkout": ({"LAKE": "no such lake"}, f"{SCRIPT.parents[1]}/no such lake"),
        "of the home": ({"MODELTIDE_HOME": str(tmp_path)}, f"{tmp_path}/lake"),
    }[named]
    assert said(PATH=os.environ["PATH"], JAVA_HOME="/anywhere", **settings) == (
        f"There is no lake at {place}: type make lake first, or say where it is with LAKE=…\n"
    )
