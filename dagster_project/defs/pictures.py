"""The picture of an asset in its description, which the UI shows at the top of the asset's page.

Belongs here: the newest picture of each asset, as the UI loads the definitions.
Does not belong here: drawing it (lib/report), and the metadata that a run keeps it in (resources).

Dagster keeps descriptions with the code alone and with no run, so a picture in them costs nothing to store.
It is as old as the load, and says so; the metadata below it are those of the newest run.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import dagster as dg

from dagster_project.defs.home import home_of_ui

PICTURE = "picture"  # in the metadata of a materialization


def with_picture(key: Sequence[str], description: str) -> str:
    """A description, in the UI with the newest picture of the asset below it."""
    picture = _newest().get(dg.AssetKey(key))
    return f"{description}\n\n{picture}" if picture else description


@cache
def _newest() -> dict[dg.AssetKey, str | None]:
    if home_of_ui() is None:
        return {}
    with dg.DagsterInstance.get() as instance:
        entries = [record.asset_entry for record in instance.get_asset_records()]
    return {entry.asset_key: _picture(entry.last_materialization) for entry in entries}


def _picture(event: dg.EventLogEntry | None) -> str | None:
    """That of a materialization, with the time of it."""
    if event is None or event.asset_materialization is None:
        return None
    picture = event.asset_materialization.metadata.get(PICTURE)
    made = datetime.fromtimestamp(event.timestamp, UTC)
    said = f"Made {made:%Y-%m-%d %H:%M} UTC; Reload definitions shows a newer one."
    return f"{picture.value}\n\n{said}" if picture else None
