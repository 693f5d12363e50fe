"""The card of a dataset: README.md, which the Hub shows and its viewer reads.

Belongs here: its text, from what the publication says of its tables, sources and terms.
Does not belong here: which tables go to a dataset (push), and what they mean (sql/).
"""

from collections.abc import Iterable
from typing import Any

import duckdb
import yaml

from dagster_project.lib.dataset.days import LIST
from dagster_project.lib.publish.publications import PARQUET
from dagster_project.lib.publish.terms import TABLE_TERMS


def text(
    publication: duckdb.DuckDBPyConnection, name: str, files: Iterable[str], *, is_whole: bool = False
) -> str:
    """Of the dataset `name`, in which `files` are published, by their names there."""

    def asked(sql: str) -> list[tuple[Any, ...]]:
        return publication.execute(sql).fetchall()

    places = dict(_places(files))
    example = places.get("fct_headlines", PARQUET)
    head = {
        "pretty_name": "Model Tide",
        "license": "other",
        "license_name": "by-source",
        "configs": [{"config_name": table, "data_files": place} for table, place in places.items()],
    }
    ((day, provenance),) = asked("select snapshot_date, provenance from about")
    tables = asked(
        "select table_name, coalesce(format('{:,}', row_count), ''), "
        "replace(coalesce(comment, ''), '|', ' ') "
        "from duckdb_tables() left join about_tables using (table_name) "
        "where database_name = current_database() order by table_name"
    )
    kept = asked(f"select table_name, reason from {TABLE_TERMS} where not is_redistributable order by all")
    sources = asked("select name, licence, terms, terms_url, attribution from about_sources order by name")
    return "\n".join(
        [
            f"---\n{yaml.safe_dump(head, sort_keys=False)}---",
            f"# Model Tide\n\nThe adoption of open AI models day by day, up to {day} ({provenance}).\n",
            f"```sql\nfrom 'hf://datasets/{name}/{example}';  -- in DuckDB\n```\n",
            f"`{LIST}` and the tars beside it are the record that the tables are made from: what each source "
            "said, a tar for each day. `make pull` of Model Tide restores it.\n",
            "## Sources\n\nThe data is under the terms of its sources; show what they ask for.\n",
            *(
                f"- **{source}** ({licence or 'no stated licence'}): "
                + "; ".join([said or "no stated terms", *([f"<{url}>"] if url else [])])
                + f". {shown or ''}".rstrip()
                for source, licence, said, url, shown in sources
            ),
            f"\n## {'Not to be passed on' if is_whole else 'Left out'}\n",
            *(f"- `{table}`: {why}" for table, why in kept),
            "\n## Tables\n\n| table | rows | what it holds |\n|---|---|---|",
            *(f"| `{table}` | {rows} | {said} |" for table, rows, said in tables if table in places),
            "",
        ]
    )


def _places(files: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Each table with its file, or the pattern of its files."""
    for file in sorted(files):
        folder, table, *part = file.split("/")
        yield table.removesuffix(".parquet"), f"{folder}/{table}/*.parquet" if part else file
