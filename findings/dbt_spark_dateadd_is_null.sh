#!/usr/bin/env bash
# dbt-spark 1.11.0 with Spark 4.3.0: where timestamps have no zone (spark.sql.timestampType=TIMESTAMP_NTZ), dbt.dateadd
# and dbt.last_day are NULL for every day, in silence: they count in seconds since 1970, which to_timestamp reads as a
# time with a zone alone, and dbt-spark has turned off the mode that would refuse it. dbt.date_trunc is right.
# Needs Java 17. Seen with Python 3.11 and dbt-core 1.11.16:
#   TIMESTAMP_LTZ: a day after 2026-01-31: 2026-02-01 00:00:00, the end of its month: 2026-01-31
#   TIMESTAMP_NTZ: a day after 2026-01-31: None, the end of its month: None
# Ends with 1 if the first are NULL or the second are not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/project/models"
cat > "$folder/project/dbt_project.yml" <<'YAML'
name: days
version: "1.0"
profile: days
flags: {send_anonymous_usage_stats: false}
YAML
cat > "$folder/project/profiles.yml" <<'YAML'
days:
  target: spark
  outputs:
    spark:
      type: spark
      method: session
      host: local
      schema: days
      server_side_parameters:
        spark.sql.timestampType: "{{ env_var('TYPE') }}"
YAML
cat > "$folder/project/models/days.sql" <<'SQL'
{{ config(materialized='table', file_format='parquet') }}
select
    {{ dbt.dateadd('day', 1, "date '2026-01-31'") }} as day_after,
    {{ dbt.last_day("date '2026-01-31'", 'month') }} as month_end
SQL
cat > "$folder/days.py" <<'PYTHON'
import os
import sys

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

os.environ["TYPE"] = sys.argv[1]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.catalogImplementation", "in-memory")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
dbtRunner().invoke(["run", "--quiet"])
day_after, month_end = spark.sql("select cast(day_after as string), cast(month_end as string) from days.days").first()
print(f"{sys.argv[1]}: a day after 2026-01-31: {day_after}, the end of its month: {month_end}")
raise SystemExit((day_after is None, month_end is None) != (sys.argv[1] == "TIMESTAMP_NTZ",) * 2)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check pyspark==4.3.0 dbt-core==1.11.16 dbt-spark==1.11.0
cd "$folder/project"
for type in TIMESTAMP_LTZ TIMESTAMP_NTZ; do
    rm -rf spark-warehouse
    "$folder/venv/bin/python" "$folder/days.py" "$type" 2> /dev/null
done
