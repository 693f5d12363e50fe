#!/usr/bin/env bash
# DuckDB 2.0.1: COPY ... (FORMAT parquet, DICTIONARY_SIZE_LIMIT n) takes memory for n entries of every column of
# texts at once, however few rows or values there are: some 48 bytes an entry. So a limit that is meant as "always
# use a dictionary" makes a small table of many columns take gigabytes, or fail for want of memory. The default
# costs nothing.
# Seen with Python 3.11, one thread, 1,000 rows of ten values in each of four columns:
#   the default: 1 MB more
#   a limit of 1,000,000: 193 MB more
#   a limit of 4,000,000: 769 MB more
# Ends with 1 if the limits take less than 150 and 600 MB, or the default more than 10 MB.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/limit.py" <<'PYTHON'
import resource
import sys

import duckdb

target, option = sys.argv[1:]
connection = duckdb.connect(config={"threads": 1})
columns = ", ".join(f"'value ' || (i % 10) as c{number}" for number in range(4))
connection.execute(f"create table t as select {columns} from range(1000) as r(i)")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
connection.execute(f"copy t to '{target}' (format parquet{option})")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check duckdb==2.0.1
taken() { "$folder/venv/bin/python" "$folder/limit.py" "$folder/t.parquet" "$1"; }
default=$(taken "")
million=$(taken ", dictionary_size_limit 1000000")
millions=$(taken ", dictionary_size_limit 4000000")
echo "the default: $default MB more"
echo "a limit of 1,000,000: $million MB more"
echo "a limit of 4,000,000: $millions MB more"
[ "$default" -le 10 ] && [ "$million" -ge 150 ] && [ "$millions" -ge 600 ]
