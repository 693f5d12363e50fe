"""Seeds: the shipped rows with the user's own laid over them."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.resources import WRITER, readable_errors, table_spec
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import ALL_SEEDS, load_seeds
from dagster_project.lib.settings import Settings


@dg.multi_asset(specs=[table_spec(seed, "seeds") for seed in ALL_SEEDS], pool=WRITER)
def seeds(settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult[None]]:
    """Who publishes, what is open, what counts: sql/seeds, extended and overridden by MODELTIDE_SEEDS."""
    with readable_errors(), up_to_date(settings) as connection:
        counts = load_seeds(connection, settings)
    for seed in ALL_SEEDS:
        yield dg.MaterializeResult(
            asset_key=[seed.schema, seed.name], metadata={"dagster/row_count": counts[seed.name]}
        )
