"""dbt on sql/, as the tests call it.

Belongs here: parsing the project once for a process, and a command on a warehouse in a folder.
Does not belong here: what is built, and out of what.
"""

import os
from pathlib import Path
from unittest.mock import patch

from dbt.cli.main import dbtRunner, dbtRunnerResult

from dagster_project.lib.checkout import SQL
from dagster_project.lib.sql_models.project import PARSED_ONCE


def parsed(folder: Path) -> dbtRunner:
    """dbt with the project as `make` has parsed it."""
    result = run_dbt(dbtRunner(), folder, "parse")
    assert result.success, result.exception
    return dbtRunner(manifest=result.result)  # type: ignore[arg-type]


def run_dbt(runner: dbtRunner, folder: Path, *command: str) -> dbtRunnerResult:
    """The command on the folder's warehouse; the manifest and the debug log, which nobody reads, would take
    a second each time.
    """
    with patch.dict(os.environ, PARSED_ONCE, MODELTIDE_WAREHOUSE=str(folder / "warehouse.duckdb")):
        return runner.invoke([
            *command, "--quiet", "--no-write-json", "--log-level-file", "none",
            "--project-dir", str(SQL), "--profiles-dir", str(SQL),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ])  # fmt: skip
