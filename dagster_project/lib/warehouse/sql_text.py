"""Text inside SQL, where no parameter may stand (comments, paths of `copy` and `attach`).

Belongs here: escaping, also of what a reader would take for a pattern. Values go into queries as parameters.
"""

import re


def escaped(text: object) -> str:
    """The text for between two single quotes."""
    return str(text).replace("'", "''")


def quoted_name(name: str) -> str:
    """A column's name that others chose, as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal_path(path: object) -> str:
    """A path for DuckDB's readers, which take `*`, `?` and `[` for a pattern of many files."""
    return re.sub(r"[*?[]", r"[\g<0>]", str(path))
