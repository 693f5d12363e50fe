# Every target installs what it needs into .venv first; nothing else on the machine is used.
PYTHON ?= python3
BIN := .venv/bin
SQL_FILES := $(shell find sql -name '*.sql' -o -name '*.yml')
MANIFEST := sql/target/manifest.json

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONWARNINGS ?= ignore
export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo run dev test lint bench rebuild backfill import drop

demo: $(MANIFEST) ## 45 simulated days, no network
	@$(BIN)/python -m dagster_project demo

run: $(MANIFEST) ## today's live snapshot; DAY=… loads a landed day again
	@$(BIN)/python -m dagster_project run $(if $(DAY),--day $(DAY))

dev: $(MANIFEST) ## the Dagster UI, with the daily schedule on
	@$(BIN)/python -m dagster_project dev

rebuild: $(MANIFEST) ## the warehouse anew from snapshots/
	@$(BIN)/python -m dagster_project rebuild

backfill: $(MANIFEST) ## past days from the public archive: FROM=… TO=… [EVERY=7]
	@$(BIN)/python -m dagster_project backfill --from '$(FROM)' --to '$(TO)' --every '$(or $(EVERY),1)'

import: $(MANIFEST) ## a day from a file of your own: FILE=… DATE=…
	@$(BIN)/python -m dagster_project import --file '$(FILE)' --date '$(DATE)'

drop: $(MANIFEST) ## take a day of the archive or of a file out again: DATE=…
	@$(BIN)/python -m dagster_project drop --date '$(DATE)'

test: $(MANIFEST) ## every test, no network
	$(BIN)/python -m pytest

bench: $(MANIFEST) ## speed and memory, as ratios within one run
	$(BIN)/python -m benchmarks

lint: $(MANIFEST) ## style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint sql/models sql/tests --processes 2
	$(BIN)/mypy

$(MANIFEST): .venv/installed $(SQL_FILES)
	@cd sql && ../$(BIN)/dbt --quiet parse --profiles-dir . && touch target/manifest.json

.venv/installed: requirements.lock
	@echo "Installing into .venv: a minute or two"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@touch .venv/installed
