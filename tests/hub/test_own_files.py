"""A user's own file: every form that is read gives the same rows, and any other is named for what it is."""

import gzip
import itertools
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from dagster_project.lib.hub import own_files
from dagster_project.lib.hub.read_files import FileRefused
from tests.heard import heard
from tests.landed import item
from tests.past import ARCHIVED, row, stage, write

SHEET = ("_id", "id", "author", "createdAt", "downloads", "downloadsAllTime", "likes", "gated", "tags",
         "library_name", "pipeline_tag", "safetensors")  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def staged(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[Any, ...]]:
    scratch = path.parent / "scratch"
    with own_files.opened(connection, path, f"{path.name} (2025-03-04)", scratch) as source:
        stage(connection, source)
    assert not scratch.exists()
    return connection.execute("from staged order by hub_id").fetchall()


def items() -> list[dict[str, Any]]:
    said = {"library_name": "gguf", "pipeline_tag": "text-generation", "safetensors": {"total": 7}}
    return [item(1, tags=["license:mit", 'a "b", c'], **said), item(2, **said)]


def sheet(delimiter: str = ",", rows: list[dict[str, Any]] | None = None) -> str:
    """As a spreadsheet saves it: lists and objects as JSON text."""

    def cell(value: Any) -> str:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(c in text for c in '",;\t\n') else text

    lines = [SHEET, *([cell(one[name]) for name in SHEET] for one in rows or items())]
    return "".join(delimiter.join(line) + "\n" for line in lines)


FORMS: dict[str, Callable[[], bytes]] = {
    "lines": lambda: b"\n".join(map(orjson.dumps, items())),
    "lines of Windows": lambda: b"\xef\xbb\xbf" + b"\r\n".join(map(orjson.dumps, items())),
    "an array": lambda: orjson.dumps(items()),
    "a tidy array": lambda: b"\n " + orjson.dumps(items(), option=orjson.OPT_INDENT_2),
    "tidy objects": lambda: b"\n".join(orjson.dumps(one, option=orjson.OPT_INDENT_2) for one in items()),
    "lines, gzip": lambda: gzip.compress(b"\n".join(map(orjson.dumps, items()))),
    "CSV": lambda: sheet().encode(),
    "CSV of Windows": lambda: b"\xef\xbb\xbf" + sheet().replace("\n", "\r\n").encode(),
    "CSV with semicolons": lambda: b"sep=;\n" + sheet(";").encode(),
    "CSV with tabs": lambda: sheet("\t").encode(),
    "CSV, gzip": lambda: gzip.compress(sheet().encode()),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_form_and_the_name_the_rows_are_the_same(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, form: str
) -> None:
    wanted = tmp_path / "wanted.parquet"
    shown = [{name: one[name] for name in SHEET} for one in items()]
    lines = tmp_path / "lines"
    lines.write_bytes(b"\n".join(map(orjson.dumps, shown)))
    connection.execute(f"copy (from read_json('{lines}')) to '{wanted}'")
    expected = staged(connection, wanted)
    path = tmp_path / "mine.dat"
    path.write_bytes(gzip.compress(wanted.read_bytes()))
    assert staged(connection, path) == expected
    path.write_bytes(FORMS[form]())
    found = [dict(zip(_columns(connection), one, strict=True)) for one in staged(connection, path)]
    assert [{**one, "last_modified": None, "trending_score": None} for one in found] == [
        dict(zip(_columns(connection), one, strict=True)) for one in expected
    ]


def _columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, *_ in connection.execute("describe staged").fetchall()]


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty but for white space"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "is a Git LFS pointer"),
        (b"\n <!DOCTYPE html><html>", "is HTML, a page in place of the file"),
        (b"<?xml version='1.0'?><Error/>", "is HTML or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "is an Excel file of before 2007"),
        (b"\x28\xb5\x2f\xfdrest", "is a zstd file"),
        (b"BZh91AY", "is a bzip2 file"),
        (b"SQLite format 3\0rest", "is a SQLite database"),
        (b"12345678DUCKrest", "is a DuckDB database"),
        (b"PAR1" + b"x" * 100, "is a Parquet file that is cut"),
        (b"PAR1", "is a Parquet file that is cut"),
        (b"\xff\xfei\0d\0", "is UTF-16 text"),
        (b"ab\0cd", "is a binary file of no known form"),
        ("id,downloads\nmöd/el,1\n".encode("latin-1"), "is no UTF-8 text"),
        (b"not a file of columns", "is text that begins 'not a file of columns'"),
        (b"[]", "is an empty JSON array"),
        (b"[1, 2]", "is a JSON array of what are no objects"),
        (b'{"error": "not found"}', "has no column id. It has: error"),
        (gzip.compress(b""), "unpacked, is empty"),
        (cut(gzip.compress(bytes(range(256)) * 99)), "is a gzip file that is cut or damaged"),
        (gzip.compress(gzip.compress(b"x")), "is a gzip file once more"),
        (b'{"id": "a/b", "downloads": 1}\n{"id": "a/c", "downl', "cannot be read"),
        (b"id,downloads\na/b\n", "cannot be read: .*Line: 2"),
        (b"id,id,downloads\na/b,a/b,1\n", "is a CSV file with the column id twice"),
        (b"name,downloads\na/b,1\n", "has no column id"),
        (b'id,downloads\na/b,"1,000"\n', "line 2, column downloads: '1,000' is not a whole number"),
        (b"id,downloads,tags\na/b,1,['x']\n", r"line 2, column tags: .* is not a list of texts as JSON"),
        (b"id,downloads,safetensors\na/b,1,7\n", "line 2, column safetensors: '7' is not an object"),
        (b"id,downloads\na/b,12.5\n", r"column downloads says nothing \(0, NULL or no count"),
    ],
    ids=itertools.count(),  # gzip writes the time of day into its bytes, and a test keeps its name
)  # fmt: skip
def test_what_is_no_file_of_rows_is_named_for_what_it_is(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "mine.parquet"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=rf"mine\.parquet \(2025-03-04\).*{says}") as raised:
        staged(connection, path)
    assert "\n" not in str(raised.value)
    assert "Nothing was loaded" in str(raised.value)


def test_an_archive_of_files_is_named_by_what_is_in_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for names, says in (
        (("[Content_Types].xml", "xl/workbook.xml"), "is an Excel file"),
        (("mimetype", "content.xml"), "is an OpenDocument file"),
        (("models.parquet", "README.md"), "is a zip archive of 2 files"),
    ):
        path = zipped(tmp_path / "mine.parquet", *names)
        with pytest.raises(FileRefused, match=says):
            staged(connection, path)
    path.write_bytes(cut(path.read_bytes()))
    with pytest.raises(FileRefused, match="is a zip archive that is cut"):
        staged(connection, path)


def test_a_parquet_file_of_flipped_bytes_is_one_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine.parquet", [row(number) for number in range(1, 500)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-200] + bytes(255 - byte for byte in whole[-200:-8]) + whole[-8:])
    with pytest.raises(FileRefused, match="cannot be read") as raised:
        staged(connection, path)
    assert "\n" not in str(raised.value)


def test_one_odd_value_of_a_hundred_in_csv_is_null_and_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        sheet(rows=[{**items()[1], **item(n), "likes": "many" if n == 7 else n} for n in range(1, 201)])
    )
    with heard() as said:
        staged(connection, path)
    assert said == [
        "mine.csv (2025-03-04), line 8, column likes: 'many' is not a whole number from 0 to 10^15, without "
        "separators of thousands, and 1 of 200 rows are so: NULL there"
    ]
    assert connection.execute("select count(*), count(likes) from staged").fetchall() == [(200, 199)]


def test_a_path_is_a_name_and_never_a_pattern(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("a*.parquet", "[a]b.parquet", "a?.parquet", "it's $x.parquet", "date=2020-01-01"):
        (tmp_path / name).mkdir()
        write(tmp_path / "ab.parquet", [row(2)])
        path = write(tmp_path / "one.parquet", [row(1)]).rename(tmp_path / name / name)
        (tmp_path / "ab.parquet").rename(tmp_path / name / "ab.parquet")
        assert len(staged(connection, path)) == 1, name
        path.write_bytes(b'{"id": "a/b", "downloads": 1}\n')
        assert len(staged(connection, path)) == 1, name
        path.write_bytes(b"id,downloads\na/b,1\n")
        assert len(staged(connection, path)) == 1, name
    assert set(ARCHIVED) > {"id"}
