"""The lint of the layers: every rule finds what breaks it, and the project breaks none."""

from typing import Any

import pytest

from dagster_project.lib.sql_models.project import manifest
from tests.sql.layers import EXCEPTIONS, faults, most_joins

SOUND = {
    "staging/stg_hub__cards": ["source.raw.hub_model_cards"],
    "staging/stg_hub__ends": ["stg_hub__cards", "source.raw.hub_model_cards"],
    "intermediate/int_models__states": ["stg_hub__ends", "source.seeds.publishers"],
    "marts/fct_states_daily": ["int_models__states"],
    "marts/dim_states": ["fct_states_daily", "stg_hub__cards"],
    "marts/model_history": ["int_models__states"],
}


def project(models: dict[str, list[str]], **of_all: Any) -> dict[str, Any]:
    """A manifest of models, each with what it reads."""
    made: dict[str, Any] = {"nodes": {}, "parent_map": {}}
    for path, reads in models.items():
        layer, name = path.split("/")
        made["nodes"][f"model.tide.{name}"] = {
            "resource_type": "model", "name": name, "fqn": ["tide", layer, name], "raw_code": "select 1",
            "original_file_path": f"models/{path}.sql", "patch_path": f"tide://models/{path}.yml", **of_all,
        }  # fmt: skip
        made["parent_map"][f"model.tide.{name}"] = [
            read.replace("source.", "source.tide.", 1) if "." in read else f"model.tide.{read}"
            for read in reads
        ]
    return made


def test_the_project_keeps_its_layers() -> None:
    assert faults(manifest()) == []


def test_sound_layers_have_no_fault() -> None:
    assert faults(project(SOUND)) == []


@pytest.mark.parametrize(
    ("model", "reads", "said"),
    [
        ("intermediate/int_x__y", "source.raw.loads", "int_x__y: reads the source raw.loads"),
        ("marts/fct_x", "source.raw.loads", "fct_x: reads the source raw.loads"),
        ("staging/stg_x__y", "int_models__states", "stg_x__y: is staging and reads int_models__states"),
        ("staging/stg_x__y", "dim_states", "stg_x__y: is staging and reads dim_states"),
        ("intermediate/int_x__y", "dim_states", "int_x__y: reads the mart dim_states"),
        ("staging/stg_cards", "source.raw.loads", "stg_cards: is not named as staging is"),
        ("intermediate/int_cards_daily", "stg_hub__cards", "int_cards_daily: is not named as intermediate"),
        ("marts/states_daily", "stg_hub__cards", "states_daily: is not named as marts is"),
    ],
)
def test_a_model_that_breaks_a_rule_is_named(model: str, reads: str, said: str) -> None:
    (found,) = faults(project({**SOUND, model: [reads]}))
    assert found.startswith(said)


def test_models_that_read_each_other_are_named() -> None:
    (found,) = faults(project({"marts/fct_a": ["fct_b"], "marts/fct_b": ["fct_a"]}))
    assert "fct_a → fct_b" in found or "fct_b → fct_a" in found


@pytest.mark.parametrize("patch_path", [None, "tide://models/marts/all.yml"])
def test_a_model_without_a_description_beside_it_is_named(patch_path: str | None) -> None:
    (found,) = faults(project({"marts/fct_a": []}, patch_path=patch_path))
    assert found.startswith("fct_a: has no description beside it")


def test_a_select_that_joins_too_much_is_named() -> None:
    joins = "select 1 from a" + " left join b on true" * 7
    (found,) = faults(project({"marts/fct_a": []}, raw_code=joins))
    assert found.startswith("fct_a: joins 7 times")


def test_joins_are_counted_by_select() -> None:
    two = "select 1 from a inner join b on f(a.x) = 'a join b' left join c on true"
    assert most_joins(two) == 2
    assert most_joins(f"{two} union all {two}") == 2
    assert most_joins(f"with x as ({two}), y as ({two}) select 1 from x cross join y") == 2
    assert most_joins(f"select 1 from a join ({two}) on true join c on true join d on true") == 3
    assert most_joins("select 1 -- join join\nfrom {{ join() }} {# join #} /* join */ join b on true") == 1


def test_every_exception_is_of_a_model_and_has_a_reason() -> None:
    names = {node["name"] for node in manifest()["nodes"].values()}
    assert {model for model, _ in EXCEPTIONS} <= names
    assert all(EXCEPTIONS.values())
