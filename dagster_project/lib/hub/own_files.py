"""A user's own file: what it is by its content, and a source to read it from.

Belongs here: the forms that are read (Parquet, JSON lines, a JSON array, CSV, and gzip of these), and naming
any other for what it is.
Does not belong here: which of its rows are of the day (file_days), and what its columns may be (read_files).
"""

import csv
import gzip
import logging
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

import duckdb
import orjson

from dagster_project.lib.hub.fields import BY_NAME, NUMBER, PARENTS, TEXT, TEXTS, TOTAL, WHOLE, Kind
from dagster_project.lib.hub.read_files import FileRefused, Source, json_source, named_errors, parquet
from dagster_project.lib.warehouse.sql_text import escaped, literal_path, quoted_name

Connection = duckdb.DuckDBPyConnection
logger = logging.getLogger(__name__)

READ = "Parquet, JSON lines, a JSON array, CSV, or gzip of one of them"
START = 65_536  # bytes that are looked at
SHOWN = 60  # characters of a text that is none of these
ODD_SHARE = 0.01  # up to this share of a column's values is odd values, beyond it the column is another one
_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
_AGAIN = "get the file again, or name the columns as the Hub does"
_UNPACK, _CONVERT = "unpack it first", "save it in one of these forms"
_SHEET = "save the sheet as CSV, with the columns named as the Hub names them"
# what begins so, and what to do with it
_OTHERS = {
    b"version https://git-lfs.github.com/spec/": (
        "a Git LFS pointer, which stands for the file",
        "fetch the file itself with `git lfs pull`",
    ),
    b"# xet version": ("a Xet pointer, which stands for the file", "download the file itself"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel file of before 2007, or another of Office", _SHEET),
    b"PARE": ("an encrypted Parquet file", "decrypt it first"),
    b"PK\x05\x06": ("an empty zip archive", "get the file again"),
    b"\x28\xb5\x2f\xfd": ("a zstd file", f"{_UNPACK} (`zstd -d`)"),
    b"BZh": ("a bzip2 file", f"{_UNPACK} (`bunzip2`)"),
    b"\xfd7zXZ\0": ("an xz file", f"{_UNPACK} (`unxz`)"),
    b"\x04\x22\x4d\x18": ("an lz4 file", f"{_UNPACK} (`lz4 -d`)"),
    b"\xff\x06\0\0sNaPpY": ("a snappy file", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    b"Rar!": ("a RAR archive", _UNPACK),
    b"SQLite format 3\0": ("a SQLite database", _CONVERT),
    b"ARROW1": ("an Arrow or Feather file", _CONVERT),
    b"FEA1": ("a Feather file", _CONVERT),
    b"ORC": ("an ORC file", _CONVERT),
    b"Obj\x01": ("an Avro file", _CONVERT),
    b"\x89HDF": ("an HDF5 file", _CONVERT),
    b"\x93NUMPY": ("a NumPy file", _CONVERT),
    b"%PDF": ("a PDF", _CONVERT),
    b"\x89PNG": ("a picture", _CONVERT),
    b"\xff\xd8\xff": ("a picture", _CONVERT),
    b"\xff\xfe": ("UTF-16 text", "save it as UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "save it as UTF-8"),
}
_AT = {(257, b"ustar"): ("a tar archive", _UNPACK), (8, b"DUCK"): ("a DuckDB database", _CONVERT)}
_TYPES = {WHOLE: "double", NUMBER: "double", TEXTS: "varchar[]", TOTAL: "json", PARENTS: "json"}  # in CSV
_NOTHING_SAID = ("", "null", "none", "nan", "na", "n/a", "<na>")  # of a number, a list or an object in CSV


class Header(NamedTuple):
    """The first line of a CSV file, and how its columns are told apart."""

    delimiter: str
    skip: int  # lines before it
    names: list[str]


@contextmanager
def opened(connection: Connection, path: Path, name: str, scratch: Path) -> Iterator[Source]:
    """The file as a source; what must be unpacked or converted for that lies in `scratch` for as long.

    Raises FileRefused, which says what the file is.
    """
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed import left
    try:
        try:
            scratch.mkdir(parents=True)
            source = _source_of(connection, path, name, scratch)
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileRefused(f"{name} cannot be read: {reason}. Nothing was loaded.") from error
        yield source
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _source_of(connection: Connection, path: Path, name: str, scratch: Path) -> Source:
    start = _start_of(path)
    if start.startswith(_GZIP):
        path = _unpacked(path, name, scratch / "unpacked")
        start, name = _start_of(path), f"{name}, unpacked,"
        if start.startswith(_GZIP):
            raise _refused(name, "a gzip file once more", _UNPACK)
    if not start:
        raise _refused(name, "empty", "get the file again")
    if start.startswith(_PARQUET):
        _refuse_cut_parquet(path, name)
        return parquet(path, name, needs_id=False)
    _refuse_others(path, name, start)
    text = _text_of(start, name)
    if text.startswith("{"):
        return json_source(path, name, "newline_delimited" if _is_by_lines(path) else "unstructured")
    if text.startswith("["):
        _refuse_array_of_no_objects(text, name)
        return json_source(path, name, "array")
    header = _header_of(path, name)
    if header is None:
        if text.startswith("<"):
            raise _refused(name, "HTML or XML, a page in place of the file", "download the file itself")
        raise _refused(
            name, f"text that begins {text[:SHOWN]!r}, with none of the Hub's columns in its first line"
        )
    return parquet(_typed(connection, path, name, header, scratch / "typed"), name, needs_id=False)


def _refused(name: str, what: str, advice: str = _AGAIN) -> FileRefused:
    return FileRefused(f"{name} is {what}. Nothing was loaded; allowed: {READ}. Please {advice}.")


def _start_of(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(START)


def _unpacked(path: Path, name: str, target: Path) -> Path:
    try:
        with gzip.open(path, "rb") as packed, open(target, "wb") as file:
            shutil.copyfileobj(packed, file, 1_000_000)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _refused(name, f"a gzip file that is cut or damaged ({error})", "get the file again") from error
    return target


def _refuse_cut_parquet(path: Path, name: str) -> None:
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        tail = file.read()
    if size < 12 or tail[-4:] != _PARQUET or int.from_bytes(tail[:4], "little") > size - 12:
        raise _refused(
            name,
            f"a Parquet file that is cut: its {size:,} bytes do not end as one does",
            "get the file again",
        )


def _refuse_others(path: Path, name: str, start: bytes) -> None:
    if start.startswith(_ZIP):
        raise _refused(name, *_kind_of_zip(path))
    found = [said for magic, said in _OTHERS.items() if start.startswith(magic)]
    found += [said for (place, magic), said in _AT.items() if start[place:].startswith(magic)]
    if found:
        raise _refused(name, *found[0])
    head = start[:1_000].lower()
    if b"<html" in head or b"<!doctype html" in head:
        raise _refused(name, "HTML, a page in place of the file", "download the file itself")


def _kind_of_zip(path: Path) -> tuple[str, str]:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError, ValueError):
        return "a zip archive that is cut or damaged", "get the file again"
    if any(one.startswith("xl/") for one in names):
        return "an Excel file", _SHEET
    if "content.xml" in names:
        return "an OpenDocument file", _SHEET
    return f"a zip archive of {len(names)} files", _UNPACK


def _text_of(start: bytes, name: str) -> str:
    """The text that the file begins with, without what stands before it; of a cut letter nothing."""
    if b"\0" in start:
        raise _refused(name, "a binary file of no known form", _CONVERT)
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            said = f"no UTF-8 text ({error.reason} at byte {error.start})"
            raise _refused(name, said, "save it as UTF-8") from error
        text = start[: error.start].decode("utf-8-sig")
    if not text.strip():
        raise _refused(name, "empty but for white space", "get the file again")
    return text.lstrip()


def _is_by_lines(path: Path) -> bool:
    """Whether the first line that says something is an object by itself."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        line = next((line for line in file if line.strip()), "")
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.count("{") > 1 or line.rstrip()[-1:] not in ("{", ",")  # torn, and not broken into lines
    return True


def _refuse_array_of_no_objects(text: str, name: str) -> None:
    first = text[1:].lstrip()[:1]
    if first == "]":
        raise _refused(name, "an empty JSON array", "get the file again")
    if first and first != "{":
        raise _refused(name, f"a JSON array of what are no objects: it begins {text[:SHOWN]!r}")


def _header_of(path: Path, name: str) -> Header | None:
    """Of a CSV file; None of what is none, because no column is one of the Hub's."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(islice(file, 3))
    said = lines[0].strip().strip('"').lower() if lines else ""
    if said.startswith("sep=") and len(said) == 5:  # how Excel is told
        delimiters, skip = said[4], 1
    else:
        delimiters, skip = ",;\t|", 0
    best: Header | None = None
    for delimiter in delimiters:
        try:
            names = [one.strip() for one in next(csv.reader(lines[skip:], delimiter=delimiter), [])]
        except csv.Error:
            continue
        if _known(names) > (_known(best.names) if best else 0):
            best = Header(delimiter, skip, names)
    if best is None:
        return None
    twice = [one for one in best.names if one in BY_NAME and best.names.count(one) > 1]
    if twice:
        raise _refused(name, f"a CSV file with the column {twice[0]} twice", "leave one of them out")
    return best


def _known(names: list[str]) -> int:
    return sum(name in BY_NAME for name in names)


def _typed(connection: Connection, path: Path, name: str, header: Header, target: Path) -> Path:
    """A CSV file as Parquet, with the type that each of our columns has; the others stay text."""
    columns = {
        one if one and one not in header.names[:place] else f"{one}_{place + 1}": "varchar"
        for place, one in enumerate(header.names)
    }
    rows = (
        "read_csv(?, delim = ?, skip = ?, columns = ?, header = true, quote = '\"', escape = '\"', "
        "auto_detect = false, nullstr = '')"
    )
    parameters = [literal_path(path), header.delimiter, header.skip, columns]
    ours = {one: BY_NAME[one].kind for one in columns if one in BY_NAME}
    fits = {one: sql for one, kind in ours.items() if (sql := _fit(one, kind))}
    select = [f"{_said(one)} as {quoted_name(one)}" for one in columns if one not in fits]
    with named_errors(name):
        survey = ", ".join(
            f"count({_said(one)}), count(*) filter ({_said(one)} is not null and ({sql}) is null), "
            f"any_value({_said(one)}) filter (({sql}) is null), "
            f"coalesce(bool_and(regexp_full_match({_said(one)}, '-?[0-9]{{1,18}}')), true)"
            for one, sql in fits.items()
        )
        found = connection.execute(f"select {survey or 0} from {rows}", parameters).fetchall()[0]
        for place, (one, sql) in enumerate(fits.items()):
            there, odd, example, is_whole = found[place * 4 : place * 4 + 4]
            if odd:
                said = (
                    f"{name}, {_line_of(path, header, one, example)}column {one}: {example[:SHOWN]!r} is not "
                    f"{_wanted(ours[one])}, and {odd} of {there} rows are so"
                )
                if odd > there * ODD_SHARE:
                    raise FileRefused(f"{said}. Nothing was loaded; mend the column.")
                logger.info(f"{said}: NULL there")
            kind = "bigint" if ours[one] is WHOLE and is_whole else _TYPES[ours[one]]
            select.append(f'try_cast({sql} as {kind}) as "{one}"')
        connection.execute(
            f"copy (select {', '.join(select)} from {rows}) to '{escaped(target)}' (format parquet)",
            parameters,
        )
    return target


def _said(name: str) -> str:
    """A column of a CSV file as SQL, NULL where it says nothing."""
    column = quoted_name(name)
    if name not in BY_NAME or BY_NAME[name].kind.value == TEXT.value:
        return f"nullif(trim({column}), '')"
    nothing = ", ".join(f"'{one}'" for one in _NOTHING_SAID)
    return f"case when lower(trim({column})) not in ({nothing}) then trim({column}) end"


def _fit(name: str, kind: Kind) -> str | None:
    """SQL of the value where text is read as something else, NULL where it cannot be."""
    if kind in (WHOLE, NUMBER):
        return f"case when isfinite(try_cast({_said(name)} as double)) then {_said(name)} end"
    if kind is TEXTS:
        return f"try_cast(try_cast({_said(name)} as json) as varchar[])"
    if kind in (TOTAL, PARENTS):
        return f"case when json_type(try_cast({_said(name)} as json)) = 'OBJECT' then {_said(name)} end"
    return None


def _wanted(kind: Kind) -> str:
    if kind is TEXTS:
        return 'a list of texts as JSON, such as ["license:mit", "gguf"]'
    if kind in (TOTAL, PARENTS):
        return f"{kind.meaning}, as JSON"
    return f"{kind.meaning}, without separators of thousands"


def _line_of(path: Path, header: Header, column: str, value: str) -> str:
    """Where a value of a column stands first."""
    place = header.names.index(column)
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=header.delimiter)
        for row in reader:
            if len(row) > place and row[place].strip() == value:
                return f"line {reader.line_num}, "
    return ""
