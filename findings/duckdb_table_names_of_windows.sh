#!/usr/bin/env bash
# DuckDB 2.0.1 and 1.5.6: get_table_names(query), which names the tables that a query reads without running it,
# refuses a query whose window has a RANGE frame of an interval, although execute() answers it:
#   Binder Error: Window RANGE expressions cannot be NULL
# A RANGE frame of a number and a ROWS frame are read. So whoever decides by these names what a query may read has
# to decide for queries that they do not get.
# Ends with 1 if execute() refuses one of the queries, or get_table_names() another one than the first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/names.py" <<'PYTHON'
import duckdb

frames = {
    "a RANGE frame of an interval": "order by d range between interval 6 day preceding and current row",
    "a RANGE frame of a number": "order by v range between 6 preceding and current row",
    "a ROWS frame": "order by d rows between 6 preceding and current row",
}
connection = duckdb.connect()
connection.execute("create table t as select date '2026-01-01' as d, 1 as v")
refused = []
for name, frame in frames.items():
    query = f"select avg(v) over ({frame}) from t"
    assert connection.execute(query).fetchall() == [(1.0,)]
    try:
        assert connection.get_table_names(query) == {"t"}
        print(f"duckdb {duckdb.__version__}: {name} is read")
    except duckdb.BinderException as error:
        refused.append(name)
        print(f"duckdb {duckdb.__version__}: {name} is refused: {str(error).splitlines()[0]}")
assert refused == ["a RANGE frame of an interval"]
PYTHON
for version in 2.0.1 1.5.6; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install -qq --disable-pip-version-check "duckdb==$version"
    "$folder/$version/bin/python" "$folder/names.py"
done
