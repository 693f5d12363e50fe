"""One small world on every engine, and every mart compared row for row.

Belongs here: which engines, in which order, and what is said at the end.
Does not belong here: building on one of them (build_with_*), and what counts as equal (compare).

    python -m tests.engines            DuckDB of today, DuckDB 1.5 and Spark
    python -m tests.engines spark      DuckDB of today and Spark alone
    python -m tests.engines wrong      DuckDB of today and the same with its statistics, where they are wrong
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from dagster_project.lib.sql_models.project import manifest
from dagster_project.lib.warehouse.connection import PLANS_WITHOUT_STATISTICS
from tests.engines import planted
from tests.engines.compare import Compared, compare
from tests.engines.world import make_lake
from tests.oldest_reader import made
from tests.sql_project import run_dbt
from tests.worlds.warehouse import Template

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
TODAY, OLDER, ON_SPARK, WRONG = "DuckDB", "DuckDB 1.5", "Spark", "DuckDB with statistics"
OLDER_DUCKDB = "1.5.6"
PYTHONS = {
    TODAY: Path(sys.executable),
    WRONG: Path(sys.executable),
    OLDER: CHECKOUT / ".venv-duckdb15" / "bin" / "python",
    ON_SPARK: CHECKOUT / ".venv-spark" / "bin" / "python",
}
# queries of some thousand rows are interpreted: 187 seconds for all models in place of 287
SMALL = {
    "MODELTIDE_SPARK_PARTITIONS": "1",
    "PYSPARK_SUBMIT_ARGS": "--conf spark.sql.codegen.wholeStage=false "
    "--conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell",
}
CASES = "{{ engine_cases() }}"  # values of macros, in sql/macros/engine_cases.sql


def main(wanted: list[str]) -> str:
    """Build on each engine and compare with DuckDB of today; returns what is wrong, "" if nothing is."""
    engines = {"spark": [ON_SPARK], "wrong": [WRONG]}.get("".join(wanted), [OLDER, ON_SPARK])
    if ON_SPARK in engines and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        print("Spark is skipped: there is no Java here (apt install openjdk-17-jre-headless).", flush=True)
        engines.remove(ON_SPARK)
    if OLDER in engines and not PYTHONS[OLDER].exists() and not made(PYTHONS[OLDER].parents[1], OLDER_DUCKDB):
        return f"pip could not install duckdb=={OLDER_DUCKDB}."
    marts = grains()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        task = {"lake": str(make_lake(folder)), "marts": list(marts), "cases": CASES}
        template = Template(folder)
        task["models"] = [(model.name, model.statements()) for model in template.models]
        if engines == [WRONG]:
            planted.without_changed_cards(folder / "lake")
            task["models"] = planted.with_the_join(task["models"])
        with redirect_stdout(io.StringIO()):  # where dbt says what it compiled
            compiled = run_dbt(template.runner, folder, "compile", "--inline", CASES)
        task["cases_in_duckdb"] = compiled.result.results[0].node.compiled_code
        wrong = []
        for engine in [TODAY, *engines]:
            settings = [] if engine == WRONG else [PLANS_WITHOUT_STATISTICS]
            build(engine, folder / engine, {**task, "settings": settings})
            cases = json.loads((folder / engine / "cases.json").read_text())
            wrong += [
                f"{engine}, {name}: {said!r} is not {right!r}" for name, said, right in cases if said != right
            ]
        for engine in engines:
            found = [compare(mart, keys, folder / TODAY / "marts", folder / engine / "marts")
                     for mart, keys in marts.items()]  # fmt: skip
            wrong += told(engine, found)
        return "\n".join(wrong)


def grains() -> dict[str, list[str]]:
    """Each mart with the columns that tell its rows apart, as its description says."""
    nodes = manifest()["nodes"].values()
    marts = {n["name"]: n for n in nodes if n["resource_type"] == "model" and n["schema"] == "marts"}
    found = {}
    for name, mart in sorted(marts.items()):
        grain = re.search(r"Grain: ([^.;:]+)", mart["description"])
        words = re.findall(r"\w+", grain[1]) if grain else []
        found[name] = [word for word in words if word in mart["columns"]]
        assert found[name], f"{name} does not say its grain"
    return found


def build(engine: str, folder: Path, task: dict[str, Any]) -> None:
    """Build the world on the engine. Ends the program where it fails, with what the engine said."""
    folder.mkdir()
    started = time.monotonic()
    script = "build_with_spark.py" if engine == ON_SPARK else "build_with_duckdb.py"
    said = subprocess.run(
        [PYTHONS[engine], HERE / script], input=json.dumps({**task, "folder": str(folder)}),
        stdout=subprocess.PIPE, text=True, check=False, env=os.environ | SMALL,
    )  # fmt: skip
    if said.returncode:
        sys.exit(f"{engine} did not build the world:\n{said.stdout[-3000:]}")
    print(f"{engine} {said.stdout.split()[-1]}: built in {time.monotonic() - started:.0f} s", flush=True)


def told(engine: str, compared: list[Compared]) -> list[str]:
    """Print the table of marts, and return the lines of those that differ."""
    differing = [one for one in compared if one.differences]
    rows = sum(one.rows for one in compared)
    print(f"{engine}: {len(compared) - len(differing)} of {len(compared)} marts equal, {rows:,} rows")
    for one in compared:
        print(f"  {one.mart:36} {one.rows:>8,}  {'equal' if not one.differences else 'DIFFERS'}")
    return [f"{engine}: {line}" for one in differing for line in one.differences]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
