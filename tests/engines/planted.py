"""A world in which DuckDB's statistics make a sum wrong, for the comparison to find.

Belongs here: the rows and the two models of it. Does not belong here: building and comparing them.

DuckDB 2.0.1 holds the sum over an outer join for 0 where it can prove that the optional side is empty
(lib/warehouse/connection.py). No mart of today adds up right above such a join; `dim_publishers` does here,
over a table of models with their accounts, and no card of this world ever changed.
"""

import re
from pathlib import Path

import duckdb

WRONG = "dim_publishers"
_TABLE = '"warehouse"."intermediate"."int_models__with_accounts"'


def without_changed_cards(lake: Path) -> None:
    """Keep each model's first card, access and lineage; some get other weights, so that states do end."""
    with duckdb.connect() as connection:
        for attributes in ("cards", "access", "lineage", "weights"):
            path = lake / "raw" / f"hub_model_{attributes}" / "all.parquet"
            connection.execute(
                f"create or replace table states as from read_parquet('{path}') "
                "qualify row_number() over (partition by model_key order by first_seen) = 1"
            )
            if attributes == "weights":
                connection.execute(
                    "insert into states by name select * replace (first_seen + 1 as first_seen, "
                    "used_storage_bytes + 1 as used_storage_bytes) from states where model_key % 50 = 0"
                )
            connection.execute(f"copy states to '{path}' (format parquet)")


def with_the_join(models: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The models, with `dim_publishers` written so that its sums stand above an outer join."""
    (sql,) = (statements for name, statements in models if name == WRONG)
    read = re.search(
        r'from "warehouse"\."intermediate"\."int_models__at_last_sight".*?(?=where)', sql, re.DOTALL
    )
    assert read
    ends = (
        f'from {_TABLE} as last_sight left join "warehouse"."staging"."stg_hub__ends" as ends '
        "on last_sight.model_key = ends.model_key and ends.attributes = 'cards' "
    )
    rewritten = sql.replace(read[0], ends).replace("cards.publisher", "last_sight.publisher")
    table = f"create table {_TABLE} as select last_sight.*, cards.publisher {read[0]}"
    return [
        pair
        for name, statements in models
        for pair in (
            [("int_models__with_accounts", table), (name, rewritten)]
            if name == WRONG
            else [(name, statements)]
        )
    ]
