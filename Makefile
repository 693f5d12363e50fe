# Every target installs what it needs into .venv first; nothing else on the machine is used.
PYTHON ?= python3
# requires-python says the same, and why
PYTHONS := 3.11 3.12 3.13
BIN := .venv/bin
SQL_FILES := $(shell find sql -name '*.sql' -o -name '*.yml' -o -name docs.md)
MANIFEST := sql/target/manifest.json

# What is typed reaches the programs through the environment, as it is typed: make reads no $ in it, no shell a quote
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),\
    $(eval override $(name) := $$(value $(name)))$(eval export $(name))))

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONWARNINGS ?= ignore
export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export HF_HUB_DISABLE_TELEMETRY := 1
unexport PYTHONDONTWRITEBYTECODE # with it each command compiles every module anew: 3 s each

.DEFAULT_GOAL := help
.PHONY: help demo claim run dev lake site pull push report spark test-engines test-spark test test-all lint bench soak rebuild backfill import drop docs screenshots sql locks

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(MANIFEST) ## 45 simulated days, no network
	@$(BIN)/python -m dagster_project demo

claim: $(MANIFEST) ## the newspaper's sentence, checked: CLAIM="family company date", DEMO=1 without a network
	@$(BIN)/python -m dagster_project claim

run: $(MANIFEST) ## today's live snapshot; DAY=… loads a landed day again
	@$(BIN)/python -m dagster_project run

dev: $(MANIFEST) ## the Dagster UI, with the daily schedule on
	@$(BIN)/python -m dagster_project dev

lake: $(MANIFEST) ## the warehouse as Parquet for every engine: LAKE=path or address
	@$(BIN)/python -m dagster_project lake

site: $(MANIFEST) ## the publication as pages that any host can serve, in published/site
	@$(BIN)/python -m dagster_project site

pull: $(MANIFEST) ## the record from MODELTIDE_PRIVATE_DATASET and MODELTIDE_DATASET, what is missing here
	@$(BIN)/python -m dagster_project pull

push: $(MANIFEST) ## the record and the publication to them, what is missing there: HF_TOKEN=…
	@$(BIN)/python -m dagster_project push

report: .venv/installed ## open the report of the newest publication
	@$(BIN)/python -m dagster_project report

rebuild: $(MANIFEST) ## the warehouse anew from snapshots/; ACCEPT=1 goes on without what is lost
	@$(BIN)/python -m dagster_project rebuild

backfill: $(MANIFEST) ## past days from the public archive: FROM=… TO=… [EVERY=7]
	@$(BIN)/python -m dagster_project backfill

import: $(MANIFEST) ## a day from a file of your own: FILE=… DATE=…
	@$(BIN)/python -m dagster_project import

drop: $(MANIFEST) ## take a day out again: DATE=… (an observed one for good, with ACCEPT=1)
	@$(BIN)/python -m dagster_project drop

docs: $(MANIFEST) ## docs/metrics.md and docs/queries.md, from descriptions and the demo
	@$(BIN)/python -m dagster_project docs

screenshots: $(MANIFEST) .venv/installed-dev ## docs/images, from the demo in headless Chromium
	@$(BIN)/python -m tests.browser.screenshots

sql: $(MANIFEST) .venv-sql/installed ## the published file in Harlequin, read-only
	@$(BIN)/python -m dagster_project sql

spark: .venv-spark/installed ## the SQL models over a lake by Spark (needs Java 17): LAKE=…
	@sql/spark.sh

test-engines: $(MANIFEST) .venv/installed-dev .venv-spark/installed ## every mart, by DuckDB 2.0 and 1.5 and by Spark, row for row
	$(BIN)/python -m tests.engines

test-spark: $(MANIFEST) .venv/installed-dev .venv-spark/installed ## the half of Spark
	$(BIN)/python -m tests.engines spark

test: $(MANIFEST) .venv/installed-dev .venv/installed-deploy ## the tests but for the marathons, no network
	$(BIN)/python -m pytest -m 'not slow'

test-all: $(MANIFEST) .venv/installed-dev .venv/installed-deploy ## every test, no network
	$(BIN)/python -m pytest

soak: $(MANIFEST) .venv/installed-dev ## an hour of kill -9, readers, full disks: SEED=… MINUTES=… PART=kills,commands,reads,disk
	@$(BIN)/python -m tests.soak

bench: $(MANIFEST) .venv/installed-dev ## speed and memory, as ratios within one run
	$(BIN)/python -m benchmarks

lint: $(MANIFEST) .venv/installed-dev ## style, types, the workflow, CITATION.cff and deploy/compose.yaml, no network
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint sql/models sql/tests sql/report --processes 2
	$(BIN)/python -m tests.sql.layers && $(BIN)/python -m tests.sql.portable
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml

$(MANIFEST): .venv/installed $(SQL_FILES)
	@cd sql && ../$(BIN)/dbt --quiet parse --profiles-dir . && touch target/manifest.json

FOUND = $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0])' 2> /dev/null)
REFUSED = $(PYTHON) is $(or $(FOUND:%=Python %),no Python here), one of $(PYTHONS) is needed: make demo PYTHON=python3.12
INSTALL = $(if $(filter $(addsuffix .%,$(PYTHONS)),$(FOUND)),$(PYTHON) install.py $@ $<,$(error $(REFUSED)))

.venv/installed: requirements.lock
	@$(INSTALL)

.venv/installed-dev: requirements-dev.lock .venv/installed
	@$(INSTALL)

.venv/installed-deploy: requirements-deploy.lock .venv/installed
	@$(INSTALL)

# an environment of its own: beside the project's pins only a Harlequin of 2023 can be installed
.venv-sql/installed: requirements-sql.lock
	@$(INSTALL)

# the SQL models on Spark, which wants 500 MB and Java
.venv-spark/installed: requirements-spark.lock
	@$(INSTALL)

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --quiet --generate-hashes --no-header --no-annotate
LOCKED = sed -n 's/^\([^ =]*\)==.*/--no-emit-package \1/p' requirements.lock

locks: .venv/installed-dev ## the locks from pyproject.toml: a version stays unless it must go, or UPGRADE=package
	$(LOCK) pyproject.toml $(if $(UPGRADE),-P "$$UPGRADE") -o requirements.lock
	$(LOCK) --group dev pyproject.toml -c requirements.lock $$($(LOCKED)) $(if $(UPGRADE),-P "$$UPGRADE") -o requirements-dev.lock
	$(LOCK) --group spark $(if $(UPGRADE),-P "$$UPGRADE") -o requirements-spark.lock
	$(LOCK) --group deploy pyproject.toml -c requirements.lock -c requirements-dev.lock $$($(LOCKED)) $(if $(UPGRADE),-P "$$UPGRADE") -o requirements-deploy.lock
	$(LOCK) --group installer $(if $(UPGRADE),-P "$$UPGRADE") -o requirements-pip.lock
