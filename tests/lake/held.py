"""What a lake holds, against its warehouse.

Belongs here: reading a lake, wherever it lies.
Does not belong here: claims.
"""

import shutil
from pathlib import Path

import duckdb
import fsspec

from dagster_project.lib.lake.write import LIST, SCHEMAS
from dagster_project.lib.settings import Settings


def copied(settings: Settings, folder: Path) -> Path:
    """The lake as a folder of this machine."""
    if settings.lake_address is None:
        return Path(settings.lake)
    system, root = fsspec.core.url_to_fs(settings.lake)
    shutil.rmtree(folder / "copy", ignore_errors=True)
    system.get(root, str(folder / "copy"), recursive=True)
    return folder / "copy"


def contents(settings: Settings, folder: Path) -> dict[str, bytes]:
    """Every file of the lake but the list, by its name."""
    lake = copied(settings, folder)
    return {name: data for name, data in files_of(lake).items() if name != LIST}


def files_of(lake: Path) -> dict[str, bytes]:
    return {p.relative_to(lake).as_posix(): p.read_bytes() for p in lake.rglob("*") if p.is_file()}


def assert_holds_the_warehouse(settings: Settings, folder: Path) -> None:
    """Each table is a folder with the warehouse's columns, types and rows, and no other folder is there."""
    lake = copied(settings, folder)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        tables = {
            f"{schema}/{table}"
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables "
                "where list_contains(?, table_schema) and not starts_with(table_name, 'latest_')",
                [list(SCHEMAS)],
            ).fetchall()
        }
        assert {path.parent.relative_to(lake).as_posix() for path in lake.glob("*/*/*")} == tables
        for table in tables:
            read = f"read_parquet('{lake}/{table}/*.parquet')"
            columns = connection.execute(f"describe from {read}").fetchall()
            assert columns == connection.execute(f"describe from {table.replace('/', '.')}").fetchall()
            found, expected = (
                connection.execute(f"from {one} order by all").fetchall()
                for one in (read, table.replace("/", "."))
            )
            assert found == expected, table
        listed = connection.execute(f"select file, rows, bytes from '{lake}/{LIST}'").fetchall()
        files = files_of(lake)
        assert {file: size for file, _, size in listed} == {n: len(d) for n, d in files.items() if n != LIST}
        for file, rows, _ in listed:
            assert connection.execute(f"select count(*) from '{lake}/{file}'").fetchall() == [(rows,)], file
