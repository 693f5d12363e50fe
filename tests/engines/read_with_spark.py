"""Every table of a folder of Parquet, read by Spark and by DuckDB: rows, columns and types must be the same.

Belongs here: the tables of published/parquet and of a lake, and what a type of DuckDB is to Spark.
Does not belong here: whether DuckDB wrote what the warehouse holds (tests/publish, tests/lake).

    python tests/engines/read_with_spark.py FOLDER

It needs a Python with pyspark, pyarrow, pandas and duckdb, and a Java; nothing of this project. It names each
table that differs with what differs, says how many do not, and ends with 1 if any does.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import DataFrame, SparkSession

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
SPARK_TYPES = {
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}
ROWS_AT_ONCE = 200_000  # of all files that are compared together, unless one has more


def tables_of(folder: Path) -> dict[str, list[Path]]:
    """The Parquet files of each table by its name: a file of its own, or a folder of files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        name = path.relative_to(folder)
        if (folder / "files.parquet").exists():  # a lake, whose tables are all folders
            if len(name.parts) == 3:
                found.setdefault(name.parent.as_posix(), []).append(path)
        else:
            table = name.parent if len(name.parts) > 1 else name.with_suffix("")
            found.setdefault(table.as_posix(), []).append(path)
    return found


def spark_type(duckdb_type: str) -> str:
    """How Spark calls a type of DuckDB."""
    if duckdb_type.endswith("[]"):
        return f"array<{spark_type(duckdb_type[:-2])}>"
    if re.fullmatch(r"DECIMAL\(\d+,\d+\)", duckdb_type):
        return duckdb_type.lower()
    return SPARK_TYPES.get(duckdb_type, f"nothing that is known for {duckdb_type}")


def difference(spark: SparkSession, ours: duckdb.DuckDBPyConnection, files: list[Path]) -> str | None:
    """What differs first of a table, None if nothing does."""
    paths = [str(path) for path in files]
    # the folder, as whoever reads the table names it
    frame = spark.read.parquet(paths[0] if len(paths) == 1 else str(files[0].parent))
    described = ours.execute("describe from read_parquet($1)", [paths]).fetchall()
    expected = [(name, spark_type(kind)) for name, kind, *_ in described]
    if frame.dtypes != expected:
        pairs = zip([*frame.dtypes, None], [*expected, None], strict=False)
        said, wanted = next((pair for pair in pairs if pair[0] != pair[1]), (None, None))
        return f"column {wanted} is {said} to Spark"
    ((rows,),) = ours.execute("select count(*) from read_parquet($1)", [paths]).fetchall()
    if (counted := frame.count()) != rows:
        return f"{rows:,} rows are {counted:,} to Spark"
    same = spark.read.schema(frame.schema)
    groups = ([str(path) for path in some] for some in together(ours, files))
    return next(filter(None, (differing_rows(same.parquet(*some), ours, some) for some in groups)), None)


def together(ours: duckdb.DuckDBPyConnection, files: list[Path]) -> Iterator[list[Path]]:
    """Files in groups of ROWS_AT_ONCE or one, so that neither side holds a whole table."""
    counted = dict(
        ours.execute(
            "select file_name, num_rows from parquet_file_metadata($1)", [[str(path) for path in files]]
        ).fetchall()
    )
    group: list[Path] = []
    rows = 0
    for path in files:
        if group and rows + counted[str(path)] > ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(path)
        rows += counted[str(path)]
    yield group


def differing_rows(frame: DataFrame, ours: duckdb.DuckDBPyConnection, paths: list[str]) -> str | None:
    """Which columns the first row differs in that one side has oftener than the other, with both values."""
    ours.register("theirs", frame.toArrow())
    ours.execute("create or replace temp table ours as from read_parquet($1)", [paths])
    ours.execute("create or replace temp table missing as from ours except all from theirs")
    ours.execute("create or replace temp table added as from theirs except all from ours")
    missing, added = (by_column(ours, f"from {one} order by all limit 1") for one in ("missing", "added"))
    if not missing and not added:
        return None
    differs = {
        name: (missing.get(name), added.get(name))
        for name in missing | added
        if missing.get(name) != added.get(name)
    }
    return f"rows of {Path(paths[0]).name} and {len(paths) - 1} other files, as (DuckDB, Spark): {differs}"


def by_column(ours: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """The first row of a query by its columns, {} without a row."""
    result = ours.execute(query)
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()  # to its end, or DuckDB 2 starts nothing else on the connection
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def session(folder: str) -> SparkSession:
    """Spark in this process and on this machine alone; what it writes goes into the folder."""
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.driver.maxResultSize": "0",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
        "spark.local.dir": folder,
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.warehouse.dir": folder,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("read_with_spark")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main(folder: Path) -> int:
    """The exit code: 0 if Spark reads every table as DuckDB does."""
    tables = tables_of(folder)
    if not tables:
        print(f"{folder} holds no table", file=sys.stderr)
        return 1
    wrong, rows = {}, 0
    with tempfile.TemporaryDirectory() as temporary, duckdb.connect() as ours:
        ours.execute("set timezone = 'UTC'")
        spark = session(temporary)
        try:
            for table, files in tables.items():
                try:
                    said = difference(spark, ours, files)
                except Exception as error:  # whatever Java says
                    said = f"Spark cannot read it: {str(error).splitlines()[0]}"
                if said:
                    wrong[table] = said
                    print(f"{table}: {said}")
        finally:
            version = spark.version
            spark.stop()
        everything = [str(path) for files in tables.values() for path in files]
        ((rows,),) = ours.execute(
            "select sum(num_rows) from parquet_file_metadata($1)", [everything]
        ).fetchall()
    right = len(tables) - len(wrong)
    print(f"Spark {version} reads {right} of {len(tables)} tables ({rows:,} rows) as DuckDB does.")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python tests/engines/read_with_spark.py FOLDER")
    sys.exit(main(Path(sys.argv[1]).resolve()))
