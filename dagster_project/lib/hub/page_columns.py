"""One page of the listing as typed columns, and these as bytes to keep beside the page.

Belongs here: which pages can be read whole, and the columns as Arrow.
Does not belong here: what an item may hold (fields), items of pages that cannot be read whole (read_pages),
and where pages and columns lie (record/landing).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from itertools import chain
from typing import Any

import msgspec
import nanoarrow as na
import numpy as np
import zstandard
from msgspec import UNSET, UnsetType
from nanoarrow.c_array import CArray
from nanoarrow.c_array_stream import CArrayStream
from nanoarrow.c_schema import CSchema
from nanoarrow.ipc import InputStream, StreamWriter
from numpy.typing import NDArray

from dagster_project.lib.hub.fields import (
    BY_NAME,
    FIELDS,
    FLAG,
    GATE,
    NUMBER,
    PARENTS,
    TEXTS,
    TIME,
    TOTAL,
    WHOLE,
    Field,
)
from dagster_project.lib.warehouse.raw_tables import DAY_COLUMNS

# is_private is no column of a day: what it says is that the model is none of ours
COLUMN_TYPES = {column: DAY_COLUMNS.get(column, "boolean") for field in FIELDS for column in field.columns}
_GATES = {True: "yes", False: "false", "auto": "auto", "manual": "manual", None: None}
_VERSION = blake2b(repr(COLUMN_TYPES).encode(), digest_size=8).digest()
# the columns of a thousand models have 350 KB: this leaves 110, as much as of their JSON, in 1 ms
_COMPRESSOR = zstandard.ZstdCompressor(level=1)
_ITEM = msgspec.defstruct(
    "Item", [(f.name, f.kind.typed | None | UnsetType, UNSET) for f in FIELDS], gc=False
)
_DECODER = msgspec.json.Decoder(list[_ITEM])  # type: ignore[valid-type]
_ARROW = {
    "varchar": na.string(),
    "varchar[]": na.list_(na.string()),
    "bigint": na.int64(),
    "double": na.float64(),
    "boolean": na.bool_(),
    "timestamp": na.timestamp("us"),
}
_COLUMNS = {column: _ARROW[kind] for column, kind in COLUMN_TYPES.items()}
_SCHEMA, _PLACED = na.c_schema(na.struct(_COLUMNS)), na.c_schema(na.struct({**_COLUMNS, "place": na.int64()}))


@dataclass(frozen=True)
class Columns:
    """The columns of pages as Arrow, for DuckDB to read once registered: a row an item, in their order."""

    pages: list[CArray]
    schema: CSchema

    def hub_ids(self) -> list[str]:
        """The `_id` of each item."""
        return [one for page in self.pages for one in na.Array(page.child(0)).to_pylist()]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return CArrayStream.from_c_arrays(self.pages, self.schema).__arrow_c_stream__()


def columns_of(body: bytes, *, is_mended: bool = False) -> Columns | None:
    """The columns of a page, a row an item; None if one of its items is not as nearly all are.

    None says nothing else of the items: they are to be read one by one, and what can be of them is a page
    that `is_mended`: no object has a name twice, of which msgspec takes the last value, and what is required
    may be missing.
    """
    try:
        items = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    rows = zip(*map(msgspec.structs.astuple, items), strict=True) if items else [()] * len(FIELDS)
    said: dict[str, tuple[Any, ...]] = dict(zip(BY_NAME, rows, strict=True))
    missing = {name: values.count(UNSET) for name, values in said.items()}
    is_plain = is_mended or not items or (_has_required(said) and _is_each_once(body, said, missing))
    if not is_plain:
        return None
    values = {
        name: [None if one is UNSET else one for one in said[name]] if count else said[name]
        for name, count in missing.items()
    }
    try:
        arrays = {field.name: _arrays(field, values[field.name]) for field in FIELDS}
    except ValueError:
        return None
    # of a model whose author cannot be the publisher is known all the same
    owners = [
        owner or (name.partition("/")[0] if "/" in name else None)
        for owner, name in zip(values["author"], values["id"], strict=True)
    ]
    arrays["author"] = [na.c_array(owners, na.string())]
    in_order = [array for field in FIELDS for array in arrays[field.name]]
    return Columns([na.c_array_from_buffers(_SCHEMA, len(items), [None], children=in_order)], _SCHEMA)


def packed(columns: Columns) -> bytes:
    """Columns as bytes to keep, of this version."""
    stream = BytesIO()
    with StreamWriter.from_writable(stream) as writer:
        writer.write_stream(columns)
    return _VERSION + _COMPRESSOR.compress(stream.getvalue())


def unpacked(content: bytes) -> Columns | None:
    """Columns that were kept, None of another version."""
    if not content.startswith(_VERSION):
        return None
    stream = BytesIO(zstandard.decompress(content[len(_VERSION) :]))
    return Columns(list(na.c_array_stream(InputStream.from_readable(stream))), _SCHEMA)


def placed(columns: Iterable[tuple[int, Columns]]) -> Columns:
    """The columns of pages with their numbers, and `place`, which is where in the listing an item stood."""
    pages = []
    for number, page in ((number, page) for number, one in columns for page in one.pages):
        place = na.c_array_from_buffers(na.int64(), len(page), [None, np.arange(len(page)) + (number << 32)])
        pages.append(na.c_array_from_buffers(_PLACED, len(page), [None], children=[*page.children, place]))
    return Columns(pages, _PLACED)


def _arrays(field: Field, values: Sequence[Any]) -> list[CArray]:
    """The columns of a field. Raises ValueError for a value that is not as nearly all are."""
    if field.kind is PARENTS:
        models = [one and _said(one.models) for one in values]
        names = [some and [one and _said(one.id) for one in some] for some in models]
        _check(field, [name for name in chain.from_iterable(filter(None, names)) if name is not None])
        return [na.c_array([one and _said(one.relation) for one in values], na.string()), _lists(names)]
    if field.kind is TOTAL:
        return [_numbers(na.int64(), [one and _said(one.total) for one in values])]
    if field.kind is TEXTS:
        return [_lists(values)]
    if field.kind.pattern:
        _check(field, [one for one in values if one is not None])
    return [_times(values) if field.kind is TIME else _plain(field, values)]


def _plain(field: Field, values: Sequence[Any]) -> CArray:
    if field.kind is FLAG:
        return na.c_array([one is True for one in values], na.bool_())
    if field.kind is WHOLE:
        return _numbers(na.int64(), values)
    if field.kind is NUMBER:
        return _numbers(na.float64(), values, np.float64)
    return na.c_array([_GATES[one] for one in values] if field.kind is GATE else values, na.string())


def _said(value: Any) -> Any:
    return None if value is UNSET else value


def _check(field: Field, texts: list[str]) -> None:
    """Raises ValueError unless the pattern fits all of them; no text that it fits has a line end."""
    if not re.fullmatch(rf"(?:{field.kind.pattern}\n)*+", "\n".join([*texts, ""])):
        raise ValueError


def _numbers(kind: na.Schema, values: Sequence[float | None], stored: type = np.int64) -> CArray:
    return _array(kind, values, np.array([one or 0 for one in values], stored))


def _times(values: Sequence[str | None]) -> CArray:
    """Times of a pattern, in UTC. Raises ValueError for one that there never was."""
    return _array(
        na.timestamp("us"), values, np.array([one and one[:-1] for one in values], "datetime64[us]")
    )


def _lists(values: Sequence[list[str | None] | None]) -> CArray:
    ends = np.cumsum([0, *(len(one or ()) for one in values)], dtype=np.int32)
    texts = na.c_array(list(chain.from_iterable(filter(None, values))), na.string())
    return _array(na.list_(na.string()), values, ends, texts)


def _array(kind: na.Schema, values: Sequence[Any], numbers: NDArray[Any], *children: CArray) -> CArray:
    known = [one is not None for one in values]
    valid = None if all(known) else np.packbits(known, bitorder="little")
    return na.c_array_from_buffers(kind, len(values), [valid, numbers.view(np.uint8)], children=children)


def _has_required(said: dict[str, tuple[Any, ...]]) -> bool:
    return not any(None in said[f.name] or UNSET in said[f.name] for f in FIELDS if f.is_required)


def _is_each_once(body: bytes, said: dict[str, tuple[Any, ...]], missing: dict[str, int]) -> bool:
    """Whether the page spells each name that is read as often as objects with it were found.

    In doubt it does not: where a name may be spelt with an escape, or does not stand next to its colon.
    """
    text = np.frombuffer(body, np.uint8)
    colons = np.flatnonzero(text == ord(":"))
    before = text[colons - 1]
    # most pages have no backslash, and one byte is found in no time
    if (b"\\" in body and b"\\u" in body) or (before <= ord(" ")).any():
        return False
    # of each name its last four bytes, the quotation mark before it included if it is short
    starts = colons[before == ord('"')] - 5
    spelt = np.ndarray(len(text) - 3, np.dtype("<u4"), text, strides=(1,))[starts]
    bases = [one for one in said["baseModels"] if one]
    parents = [one for base in bases for one in base.models or () if one]
    totals = [one.total for one in chain(said["safetensors"], said["gguf"]) if one]
    found = {_ending(name): len(said[name]) - count for name, count in missing.items()}
    for name, values in (
        ("id", [one.id for one in parents]),
        ("_id", [one._id for one in parents]),
        ("relation", [one.relation for one in bases]),
        ("models", [one.models for one in bases]),
        ("total", totals),
    ):
        found[_ending(name)] = found.get(_ending(name), 0) + len(values) - values.count(UNSET)
    short = spelt >> np.uint32(8)
    return all(
        np.count_nonzero((spelt if len(end) == 4 else short) == int.from_bytes(end, "little")) == count
        for end, count in found.items()
    )


def _ending(name: str) -> bytes:
    return f'"{name}'.encode()[-4:]
