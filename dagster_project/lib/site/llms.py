"""llms.txt: what a language model should know before it answers from the tables (llmstxt.org).

Belongs here: the order of what it is told, and where each line leads.
Does not belong here: what tables mean (their comments), traps (docs/start-here.md), questions (sql/analyses).
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote_plus

import duckdb

from dagster_project.lib.report.documents import DOCS, TOPICS, analyses, documented, question_of
from dagster_project.lib.seeds.tables import ALL_SEEDS

NAME = "llms.txt"
FILE = "sql/modeltide.duckdb"
FIRST = f"""\
- The file [{FILE}]({FILE}) opens in DuckDB 1.2 or later, also by its address
  (`attach 'https://…/{FILE}' as tide (read_only)`), and on the page [sql.html](sql.html).
- Tables that are not in the file are in `published/modeltide.duckdb` of whoever runs Model Tide, and all of
  them as Parquet in `published/parquet`: `<table>.parquet`, or a folder `<table>/` with a file a day.
- `from about` says which day the file is of; [metrics.html](metrics.html) says what each column means.
- Times are UTC. Missing is NULL, never 0. A share is a fraction of 1. What is said of a table ends in
  its grain."""
PROVENANCE = {
    "synthetic": "Every number is invented: the names are real, the data is synthetic. Never cite it.",
    "live": "The figures come from the sources themselves.",
}


def llms_text(
    publication: duckdb.DuckDBPyConnection, left_out: Mapping[str, str], charts: Mapping[str, str]
) -> str:
    """The text. `left_out` has the tables that sql/modeltide.duckdb lacks with the reason, `charts` the pages
    of charts with their titles.

    Grain: one text; a published table or view is one line of it.
    """
    (day, provenance), *_ = publication.execute("select snapshot_date, provenance from about").fetchall()
    told = PROVENANCE.get(provenance, f"The days come by way of another place: {provenance}.")
    seeds, placed = [seed.name for seed in ALL_SEEDS], documented()
    lines = {
        name: _table(name, text, f"#{name}" if name in placed else "", left_out.get(name))
        for name, text in _tables(publication)
    }
    sections = {
        **{topic: [lines[name] for name in names if name in lines] for topic, names in TOPICS.items()},
        "The publication itself": [
            *(line for name, line in lines.items() if name not in placed),
            "- [What changed from day to day](changes.html): also as a feed, [changes.atom](changes.atom)",
        ],
        "Questions, each with its query": list(_questions()),
        "Charts, each with its figures": [
            f"- [{title}]({page}): [figures]({page.removesuffix('.html')}.csv)"
            for page, title in charts.items()
        ],
        # llmstxt.org: what may be left out when there is little room
        "Optional": [lines[name] for name in seeds if name in lines],
    }
    return "\n".join(
        [
            "# Model Tide",
            "",
            "> How open AI models spread, and whether markets notice: for each day the model listing of the",
            "> Hugging Face Hub and share prices, as tables in which every column says what it means.",
            "",
            f"This site shows the publication of {day}. {told}",
            "",
            FIRST,
            "",
            "Traps:",
            "",
            _traps(),
            *(text for title, found in sections.items() if found for text in ("", f"## {title}", "", *found)),
            "",
        ]
    )


def _tables(publication: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every published table and view, and what it says of itself; else the names of its columns."""
    return publication.execute(
        """
        with described as (
            select table_name, comment from duckdb_tables()
            union all
            select view_name, comment from duckdb_views() where not internal
        )
        select table_name, coalesce(comment, (
            select 'Its columns: ' || string_agg(column_name, ', ' order by column_index) || '.'
            from duckdb_columns() as columns where columns.table_name = described.table_name
        ))
        from described order by table_name
        """
    ).fetchall()


def _table(name: str, text: str, anchor: str, why_not: str | None) -> str:
    absent = f" Not in the file: {why_not}." if why_not else ""
    return f"- [{name}](metrics.html{anchor}): {' '.join(text.split())}{absent}"


def _questions() -> Iterator[str]:
    """As sql.html reads a query in its own address."""
    for path in analyses():
        text = path.read_text(encoding="utf-8").strip()
        query = re.sub(r"\n\s*", "\n", re.sub(r"\A(?:--.*\n)+", "", text))
        yield f"- [{question_of(text)}](sql.html#sql={quote_plus(query, safe=',*=')})"


def _traps() -> str:
    """The last section of docs/start-here.md."""
    return (DOCS / "start-here.md").read_text(encoding="utf-8").partition("\n## Traps\n")[2].strip()
