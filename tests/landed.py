"""Days landed by hand, for tests of what happens to them afterwards."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from dagster_project.lib.hub.load_day import Loaded, load_crawl
from dagster_project.lib.record.landing import Crawl, Opening, open_crawl
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings


def item(number: int, **fields: Any) -> dict[str, Any]:
    """An item of /api/models as the Hub lists it; `number` makes its _id."""
    return {
        "_id": f"{number:024x}",
        "id": f"maker/model-{number}",
        "author": "maker",
        "createdAt": "2025-01-01T00:00:00.000Z",
        "lastModified": "2025-06-01T00:00:00.000Z",
        "downloads": 10 * number,
        "downloadsAllTime": 1_000 * number,
        "likes": number,
        "trendingScore": 0,
        "gated": False,
        "private": False,
        "tags": ["license:mit"],
    } | fields


def land(
    settings: Settings, day: str, *pages: list[dict[str, Any]], followed: int = 0, **opening: Any
) -> Crawl:
    """A complete crawl of `pages`; the last `followed` of them are followed publishers' listings."""
    at = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
    streams = ["top", *(f"publisher:p{n}" for n in range(followed))]
    fields = {"scope": "top", "scope_id": "top-50000-test", "endpoint": "http://hub", "origin": "live"}
    crawl = open_crawl(
        settings.landing,
        Opening(**{"day": day, "streams": streams, "started_at": at.isoformat(), **fields, **opening}),
    )
    for number, page in enumerate(pages):
        position = number - (len(pages) - followed)
        stream = streams[position + 1] if position >= 0 else "top"
        crawl.add_page(stream, orjson.dumps(page), len(page), at, None)
    crawl.finish()
    return crawl


def load(settings: Settings, day: str, *pages: list[dict[str, Any]], **opening: Any) -> Loaded:
    """Land and load."""
    with up_to_date(settings) as connection:
        return load_crawl(connection, land(settings, day, *pages, **opening), settings)


def query(settings: Settings, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of the warehouse."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()


def state(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every raw table of the Hub with model_key replaced by hub_id, in a fixed order."""
    names = (
        "hub_model_counters",
        "hub_model_cards",
        "hub_model_lineage",
        "hub_model_access",
        "hub_model_weights",
    )
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        tables = {
            name: rows(
                f"select m.hub_id, t.* exclude (model_key) from raw.{name} t join raw.hub_models m "
                "using (model_key) order by all"
            )
            for name in names
        }
        tables["hub_models"] = rows("select * exclude (model_key) from raw.hub_models order by all")
        tables["hub_snapshots"] = rows(
            "select * exclude (load_id, loaded_at) from raw.hub_snapshots order by snapshot_date"
        )
    return tables


def bodies(crawl: Crawl) -> list[bytes]:
    """The landed pages, as they came."""
    return [crawl.read(page) for page in crawl.pages]


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content; nothing if the folder is not there."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
