"""Which tables may leave the data home: the site, its SQL page, datasets and releases ask here.

Belongs here: reading the decision out of a publication.
Does not belong here: the decision (sql/seeds/table_terms.csv), and what is done with a table that stays.
"""

import duckdb

from dagster_project.lib.publish.publications import PublishError

TABLE_TERMS = "table_terms"


def redistributable(publication: duckdb.DuckDBPyConnection, schema: str = "main") -> frozenset[str]:
    """Names of the tables, raw ones among them, that the terms of their sources let anybody pass on.

    The decision is that of the publication, or, in the schema `seeds`, of a warehouse. A table that the seed
    does not know is not among them. Raises PublishError for a file without the seed.
    """
    try:
        rows = publication.execute(
            f"select table_name from {schema}.{TABLE_TERMS} where is_redistributable"
        ).fetchall()
    except duckdb.CatalogException:
        raise PublishError(
            f"The publication has no table {TABLE_TERMS}, so nothing says which of its tables may be passed "
            "on: an earlier version of Model Tide made it. Type `make run` (or `make rebuild`, without a "
            "network) to publish anew."
        ) from None
    return frozenset(name for (name,) in rows)
