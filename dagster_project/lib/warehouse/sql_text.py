"""Text inside SQL, where no parameter may stand (comments, paths of `copy` and `attach`).

Belongs here: escaping. Values go into queries as parameters.
"""


def escaped(text: object) -> str:
    """The text for between two single quotes."""
    return str(text).replace("'", "''")
