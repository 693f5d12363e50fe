"""Every model over a lake by dbt's target `spark`, whose tables are Parquet.

Belongs here: running dbt in a Spark of this process, and the cases of engine.sql.
Does not belong here: comparing. It runs in the environment of requirements-spark.lock, without the project's.

    python build_with_spark.py    standard input: the task of __main__; prints the version of Spark
"""

import json
import os
import sys
from pathlib import Path

SQL = Path(__file__).parents[2] / "sql"


def main() -> None:
    """Build what standard input asks for; ends with dbt's own words where a model fails."""
    task = json.load(sys.stdin)
    folder = Path(task["folder"])
    os.environ.update(
        MODELTIDE_LAKE=task["lake"],
        MODELTIDE_SPARK_TABLES=str(folder / "tables"),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
    )
    from dbt.cli.main import dbtRunner
    from pyspark.sql import SparkSession

    options = [
        "--target", "spark", "--project-dir", str(SQL), "--profiles-dir", str(SQL),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet",
    ]  # fmt: skip
    built = dbtRunner().invoke(["run", *options])
    if not built.success:
        sys.exit(f"dbt did not build every model on Spark: {built.exception or 'see above'}")
    compiled = dbtRunner().invoke(["compile", "--inline", task["cases"], *options])
    spark = SparkSession.builder.getOrCreate()  # dbt's own
    rows = spark.sql(compiled.result.results[0].node.compiled_code).collect()
    (folder / "cases.json").write_text(json.dumps([list(row) for row in rows]))
    (folder / "marts").symlink_to(folder / "tables" / "marts.db")
    print(spark.version)


if __name__ == "__main__":
    main()
