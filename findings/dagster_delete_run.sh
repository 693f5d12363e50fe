#!/usr/bin/env bash
# Dagster 1.13.27 with its own SQLite storage: `instance.delete_run` deletes a run and its events, but the
# run's file of events stays on the disk, no smaller than before, and the evaluations of its asset checks stay
# in the index. Whoever deletes old runs to gain space gains none of the first half, and the second half is
# kept without end. Seen with Python 3.11:
#   before: 1 runs, file of events 1138688 bytes, 1 check executions
#   after:  0 runs, file of events 1138688 bytes, 1 check executions
# Ends with 1 if that is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check dagster==1.13.27
mkdir "$folder/home"
DAGSTER_HOME="$folder/home" DAGSTER_DISABLE_TELEMETRY=yes "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import os, sqlite3, sys
import dagster as dg

@dg.asset(check_specs=[dg.AssetCheckSpec("is_there", asset="table")])
def table():
    passed = dg.AssetCheckResult(passed=True)
    return dg.MaterializeResult(metadata={"rows": "x" * 500_000}, check_results=[passed])

def sizes(instance, run_id):
    runs = os.path.join(os.environ["DAGSTER_HOME"], "history", "runs")
    index = sqlite3.connect(os.path.join(runs, "index.db"))
    checks = index.execute("select count(*) from asset_check_executions").fetchone()[0]
    file = os.path.join(runs, f"{run_id}.db")
    return len(instance.get_runs()), os.path.getsize(file) if os.path.exists(file) else 0, checks

with dg.DagsterInstance.get() as instance:
    run_id = dg.materialize([table], instance=instance).run_id
    before = sizes(instance, run_id)
    instance.delete_run(run_id)
    after = sizes(instance, run_id)
print("dagster", dg.__version__, "Python", sys.version.split()[0])
for name, (runs, size, checks) in (("before:", before), ("after: ", after)):
    print(f"{name} {runs} runs, file of events {size} bytes, {checks} check executions")
sys.exit(0 if after == (0, before[1], 1) and before[1] > 500_000 else 1)
PYTHON
