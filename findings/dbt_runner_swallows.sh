#!/usr/bin/env bash
# dbt-core 1.11.16 with dbt-duckdb 1.11.1, called in a program: `dbtRunner.invoke` raises nothing at all. Not only
# errors, but KeyboardInterrupt and SystemExit of the main thread come back as a field of its result. A program
# that does not look at `result.exception` goes on after Ctrl-C as if dbt had failed. And after it has returned,
# the DuckDB file is still open in the process: nobody can open it with another configuration.
# Seen with Python 3.11:
#   invoke returned: success False, exception KeyboardInterrupt
#   afterwards: ConnectionException
# Ends with 1 if that is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.11.1
mkdir -p "$folder/project/models"
cat > "$folder/project/dbt_project.yml" <<'YML'
name: one
version: "1.0"
profile: one
YML
cat > "$folder/project/profiles.yml" <<YML
one:
  target: file
  outputs:
    file: {type: duckdb, path: "$folder/file.duckdb"}
YML
for name in a b; do echo "select 1 as number" > "$folder/project/models/$name.sql"; done
cd "$folder/project"
DBT_SEND_ANONYMOUS_USAGE_STATS=false "$folder/venv/bin/python" -W ignore - "$folder/file.duckdb" <<'PYTHON'
import os, signal, sys
import duckdb
from dbt.cli.main import dbtRunner
from dbt.version import __version__

def interrupted_after_a_model(event):
    if event.info.name == "LogModelResult":
        os.kill(os.getpid(), signal.SIGINT)  # what Ctrl-C sends

raised = opened = None
try:
    result = dbtRunner(callbacks=[interrupted_after_a_model]).invoke(["run", "--quiet", "--threads", "1"])
except KeyboardInterrupt:
    raised = True
else:
    print(f"invoke returned: success {result.success}, exception {type(result.exception).__name__}")
dbtRunner().invoke(["run", "--quiet"])
try:
    duckdb.connect(sys.argv[1], config={"threads": 1})
except duckdb.Error as error:
    opened = type(error).__name__
print("afterwards:", opened or "opened")
print("dbt", __version__, "duckdb", duckdb.__version__, "Python", sys.version.split()[0])
sys.exit(1 if raised or not isinstance(result.exception, KeyboardInterrupt) or not opened else 0)
PYTHON
