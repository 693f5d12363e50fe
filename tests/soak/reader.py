"""Reads a publication again and again until it is told to stop; run by two versions of DuckDB.

Belongs here: what a careful reader does, with the standard library and duckdb alone.
Does not belong here: publishing.

    reader.py <published> <seed> <stop file>     one line of JSON at the end: how many reads of which form

A read opens the path anew, reads `about` and counts a table. Whoever reads many Parquet files asks once
where the folder is, for a link may lead elsewhere a moment later. Ends with 1 and the reason when a read
fails or is of two publications.
"""

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb


def rows(path: Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query, list(parameters)).fetchall()


def read_file(published: Path, chance: random.Random) -> str:
    with duckdb.connect(str(published / "modeltide.duckdb"), read_only=True) as connection:
        ((published_at,),) = connection.execute("select published_at from about").fetchall()
        table, stated = chance.choice(connection.execute("from about_tables order by all").fetchall())
        ((counted,),) = connection.execute(f"select count(*) from {table}").fetchall()
        ((still,),) = connection.execute("select published_at from about").fetchall()
    if (counted, published_at) != (stated, still):
        raise ValueError(f"{table} has {counted} rows, not {stated}; published at {published_at}, {still}")
    return "of the file"


def read_parquet(published: Path, chance: random.Random) -> str:
    """If the publication is another one after the read, it says nothing."""
    file = published / "modeltide.duckdb"
    before = rows(file, "select published_at, table_name, row_count from about, about_tables order by all")
    folder = (published / "parquet").resolve()  # between two looks at the file, so of its publication
    published_at, table, stated = chance.choice(before)
    files = folder / table / "*.parquet" if (folder / table).is_dir() else folder / f"{table}.parquet"
    about = folder / "about.parquet"
    problem, said = None, published_at
    try:
        with duckdb.connect() as connection:
            ((counted,),) = connection.execute(f"select count(*) from '{files}'").fetchall()
            if about.exists():
                ((said,),) = connection.execute(f"select published_at from '{about}'").fetchall()
        if (counted, said) != (stated, published_at):
            problem = (
                f"{table} has {counted} rows as Parquet of {said}, {stated} in the file of {published_at}"
            )
    except duckdb.Error as error:
        problem = f"{files}: {error}"
    if rows(file, "select published_at from about") != [(published_at,)]:
        return "across a publication"
    if problem:
        raise ValueError(problem)
    return "of Parquet"


def main() -> int:
    published, seed, stop = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    chance, done = random.Random(seed), Counter[str]()
    while not stop.exists():
        form = chance.choice([read_file, read_parquet])
        try:
            done[form(published, chance)] += 1
        except (duckdb.Error, ValueError, OSError) as error:
            print(
                f"DuckDB {duckdb.__version__}, {form.__name__} after {dict(done)}: {error}", file=sys.stderr
            )
            return 1
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
