"""What is built for repositories with new evidence alone: licences, parents, and the families they lead to.

Belongs here: that a build after any days equals one from nothing, and that newer days touch no other
repository. Does not belong here: what the rows say (the unit tests of int_models__classified, test_families).
"""

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hub.load_day import remove_day
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from tests.landed import item, load
from tests.worlds.warehouse import VIEWS, Template, Warehouse

FIRST = date(2026, 1, 1)
RENEWED = ("int_models__classified", "int_models__declared_parents")
TABLES = (*RENEWED, "int_models__parents", "int_models__states", "int_models__families",
          "int_models__profiles")  # fmt: skip
READ = tuple(f"+{table}" for table in TABLES)
NAMES = [f"{account}/{name}" for account in "ab" for name in ("one", "two", "three", "four")]


class Hub:
    """Eight repositories that change their names, parents, tags and gating at random; names are unique."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names = dict(enumerate(NAMES[:5], 1))
        self.fields: dict[int, dict[str, Any]] = {}

    def live_a_day(self) -> list[dict[str, Any]]:
        """What the listing of the next day says."""
        chance = self.chance
        for key in range(1, 9):
            free = [name for name in NAMES if name not in self.names.values()]
            if chance.random() < 0.2 and free:
                self.names[key] = chance.choice(free)
            elif chance.random() < 0.05:
                self.names.pop(key, None)
            if key not in self.fields or chance.random() < 0.3:
                parents = chance.sample(NAMES, chance.choice([0, 1, 1, 2]))
                self.fields[key] = {
                    "gated": chance.choice([False, "auto", "manual"]),
                    "tags": chance.choice([["license:mit"], ["license:llama3"], []])
                    + [f"base_model:finetune:{name}" for name in parents],
                    "createdAt": f"2025-01-0{chance.randint(1, 3)}T00:00:00.000Z",
                    "usedStorage": 10**9,
                } | (
                    {"baseModels": {"relation": "merge", "models": [{"id": name} for name in parents]}}
                    if chance.random() < 0.5
                    else {}
                )
        return [
            item(key, id=name, author=name.split("/")[0], **self.fields[key])
            for key, name in self.names.items()
        ]


class Built:
    """What dbt builds of a data home, in a file of its own: dbt keeps its connection open."""

    def __init__(self, settings: Settings, template: Template, folder: Path) -> None:
        self.settings, self.warehouse = settings, Warehouse(folder, template)
        self.plant(settings)

    def plant(self, settings: Settings) -> None:
        """Read the seeds."""
        with up_to_date(settings) as connection:
            load_seeds(connection, settings)

    def build(self) -> None:
        """From the raw tables and seeds that the home has now."""
        self._copy_what_is_loaded()
        self.warehouse.dbt("run", "--select", *READ, "--exclude", VIEWS)

    def build_anew(self) -> None:
        """The same from nothing."""
        self._copy_what_is_loaded()
        self.warehouse.build(*READ)

    def _copy_what_is_loaded(self) -> None:
        self.ask(f"attach '{self.settings.warehouse}' as home (read_only)")
        for schema, table in self.ask(
            "select schema_name, table_name from duckdb_tables() where database_name = 'home' "
            "and schema_name in ('raw', 'seeds')"
        ):
            self.ask(f"create or replace table {schema}.{table} as from home.{schema}.{table}")
        self.ask("detach home")

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(sql, list(parameters))

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        weight = "replace (round(weight, 9) as weight)"  # a sum, whose order is nobody's
        return {
            table: self.ask(
                f"select * {weight if table == 'int_models__families' else ''} from intermediate.{table} "
                "order by all"
            )
            for table in TABLES
        }


@pytest.fixture
def built(settings: Settings, template: Template, tmp_path: Path) -> Built:
    own = tmp_path / "accounts"
    own.mkdir()
    (own / "publishers.csv").write_text(
        "publisher,company,family,country,follow_all,source\na,A,qwen,CN,false,test\n", encoding="utf-8"
    )
    # a handful of models come and go
    return Built(replace(settings, accept=True, seeds_folder=own), template, tmp_path)


def _day(number: int) -> str:
    return (FIRST + timedelta(number)).isoformat()


def _edges(built: Built, table: str, day: str) -> set[tuple[int, int | None, str | None]]:
    """Child, parent, and the name of a parent that nobody had."""
    return set(
        built.ask(
            "select model_key, parent_key, case when parent_key is null then parent_name end "
            f"from intermediate.{table} where valid_from <= $1 and coalesce(valid_to > $1, true)",
            day,
        )
    )


def _acyclic(
    built: Built, declared: set[tuple[int, int | None, str | None]]
) -> set[tuple[int, int | None, str | None]]:
    """What is declared on a day without self-parents, and without those edges of a cycle whose child is older
    than its parent (of two of one age the one with the smaller key).
    """
    edges = {edge for edge in declared if edge[0] != edge[1]}
    ages = {key: (at, key) for key, at in built.ask("select model_key, created_at from raw.hub_models")}
    parents: dict[int | None, set[int | None]] = {}
    for child, parent, _ in edges:
        parents.setdefault(child, set()).add(parent)

    def is_above(ancestor: int, key: int | None) -> bool:
        seen, found = set(), {key}
        while found:
            seen |= found
            found = set().union(*(parents.get(each, set()) for each in found)) - seen - {None}
        return ancestor in seen

    return {
        (child, parent, name)
        for child, parent, name in edges
        if parent is None or ages[child] > ages[parent] or not is_above(child, parent)
    }


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_builds_after_any_days_equal_one_from_nothing(built: Built, seed: int) -> None:
    """A day filled in, loaded again, taken out; then newer ones, two at once and one after a gap: nothing
    builds all repositories after that.
    """
    hub = Hub(random.Random(seed))
    load(built.settings, _day(0), hub.live_a_day())
    built.build()
    for step in ([2], [1], [2], [4], [-2], [5], [6], [7, 8], [10], [11], [12]):
        for number in step:
            if number < 0:
                with up_to_date(built.settings) as connection:
                    remove_day(connection, built.settings, FIRST + timedelta(-number))
            else:
                load(built.settings, _day(number), hub.live_a_day())
        built.build()
    cut = set()
    for number in range(13):
        declared, live = (_edges(built, table, _day(number)) for table in TABLES[1:3])
        assert live == _acyclic(built, declared), number
        cut |= {(child, parent) for child, parent, _ in declared - live if child != parent}
    assert cut
    stepwise = built.rows()
    built.build_anew()
    assert all(stepwise.values())
    assert built.rows() == stepwise


def test_newer_days_touch_repositories_with_new_evidence_alone(built: Built, tmp_path: Path) -> None:
    """A mark in the rows of model 2 stays until its own evidence, an older day or another seed comes."""
    listing = [item(1), item(2), item(3)]
    load(built.settings, _day(0), listing)
    built.build()

    def mark_model_2() -> None:
        built.ask(
            "update intermediate.int_models__classified set licence_name = 'mark' "
            "where model_key = (select model_key from raw.hub_models where hub_id = ?)",
            f"{2:024x}",
        )

    def is_marked_after_build() -> bool:
        built.build()
        return (
            built.ask("select 1 from intermediate.int_models__classified where licence_name = 'mark'") != []
        )

    mark_model_2()
    load(built.settings, _day(2), [item(1, tags=["license:apache-2.0"]), *listing[1:]])
    assert is_marked_after_build()
    load(built.settings, _day(3), [listing[0], item(2, gated="auto"), listing[2]])
    assert not is_marked_after_build()
    mark_model_2()
    load(built.settings, _day(1), listing)
    assert not is_marked_after_build()
    mark_model_2()
    own = tmp_path / "seeds"
    own.mkdir()
    (own / "named_licences.csv").write_text("licence_name,licence_class\nmine,L2\n", encoding="utf-8")
    built.plant(replace(built.settings, seeds_folder=own))
    assert not is_marked_after_build()
