"""One page of the listing as typed columns, and these as bytes to keep beside the page.

Belongs here: which pages can be read whole, and the columns as Arrow.
Does not belong here: what an item may hold (fields), items of pages that cannot be read whole (read_pages),
and where pages and columns lie (record/landing).
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from io import BytesIO
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from arro3.core import Array, DataType, Table, list_array
from arro3.io import read_ipc_stream, write_ipc_stream
from msgspec import UNSET, UnsetType

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

COLUMNS = [column for field in FIELDS for column in field.columns]
_TEXT, _WHOLE, _NUMBER, _FLAG = DataType.string(), DataType.int64(), DataType.float64(), DataType.bool()
_GATES = {True: "yes", False: "false", "auto": "auto", "manual": "manual", None: None}
_VERSION = blake2b(
    repr([(f.name, f.columns, f.kind.meaning) for f in FIELDS]).encode(), digest_size=8
).digest()


_ITEM = msgspec.defstruct(
    "Item", [(f.name, f.kind.typed | None | UnsetType, UNSET) for f in FIELDS], gc=False
)
_DECODER = msgspec.json.Decoder(list[_ITEM])  # type: ignore[valid-type]


def columns_of(body: bytes, *, is_mended: bool = False) -> Table | None:
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
    if not is_mended and not (_has_required(said, missing) and _is_each_once(body, said, missing)):
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
    arrays["author"] = [Array(owners, _TEXT)]
    in_order = chain.from_iterable(arrays[field.name] for field in FIELDS)
    return Table.from_arrays(list(in_order), names=COLUMNS)


def packed(columns: Table) -> bytes:
    """Columns as bytes to keep, of this version."""
    stream = BytesIO(_VERSION)
    stream.seek(len(_VERSION))
    write_ipc_stream(columns, stream)  # LZ4: a fifth larger than the page, zstd costs half as much again
    return stream.getvalue()


def unpacked(content: bytes) -> Table | None:
    """Columns that were kept, None of another version."""
    start = len(_VERSION)
    return read_ipc_stream(BytesIO(content[start:])).read_all() if content[:start] == _VERSION else None


def _arrays(field: Field, values: Sequence[Any]) -> list[Array]:
    """The columns of a field. Raises ValueError for a value that is not as nearly all are."""
    if field.kind is PARENTS:
        models = [one and _said(one.models) for one in values]
        names = [some and [one and _said(one.id) for one in some] for some in models]
        _check(field, [name for some in names if some for name in some if name is not None])
        return [Array([one and _said(one.relation) for one in values], _TEXT), _lists(names)]
    if field.kind is TOTAL:
        return [Array([one and _said(one.total) for one in values], _WHOLE)]
    if field.kind is TEXTS:
        return [_lists(values)]
    if field.kind.pattern:
        _check(field, [one for one in values if one is not None])
    return [_times(values) if field.kind is TIME else _plain(field, values)]


def _plain(field: Field, values: Sequence[Any]) -> Array:
    if field.kind is FLAG:
        return Array([one is True for one in values], _FLAG)
    if field.kind is GATE:
        return Array([_GATES[one] for one in values], _TEXT)
    return Array(values, {WHOLE: _WHOLE, NUMBER: _NUMBER}.get(field.kind, _TEXT))


def _said(value: Any) -> Any:
    return None if value is UNSET else value


def _check(field: Field, texts: list[str]) -> None:
    """Raises ValueError unless the pattern fits all of them; no text that it fits has a line end."""
    if not re.fullmatch(rf"(?:{field.kind.pattern}\n)*+", "\n".join([*texts, ""])):
        raise ValueError


def _times(values: Sequence[str | None]) -> Array:
    """Times of a pattern, in UTC. Raises ValueError for one that there never was."""
    moments = np.array([one and one[:-1] for one in values], "datetime64[us]").astype(np.int64)
    known = Array.from_numpy(moments)
    if None in values:
        known = Array([one and int(moment) for one, moment in zip(values, moments, strict=True)], _WHOLE)
    return known.cast(DataType.timestamp("us"))


def _lists(values: Sequence[list[str | None] | None]) -> Array:
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(one or ()) for one in values], out=offsets[1:])
    texts = Array(list(chain.from_iterable(filter(None, values))), _TEXT)
    missing = Array([one is None for one in values], _FLAG)
    return list_array(Array.from_numpy(offsets), texts, mask=missing)


def _has_required(said: dict[str, tuple[Any, ...]], missing: dict[str, int]) -> bool:
    return not any(missing[f.name] or None in said[f.name] for f in FIELDS if f.is_required)


def _is_each_once(body: bytes, said: dict[str, tuple[Any, ...]], missing: dict[str, int]) -> bool:
    """Whether the page spells each name that is read as often as objects with it were found.

    In doubt it does not: where a name may be spelt with an escape, or does not stand next to its colon.
    """
    text = np.frombuffer(b" " * 8 + body, np.uint8)
    colons = np.flatnonzero(text == ord(":"))
    before = text[colons - 1]
    # most pages have no backslash, and one byte is found in no time
    if (b"\\" in body and b"\\u" in body) or (before <= ord(" ")).any():
        return False
    # of each name its last four bytes, the quotation mark before it included if it is short
    ends = colons[before == ord('"')] - 5
    spelt = np.ndarray(len(text) - 3, np.dtype("<u4"), text, strides=(1,))[ends]
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
    return all(
        np.count_nonzero(spelt >> np.uint32(32 - 8 * len(end)) == int.from_bytes(end, "little")) == count
        for end, count in found.items()
    )


def _ending(name: str) -> bytes:
    return f'"{name}'.encode()[-4:]
