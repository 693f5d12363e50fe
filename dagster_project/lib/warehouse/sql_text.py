"""Text inside SQL, where no parameter may stand (comments, paths of `copy` and `attach`).

Belongs here: escaping, also of what a reader would take for a pattern, and comparing rows by a digest. Values
go into queries as parameters.
"""

import re
from collections.abc import Iterable
from datetime import date


def escaped(text: object) -> str:
    """The text for between two single quotes."""
    return str(text).replace("'", "''")


def quoted_name(name: str) -> str:
    """A column's name that others chose, as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal_path(path: object) -> str:
    """A path for DuckDB's readers, which take `*`, `?` and `[` for a pattern of many files."""
    return re.sub(r"[*?[]", r"[\g<0>]", str(path))


def digest_of(alias: str, columns: Iterable[tuple[str, str]]) -> str:
    """64 bits of what columns (name, DuckDB type) say: two rows that differ share them once in 10^19 pairs.

    DuckDB's hash of [] is that of NULL, hence the lengths.
    """
    read = [(f"{alias}.{quoted_name(name)}", kind) for name, kind in columns]
    lengths = [f"len({name})" for name, kind in read if kind.endswith("[]")]
    return f"hash({', '.join([*(name for name, _ in read), *lengths])})"


def one_of(days: Iterable[date]) -> str:
    """A list of days to stand after `in`, which may be empty."""
    listed = [f"date '{day}'" for day in days]
    return f"({', '.join(listed) or 'null'})"
