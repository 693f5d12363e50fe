"""The base of every error that a user is meant to read.

Belongs here: nothing but the base. Each module defines its own kinds beside the code that raises them.
"""


class ModelTideError(Exception):
    """Its message names what is wrong (day, page, symbol, variable) and what to do; no traceback needed."""
