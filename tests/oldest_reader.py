"""The oldest DuckDB that readers are promised, in an environment of its own.

Belongs here: making the environment, and asking a file there.
Does not belong here: what is asked (sql/test_analyses, soak/reads).

    python -m tests.oldest_reader     makes it once and for all, so that no test skips; .ci/run does
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = "1.2.2"
KEPT = Path(__file__).parents[1] / ".venv-oldest"
# standard input: the path of a file, and queries by name; standard output: what is wrong, by name
_ASK = """
import json, sys
import duckdb
path, queries = json.load(sys.stdin)
wrong = {}
with duckdb.connect(path, read_only=True) as connection:
    for name, query in queries.items():
        try:
            if not connection.execute(query).fetchall() and name.startswith("question"):
                wrong[name] = "no answer"
        except Exception as error:
            wrong[name] = str(error)
    version = connection.execute("select version()").fetchone()[0]
print(json.dumps([version, wrong]))
"""


def oldest_python(folder: Path) -> str | None:
    """A Python with the oldest DuckDB: the one that is kept, or a new one; None without a package index."""
    kept = KEPT / "bin" / "python"
    return str(kept) if (KEPT / "installed").exists() else made(folder)


def wrong_answers(python: str, path: Path, queries: dict[str, str]) -> dict[str, str]:
    """What the oldest DuckDB says of queries that it cannot answer, by name."""
    asked = json.dumps([str(path), queries])
    said = subprocess.run([python, "-c", _ASK], input=asked, capture_output=True, text=True, check=True)
    version, wrong = json.loads(said.stdout)
    assert version == f"v{OLDEST}"
    return dict(wrong)


def made(folder: Path, version: str = OLDEST) -> str | None:
    """A Python with this DuckDB and nothing else, in a new environment; None without a package index."""
    venv.create(folder, with_pip=True, clear=True)
    python = str(folder / "bin" / "python")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"duckdb=={version}"]
    is_there = subprocess.run([python, *install], capture_output=True, check=False).returncode == 0
    return python if is_there else None


if __name__ == "__main__":
    if made(KEPT) is None:
        sys.exit(f"pip could not install duckdb=={OLDEST}: the tests of the oldest reader would be skipped.")
    (KEPT / "installed").touch()
