"""dbt on sql/, as the tests call it.

Belongs here: parsing the project once for a process, and a command on a warehouse in a folder.
Does not belong here: what is built, and out of what.
"""

from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

SQL = Path(__file__).parents[1] / "sql"


def parsed(folder: Path) -> dbtRunner:
    """dbt with the project parsed; it holds no path of a warehouse."""
    result = run_dbt(dbtRunner(), folder, "parse")
    assert result.success, result.exception
    return dbtRunner(manifest=result.result)  # type: ignore[arg-type]


def run_dbt(runner: dbtRunner, folder: Path, *command: str) -> dbtRunnerResult:
    """The command on the folder's warehouse; the manifest and the debug log, which nobody reads, would take
    a second each time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELTIDE_WAREHOUSE", str(folder / "warehouse.duckdb"))
        return runner.invoke([
            *command, "--quiet", "--no-write-json", "--log-level-file", "none",
            "--project-dir", str(SQL), "--profiles-dir", str(SQL),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ])  # fmt: skip
