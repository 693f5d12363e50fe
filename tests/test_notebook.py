"""docs/notebook.py as Jupyter reads it, over a real publication and without a kernel or a browser.

Belongs here: that it is a notebook, that its cells run one after the other, and what its chart shows.
Does not belong here: the figures (tests/sql) and the report's charts (tests/report).
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from dagster_project.lib.checkout import PROJECT
from tests.worlds.homes import World, two_days

NOTEBOOK = PROJECT / "docs" / "notebook.py"


@pytest.fixture(scope="module")
def world(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with two_days(shared_folder, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def ran(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cells have made, in the folder in which Jupyter would run them."""
    monkeypatch.chdir(NOTEBOOK.parent)
    monkeypatch.setenv("MODELTIDE_HOME", str(world.settings.home))
    made: dict[str, Any] = {}
    for cell in jupytext.read(NOTEBOOK).cells:
        if cell.cell_type == "code":
            exec(cell.source, made)
    return made


def test_it_is_a_notebook_whose_code_is_explained_cell_by_cell() -> None:
    notebook = jupytext.read(NOTEBOOK)
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "code"] * 5
    assert jupytext.writes(notebook, fmt="py:percent").count("# %%") == len(kinds)


def test_its_shares_are_those_of_the_publication_with_their_bounds(world: World, ran: dict[str, Any]) -> None:
    said = world.ask(
        "select channel, activity_date, value, lower_bound, upper_bound from fct_open_vs_closed_daily "
        "where channel in ('hub_weights', 'tokens') and lower_bound is not null order by all"
    )
    drawn = ran["shares"]
    assert len(said) == len(drawn) > 0
    assert drawn["share"].max() == max(row[2] for row in said if row[2] is not None)
    known = drawn.dropna()
    assert ((known["lower_bound"] <= known["share"]) & (known["share"] <= known["upper_bound"])).all()


def test_its_chart_says_that_invented_figures_are_invented_and_is_drawn(ran: dict[str, Any]) -> None:
    assert ran["chart"].to_dict()["title"]["subtitle"] == "Publication of 2026-01-15, every number INVENTED"
    picture = io.BytesIO()
    ran["chart"].save(picture, format="png")
    assert picture.getvalue().startswith(b"\x89PNG") and picture.tell() > 10_000
