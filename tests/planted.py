"""Secrets that tests plant, and where they may have been written.

Belongs here: the values, and looking for a text in everything below a folder.
Does not belong here: claims.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import zstandard

TOKEN = "hf_PlantedTokenOfTheHub"
HOOK_PATH = "/services/T0/planted-path-of-the-hook"
HOOK = f"http://127.0.0.1:9{HOOK_PATH}"


def texts_of(path: Path) -> Iterator[str]:
    """A file as it is, and as who reads it sees it."""
    if not path.exists():  # a log of SQLite's, which goes when its database has been read
        return
    content = path.read_bytes()
    yield content.decode("latin-1")
    if path.suffix == ".zst":
        yield zstandard.decompress(content).decode()
    elif content.startswith(b"SQLite format 3"):
        with sqlite3.connect(path) as connection:
            yield "\n".join(connection.iterdump())
    elif path.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield _text_of(connection, f"read_parquet('{path}')")
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, table in tables:
                yield _text_of(connection, f'"{schema}"."{table}"')


def _text_of(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Every row, made a text by DuckDB: as Python's objects they take ten times as long."""
    found = connection.execute(f"select string_agg(cast(rows as varchar), chr(10)) from {table} as rows")
    return found.fetchall()[0][0] or ""


def found_in(folder: Path, needles: tuple[str, ...]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        f"{needle} in {path.relative_to(folder)}"
        for path in files
        for text in texts_of(path)
        for needle in needles
        if needle in text
    ]
