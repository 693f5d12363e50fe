"""Files of days that nobody observed, written by hand.

Belongs here: rows in the Hub's column names and loading them as the archive's or a user's day.
Does not belong here: claims.
"""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson

from dagster_project.lib.archive.unobserved_days import PastDay, load_past_day
from dagster_project.lib.hub.day_rows import KEYED, READ, empty_keyed
from dagster_project.lib.hub.load_day import Loaded
from dagster_project.lib.hub.read_files import Source, parquet, stage_file
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings

SHIPPED = Settings(home=Path("nowhere"))  # thresholds as shipped
# the columns of the archive, which has no gating and no storage
ARCHIVED = {
    "_id": "varchar", "id": "varchar", "author": "varchar", "createdAt": "timestamp",
    "lastModified": "timestamp", "downloads": "bigint", "downloadsAllTime": "bigint", "likes": "bigint",
    "trendingScore": "double", "library_name": "varchar", "pipeline_tag": "varchar", "tags": "varchar[]",
    "baseModels": "struct(relation varchar, models struct(_id varchar, id varchar)[])",
}  # fmt: skip


def row(number: int, **fields: Any) -> dict[str, Any]:
    """A row of the archive's file; `number` makes its _id, as in tests.landed.item."""
    return {
        "_id": f"{number:024x}",
        "id": f"maker/model-{number}",
        "author": "maker",
        "createdAt": "2025-01-01 00:00:00",
        "lastModified": "2025-06-01 00:00:00",
        "downloads": 10 * number,
        "downloadsAllTime": 1_000 * number,
        "likes": number,
        "trendingScore": 0,
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["license:mit"],
        "baseModels": {"relation": "finetune", "models": [{"_id": "0", "id": "a/b"}]},
    } | fields


def write(path: Path, rows: list[dict[str, Any]], types: dict[str, str] | None = None) -> Path:
    """The rows as Parquet with columns of these types."""
    kinds = types or ARCHIVED
    lines = path.with_suffix(".lines")
    lines.write_bytes(b"\n".join(orjson.dumps(one) for one in rows))
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})) "
            f"to '{path}' (format parquet)"
        )
    lines.unlink()
    return path


def stage(
    connection: duckdb.DuckDBPyConnection, source: Source, **options: Any
) -> tuple[dict[str, Any], list[str]]:
    """Read a file alone; what a day's rows say of it is the view `staged`."""
    empty_keyed(connection)
    connection.execute(
        "create or replace temp view staged as "
        f"select * exclude (snapshot_date, model_key, {', '.join(READ)}) from {KEYED}"
    )
    return stage_file(connection, source, SHIPPED, date(2025, 3, 4), **options)


def past_day(day: str, provenance: str = "archive:one", **fields: Any) -> PastDay:
    said = {"origin": "live", "scope": "top", "scope_id": "top-50000-test"} | fields
    return PastDay(date.fromisoformat(day), provenance, **said)


def load_archived(
    settings: Settings, day: str, rows: list[dict[str, Any]], provenance: str = "archive:one", **fields: Any
) -> Loaded | None:
    """Load the rows as the archive's file of the day."""
    settings.home.mkdir(parents=True, exist_ok=True)
    path = write(settings.home / "archived.parquet", rows, fields.pop("types", None))
    source = parquet(path, f"models.parquet of {day}", needs_id=fields.pop("needs_id", True))
    try:
        with up_to_date(settings) as connection:
            return load_past_day(connection, settings, source, past_day(day, provenance, **fields))
    finally:
        path.unlink()
