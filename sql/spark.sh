#!/usr/bin/env bash
# `make spark`: the SQL models over a lake, by the Spark of .venv-spark on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
absolute() { case "$1" in *://* | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
lake=$(absolute "${LAKE:-${MODELTIDE_HOME:-data}/lake}")
tables=$(absolute "${MODELTIDE_SPARK_TABLES:-${MODELTIDE_HOME:-data}/spark}")
if ! command -v java > /dev/null && [ -z "${JAVA_HOME:-}" ]; then
    echo "There is no Java here, which Spark needs: apt install openjdk-17-jre-headless, then make spark again." >&2
    exit 1
fi
if [[ "$lake" != *://* && ! -e "$lake/files.parquet" ]]; then
    echo "There is no lake at $lake: type make lake first, or say where it is with LAKE=…" >&2
    exit 1
fi
export MODELTIDE_LAKE=$lake MODELTIDE_SPARK_TABLES=$tables
cd sql
../.venv-spark/bin/dbt run --target spark --profiles-dir . --target-path target-spark
echo "The marts are in $tables/marts.db."
