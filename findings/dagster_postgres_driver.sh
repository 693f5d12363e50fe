#!/usr/bin/env bash
# dagster-postgres 0.29.27 brings psycopg2 and takes any SQLAlchemy before 3, so that 2.1 is installed; its default
# address, `postgresql://`, means psycopg 3 since SQLAlchemy 2.1. So the storage that its documentation shows does not
# open, whatever the database. With `scheme: postgresql+psycopg2` in dagster.yaml it finds its driver.
# Seen with Python 3.11:
#   scheme as by default: ModuleNotFoundError: No module named 'psycopg'
#   scheme postgresql+psycopg2: the driver is there
# Ends with 1 if that is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check \
    dagster==1.13.27 dagster-postgres==0.29.27 SQLAlchemy==2.1.9
DAGSTER_DISABLE_TELEMETRY=yes "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import sys
import dagster_postgres, sqlalchemy
from dagster_postgres.utils import create_pg_engine, get_conn_string

def opened(**scheme):
    try:
        create_pg_engine(get_conn_string("user", "password", "127.0.0.1", "dagster", "5432", **scheme))
    except ModuleNotFoundError as error:
        return f"ModuleNotFoundError: {error}"
    return "the driver is there"

default, named = opened(), opened(scheme="postgresql+psycopg2")
versions = dagster_postgres.__version__, "SQLAlchemy", sqlalchemy.__version__, "Python", sys.version.split()[0]
print("dagster-postgres", *versions)
print("scheme as by default:", default)
print("scheme postgresql+psycopg2:", named)
sys.exit(0 if "No module named 'psycopg'" in default and named == "the driver is there" else 1)
PYTHON
