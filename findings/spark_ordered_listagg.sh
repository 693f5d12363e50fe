#!/usr/bin/env bash
# Spark 4.3.0: listagg(a, ',') within group (order by a) is an answer by itself, and beside an aggregate of distinct
# values, count(distinct b) for one, or of two such in one query where they are distinct themselves, the query ends with
# a ClassCastException inside of Spark, AttributeReference to SortOrder, which names neither the function nor the query.
# Without the order it works. Needs Java 17. Seen with Python 3.11:
#   alone: [Row(a='x,z')]
#   beside count(distinct b): ClassCastException
#   without an order, beside count(distinct b): [Row(a='x,z', b=1)]
# Ends with 1 if the second of them is an answer, or another one is none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/listagg.py" <<'PYTHON'
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")


def said(columns):
    try:
        return str(spark.sql(f"select {columns} from values ('x', 'y'), ('z', 'y') as t(a, b)").collect())
    except Exception as error:
        return "ClassCastException" if "java.lang.ClassCastException" in str(error) else repr(error)


answers = {
    "alone": said("listagg(a, ',') within group (order by a) as a"),
    "beside count(distinct b)": said("listagg(a, ',') within group (order by a) as a, count(distinct b) as b"),
    "without an order, beside count(distinct b)": said("listagg(a, ',') as a, count(distinct b) as b"),
}
for name, answer in answers.items():
    print(f"{name}: {answer}")
alone, beside, unordered = answers.values()
raise SystemExit(not (alone.startswith("[Row") and beside == "ClassCastException" and unordered.startswith("[Row")))
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check pyspark==4.3.0
"$folder/venv/bin/python" "$folder/listagg.py" 2> /dev/null
