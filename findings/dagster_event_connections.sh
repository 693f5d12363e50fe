#!/usr/bin/env bash
# Dagster 1.13.27 with its own SQLite storage, as every local instance has it: each event makes a SQLAlchemy engine
# for the run's file and another for the index, opens the file, and throws both away with all that SQLAlchemy had
# compiled. It is the larger part of what an event costs: keeping the engines makes an event three times cheaper.
# Seen with Python 3.11, SQLAlchemy 2.1.9:
#   50 materializations: 100 connections, 2 each
# Ends with 1 if an event opens none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check dagster==1.13.27
mkdir "$folder/home"
DAGSTER_HOME="$folder/home" DAGSTER_DISABLE_TELEMETRY=yes "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import sys
import dagster as dg
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

opened = 0

@event.listens_for(Engine, "connect")
def count(*_):
    global opened
    opened += 1

EVENTS = 50
with dg.DagsterInstance.get() as instance:
    said = lambda: instance.report_runless_asset_event(dg.AssetMaterialization("table"))
    said()  # the first creates the files
    opened = 0
    for _ in range(EVENTS):
        said()
print("dagster", dg.__version__, "SQLAlchemy", sqlalchemy.__version__, "Python", sys.version.split()[0])
print(f"{EVENTS} materializations: {opened} connections, {opened / EVENTS:g} each")
sys.exit(0 if opened >= EVENTS else 1)
PYTHON
