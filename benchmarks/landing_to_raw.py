"""Budget: pages to raw for 200,000 models in a quarter of the CPU time that `HfApi.list_models` into DuckDB
takes, in one run, and the load in under 400 MB.

The Hub's own client is given every field that we load; its rows go into DuckDB by way of a data frame, the
quickest way that its objects allow. Ours is the load, and the columns that the crawl makes of each page while
it awaits the next one. The whole crawl (HTTP, page files and columns) is measured as well, so that the whole
way can be compared too.
"""

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from huggingface_hub import HfApi

from benchmarks.listing import DAY, keep_listed, land_listing, served, write_listing
from benchmarks.measured import measured, verdict
from dagster_project.lib.hub.crawl import crawl
from dagster_project.lib.hub.fields import EXPAND
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.record.landing import newest_complete
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings

MODELS = 200_000
LESS_CPU = 4.0
PEAK_MB = 400.0


def main() -> bool:
    """Print the figures; true if both budgets are kept."""
    print(f"landing to raw, {MODELS:,} models")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_listing(home / "pages", MODELS)
        land_listing(home / "landing", MODELS)
        with served(home / "pages") as endpoint:
            client = measured(through_list_models, endpoint, str(home / "client.duckdb"))
            crawled = measured(through_crawl, endpoint, str(home / "crawled"))
        read = measured(read_pages, str(home))
        loaded = measured(load_landed, str(home))
    print(client.line("HfApi.list_models into DuckDB"))
    print(crawled.line("our crawl into landing"))
    print(read.line("of it, pages read into columns"))
    print(loaded.line("landing to raw"))
    ratio = client.cpu / (read.cpu + loaded.cpu)
    print(
        f"  CPU of list_models: {ratio:.1f} × ours with the pages read, {client.cpu / loaded.cpu:.1f} × the "
        f"load alone, {client.cpu / (crawled.cpu + loaded.cpu):.1f} × crawl and load"
    )
    return all(
        [
            verdict(f"list_models takes {LESS_CPU:.0f} × the CPU or more", ratio >= LESS_CPU),
            verdict(f"peak memory of the load under {PEAK_MB:.0f} MB", loaded.peak_mb < PEAK_MB),
        ]
    )


def through_list_models(endpoint: str, path: str) -> int:
    """The Hub's own client, object by object, into DuckDB by way of data frames of 10,000 rows."""
    fields = (
        "id", "author", "created_at", "last_modified", "downloads", "downloads_all_time", "likes",
        "trending_score", "gated", "library_name", "pipeline_tag", "tags", "base_models",
        "used_storage", "safetensors", "gguf",
    )  # fmt: skip
    fields_asked: list[Any] = list(EXPAND)
    total = 0
    rows: list[tuple[object, ...]] = []
    with duckdb.connect(path) as connection:

        def flush() -> None:
            frame = pd.DataFrame(rows, columns=list(fields))
            frame["gated"] = frame["gated"].astype(str)
            bases = frame["base_models"].tolist()
            frame["base_relation"] = [None if found is None else found["relation"] for found in bases]
            parents: list[Any] = [
                None if found is None else [parent["id"] for parent in found["models"]] for found in bases
            ]
            frame["base_models"] = parents
            frame["safetensors"] = [None if found is None else found.total for found in frame["safetensors"]]
            frame["gguf"] = [None if found is None else found.get("total") for found in frame["gguf"]]
            verb = "insert into models" if total > len(rows) else "create table models as"
            connection.execute(f"{verb} from frame")
            rows.clear()

        for model in HfApi(endpoint=endpoint, token=False).list_models(expand=fields_asked):
            rows.append(tuple(getattr(model, field, None) for field in fields))
            total += 1
            if len(rows) == 10_000:
                flush()
        if rows:
            flush()
    return total


def through_crawl(endpoint: str, home: str) -> int:
    """Our crawl of the same listing into page files."""
    settings = Settings(home=Path(home), hub_endpoint=endpoint, scope="census")
    return crawl(settings, DAY, []).rows


def read_pages(home: str) -> int:
    """What the crawl does of it: the columns of each page, laid down beside it."""
    return keep_listed(newest_complete(Path(home) / "landing", DAY, "census"), Path(home) / "pages")


def load_landed(home: str) -> int:
    """Our load of the landed pages."""
    settings = Settings(home=Path(home), scope="census")
    with up_to_date(settings) as connection:
        landed = newest_complete(settings.landing, DAY, "census")
        return load_crawl(connection, landed, settings).row_count
