"""Every model over a lake by the DuckDB of the Python that runs this, and the marts as Parquet.

Belongs here: carrying out SQL that was compiled elsewhere; nothing but DuckDB is installed beside it.
Does not belong here: which SQL, and comparing.

    python build_with_duckdb.py    standard input: the task of __main__; prints the version of DuckDB
"""

import json
import sys
from pathlib import Path

import duckdb


def main() -> None:
    """Build what standard input asks for; raises duckdb.Error, having said which model it was."""
    task = json.load(sys.stdin)
    folder = Path(task["folder"])
    # dbt's SQL calls the catalogue by the name of this file
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("set threads = 2")
        for statement in task["settings"]:
            connection.execute(statement)
        for schema in ("raw", "seeds", "staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for schema in ("raw", "seeds"):
            for table in sorted(Path(task["lake"], schema).iterdir()):
                connection.execute(
                    f"create table {schema}.{table.name} as from read_parquet('{table}/*.parquet')"
                )
        for name, statements in task["models"]:
            try:
                connection.execute(statements)
            except duckdb.Error as error:
                sys.exit(f"DuckDB {duckdb.__version__} cannot build {name}: {error}")
        for mart in task["marts"]:
            (folder / "marts" / mart).mkdir(parents=True)
            connection.execute(f"copy marts.{mart} to '{folder}/marts/{mart}/all.parquet' (format parquet)")
        rows = connection.execute(task["cases_in_duckdb"]).fetchall()
        (folder / "cases.json").write_text(json.dumps(rows))
    print(duckdb.__version__)


if __name__ == "__main__":
    main()
