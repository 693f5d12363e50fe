"""The base of every error that a user is meant to read.

Belongs here: nothing but the base. Each module defines its own kinds beside the code that raises them.
"""

from dagster_project.lib.checkout import as_typed
from dagster_project.lib.redaction import redact


class ModelTideError(Exception):
    """Its message names what is wrong (day, page, symbol, variable) and what to do; no traceback needed.

    It may repeat what a server or a library said, so known secrets are taken out of it here. Commands that it
    tells to type are make's; without a Makefile they become those of the package.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(as_typed(message)))
