#!/usr/bin/env bash
# dbt-spark 1.11.0 with Spark 4.3.0: whatever a profile says under server_side_parameters, and although it is Spark
# 4's own default, every statement is carried out with spark.sql.ansi.enabled=false, and nothing says so. So a sum of
# whole numbers that goes beyond 2^63 comes out negative in a model, where the same session had refused it.
# Needs Java 17. Seen with Python 3.11 and dbt-core 1.11.16, ansi set to true in the profile:
#   Spark itself: ARITHMETIC_OVERFLOW
#   the model: -9223372036854775808
# Ends with 1 if Spark itself gives a sum, or the model another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/project/models"
cat > "$folder/project/dbt_project.yml" <<'YAML'
name: sums
version: "1.0"
profile: sums
flags: {send_anonymous_usage_stats: false}
YAML
cat > "$folder/project/profiles.yml" <<'YAML'
sums:
  target: spark
  outputs:
    spark:
      type: spark
      method: session
      host: local
      schema: sums
      server_side_parameters:
        spark.sql.ansi.enabled: "true"
YAML
cat > "$folder/project/models/total.sql" <<'SQL'
{{ config(materialized='table', file_format='parquet') }}
select sum(n) as total from values (9223372036854775807L), (1L) as t(n)
SQL
cat > "$folder/sums.py" <<'PYTHON'
from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.catalogImplementation", "in-memory")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
try:
    itself = spark.sql("select sum(n) as total from values (9223372036854775807L), (1L) as t(n)").first()[0]
except Exception as error:
    itself = "ARITHMETIC_OVERFLOW" if "ARITHMETIC_OVERFLOW" in str(error) else repr(error)
dbtRunner().invoke(["run", "--quiet"])
model = spark.table("sums.total").first()[0]
print(f"Spark itself: {itself}")
print(f"the model: {model}")
raise SystemExit(not (itself == "ARITHMETIC_OVERFLOW" and model == -(2**63)))
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check pyspark==4.3.0 dbt-core==1.11.16 dbt-spark==1.11.0
cd "$folder/project"
"$folder/venv/bin/python" "$folder/sums.py" 2> /dev/null
