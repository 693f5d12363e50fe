#!/usr/bin/env bash
# DuckDB 1.5.6: a LEFT JOIN on equal keys with an OR beside them ("until NULL or before a day", the usual way to
# join a state that holds on a day) is no hash join: each row is compared with each other. The same condition with
# COALESCE in place of the OR is one, and so is an INNER JOIN with the OR. DuckDB 2.0.1 makes a hash join of all.
# Seen with Python 3.11, one thread, 30,000 facts of 3,000 keys and 12,000 states:
#   1.5.6 left join with OR: no hash join, 0.80 s of CPU, 30,000 rows
#   1.5.6 left join with COALESCE: hash join, 0.00 s of CPU, 30,000 rows
#   1.5.6 inner join with OR: hash join, 0.00 s of CPU, 30,000 rows
#   2.0.1 left join with OR: hash join, 0.01 s of CPU, 30,000 rows
# It grows with the product of both: 40 s for 200,000 facts and 80,000 states.
# Ends with 1 if DuckDB 1.5.6 makes a hash join of the first, or any of the others is none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/joins.py" <<'PYTHON'
import sys
import time
import duckdb

connection = duckdb.connect(config={"threads": 1})
connection.execute(
    "create table facts as select i % 3000 as key, date '2026-01-01' + (i // 3000)::integer as day "
    "from range(30000) as r(i)"
)
connection.execute(
    "create table states as select key, date '2026-01-01' + (3 * n)::integer as valid_from, "
    "case when n < 3 then date '2026-01-01' + (3 * n + 3)::integer end as valid_to "
    "from range(3000) as k(key), range(4) as s(n)"
)
conditions = {
    "OR": "(s.valid_to is null or f.day < s.valid_to)",
    "COALESCE": "f.day < coalesce(s.valid_to, date '9999-12-31')",
}
hashed = {}
for kind in ("left", "inner"):
    for name, until in conditions.items():
        query = (
            f"select count(s.key) from facts as f {kind} join states as s "
            f"on f.key = s.key and f.day >= s.valid_from and {until}"
        )
        plan = "".join(row[1] for row in connection.execute("explain " + query).fetchall()).upper()
        start = time.process_time()
        ((rows,),) = connection.execute(query).fetchall()
        spent = time.process_time() - start
        hashed[kind, name] = "HASH_JOIN" in plan or "HASH JOIN" in plan
        said = "hash join" if hashed[kind, name] else "no hash join"
        print(f"{duckdb.__version__} {kind} join with {name}: {said}, {spent:.2f} s of CPU, {rows:,} rows")
        assert rows == 30_000
slow = {("left", "OR")} if duckdb.__version__ == "1.5.6" else set()
sys.exit(0 if {case for case, is_hashed in hashed.items() if not is_hashed} == slow else 1)
PYTHON
for version in 1.5.6 2.0.1; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install -qq --disable-pip-version-check "duckdb==$version"
    "$folder/$version/bin/python" "$folder/joins.py"
done
