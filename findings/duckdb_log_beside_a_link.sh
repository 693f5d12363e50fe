#!/bin/sh
# DuckDB opened through a symbolic link: where does it keep its write-ahead log?
#
# Seen on Linux, Python 3.11: DuckDB 1.2.2 keeps the log beside the link, 2.0.1 beside the file that the link leads
# to. When the link is pointed at another file before the log is emptied, 1.2.2 reads the log of the first file
# into the second one, without a word, also read-only: the table `noted` shows up in a file that never had it.
#
# Output seen:
#   1.2.2 ['noted', 'second']
#   2.0.1 ['second']
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'END'
import os
import subprocess
import sys

import duckdb

writer = "import duckdb, os; c = duckdb.connect('link'); c.execute('create table noted (i int)'); os._exit(0)"
for name in ("first", "second"):
    duckdb.connect(name).execute(f"create table {name} (i int)").close()
os.symlink("first", "link")
subprocess.run([sys.executable, "-c", writer], check=True)  # ends before its log is emptied
os.symlink("second", "new")
os.replace("new", "link")
tables = duckdb.connect("link", read_only=True).execute("select table_name from duckdb_tables() order by 1")
print(duckdb.__version__, [name for (name,) in tables.fetchall()])
END
for version in 1.2.2 2.0.1; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "duckdb==$version" 2> "$folder/pip" ||
        { cat "$folder/pip" >&2; exit 1; }
    mkdir "$folder/in-$version"
    (cd "$folder/in-$version" && "../$version/bin/python" ../try.py)
done > "$folder/seen"
cat "$folder/seen"
printf "1.2.2 ['noted', 'second']\n2.0.1 ['second']\n" | cmp - "$folder/seen"
