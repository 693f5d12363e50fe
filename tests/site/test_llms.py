"""llms.txt as a language model gets it: every table once, and links that lead into the site.

Belongs here: the text over a real publication. Does not belong here: the site around it.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_plus

import duckdb
import pytest

from dagster_project.lib.report.documents import analyses
from dagster_project.lib.site.llms import llms_text
from dagster_project.lib.warehouse.connection import reading
from tests.worlds.homes import two_days

CHARTS = {"charts/openness.html": "How open is what is downloaded?"}
LEFT_OUT = {"model_history": "a row for each model and day is too much for a browser"}


@pytest.fixture(scope="module")
def published(
    shared_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    with (
        two_days(shared_folder, tmp_path_factory.mktemp("home")) as world,
        closing(reading(world.published)) as connection,
    ):
        yield connection


@pytest.fixture(scope="module")
def text(published: duckdb.DuckDBPyConnection) -> str:
    return llms_text(published, LEFT_OUT, CHARTS)


def line_of(text: str, table: str) -> str:
    (line,) = (one for one in text.splitlines() if one.startswith(f"- [{table}]("))
    return line


def test_every_published_table_and_view_is_one_line_that_leads_to_its_columns(
    published: duckdb.DuckDBPyConnection, text: str
) -> None:
    tables = [name for (name,) in published.execute("from (show tables) select name").fetchall()]
    assert {"latest_models", "fct_openness_daily", "licences", "about_days"} <= set(tables)
    told = dict(re.findall(r"^- \[(\w+)\]\(metrics\.html(?:#(\w+))?\): .+\.$", text, re.MULTILINE))
    assert len(re.findall(r"^- \[\w+\]\(metrics", text, re.MULTILINE)) == len(told)
    assert told == {
        name: "" if name.startswith("about") and name != "about_sources" else name for name in tables
    }


def test_it_has_the_form_of_llmstxt_org(text: str) -> None:
    """A heading, a quotation, text without headings, then sections of nothing but links."""
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert re.match(r"# Model Tide\n\n> .+\n(> .+\n)*\n", head) and head.count("\n# ") == 0
    assert len(sections) > 5 and sections[-1].startswith("Optional\n")
    for section in sections:
        _, empty, *lines = section.rstrip("\n").splitlines()
        assert empty == "" and lines and all(re.match(r"- \[.+?\]\(\S+?\)(: .+)?$", line) for line in lines)


def test_every_link_stays_in_the_site(text: str) -> None:
    pages = r"(metrics|sql|changes)\.html|metrics\.html#\w+|sql\.html#sql=\S+"
    files = r"changes\.atom|sql/modeltide\.duckdb|charts/\w+\.(html|csv)"
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert {"sql.html", "sql/modeltide.duckdb", "charts/openness.html", "charts/openness.csv"} <= set(links)
    assert [link for link in links if not re.fullmatch(f"{pages}|{files}", link)] == []


def test_a_question_brings_its_query_and_the_query_an_answer(
    published: duckdb.DuckDBPyConnection, text: str
) -> None:
    queries = [unquote_plus(query) for query in re.findall(r"\(sql\.html#sql=(\S+)\)", text)]
    assert len(queries) == len(analyses())
    for query, path in zip(queries, analyses(), strict=True):
        assert path.read_text(encoding="utf-8").split()[-20:] == query.split()[-20:]
        published.execute(query).fetchall()


def test_it_says_of_a_table_that_the_file_lacks_why(text: str) -> None:
    assert line_of(text, "latest_models").endswith(" Grain: model.")
    assert line_of(text, "model_history").endswith(
        " Not in the file: a row for each model and day is too much for a browser."
    )


def test_invented_figures_are_said_to_be_invented_before_anything_else(text: str) -> None:
    first = text.partition("\n- ")[0]
    assert "This site shows the publication of 2026-01-15. Every number is invented" in first


def test_the_traps_are_those_of_the_first_document(text: str) -> None:
    assert "Traps:\n\n- A download is a request of a query file, not a user" in text
