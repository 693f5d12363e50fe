"""Two builds of the same marts, compared row for row.

Belongs here: what counts as equal, and saying where it is not. Does not belong here: building.

Floats are equal to 1e-9 of the greater or, where totals were subtracted, to 1e-14 of the mart's greatest;
everything else is equal as it is, its type included.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

RELATIVE, OF_GREATEST = 1e-9, 1e-14
SHOWN = 3  # differences of a column


@dataclass
class Compared:
    """A mart in two builds: its rows, and what differs, a line each."""

    mart: str
    rows: int
    differences: list[str]


def compare(mart: str, keys: list[str], first: Path, second: Path) -> Compared:
    """The mart of two builds, folders of Parquet; `keys` tell its rows apart."""
    with duckdb.connect() as connection:
        for name, folder in (("first", first), ("second", second)):
            files = f"'{folder / mart}/**/*.parquet', hive_partitioning = true"  # Spark's days are folders
            connection.execute(f"create view {name} as from read_parquet({files})")
        types, others = (_types(connection, name) for name in ("first", "second"))
        found = [
            f"{mart}.{column}: {types.get(column, 'no such column')} against "
            f"{others.get(column, 'no such column')}"
            for column in dict.fromkeys([*types, *others])
            if types.get(column) != others.get(column)
        ]
        rows = connection.execute("select count(*) from first").fetchall()[0][0]
        if not set(keys) <= types.keys() & others.keys():
            return Compared(mart, rows, found)
        on = " and ".join(f'a."{key}" is not distinct from b."{key}"' for key in keys)
        said = ", ".join(f'coalesce(a."{key}"::varchar, b."{key}"::varchar)' for key in keys)
        sides = [
            f"(select *, true as is_there from {name}) as {alias}"
            for name, alias in (("first", "a"), ("second", "b"))
        ]
        joined = f"{' full join '.join(sides)} on {on}"
        repeated = connection.execute(
            f"select count(*) - count(distinct ({', '.join(keys)}, 0)) from second"
        ).fetchall()[0][0]
        if repeated:
            found.append(f"{mart}: {repeated} rows of the second repeat a key ({', '.join(keys)})")
        for row in connection.execute(
            f"select a.is_there is not null, {said} from {joined} "
            f"where a.is_there is null or b.is_there is null order by all limit {SHOWN}"
        ).fetchall():
            found.append(f"{mart} {_key(keys, row[1:])}: only in the {'first' if row[0] else 'second'}")
        greatest = _greatest(connection, [name for name, kind in types.items() if kind == "DOUBLE"])
        for column, data_type in types.items():
            if column in keys or column not in others:
                continue
            unequal = _unequal(column, greatest if "DOUBLE" in (data_type, others[column]) else None)
            for row in connection.execute(
                f'select a."{column}", b."{column}", {said} from {joined} '
                f"where a.is_there and b.is_there and {unequal} order by all limit {SHOWN}"
            ).fetchall():
                found.append(f"{mart}.{column} {_key(keys, row[2:])}: {row[0]!r} against {row[1]!r}")
        return Compared(mart, rows, found)


def _types(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {view}").fetchall()}


def _greatest(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> float:
    """The greatest amount in these columns of the first."""
    amounts = [f'max(abs("{column}")) filter (where isfinite("{column}"))' for column in columns]
    found = connection.execute(f"select {', '.join(amounts)} from first").fetchall()[0] if amounts else ()
    return max((amount for amount in found if amount is not None), default=0.0)


def _unequal(column: str, greatest: float | None) -> str:
    """A condition; `greatest` of floats, None for what must be equal as it is."""
    a, b = f'a."{column}"', f'b."{column}"'
    if greatest is None:
        return f"{a} is distinct from {b}"
    return (
        f"{a} is distinct from {b} and coalesce(abs({a} - {b}) > {RELATIVE} * greatest(abs({a}), abs({b})) "
        f"and abs({a} - {b}) > {OF_GREATEST * greatest}, true)"
    )


def _key(keys: list[str], values: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True)) + ")"
