"""What sqlfluff puts in place of dbt's `adapter` (.sqlfluff names this folder): the branches of DuckDB."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro: str, package: str) -> Any:
    """DuckDB's branch of a macro of the same file."""
    return context.resolve(f"duckdb__{macro}")


def quote(name: str) -> str:
    """A name that is a keyword elsewhere."""
    return f'"{name}"'
