"""Where the files that come with the code lie: in a checkout, or inside of an installed package.

Belongs here: their folders, and how a command is typed there. Does not belong here: the data home (settings).
"""

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "shipped"  # what pyproject.toml takes into a wheel, as it lies in a checkout
IS_CHECKOUT = not SHIPPED.is_dir()
PROJECT = PACKAGE.parent if IS_CHECKOUT else SHIPPED
SQL = PROJECT / "sql"
SCRIPTS = ("modeltide", "model-tide")  # in pyproject.toml; the second is the older name
COMMANDS = (
    "run", "dev", "rebuild", "lake", "site", "pull", "push", "report", "backfill", "import", "drop", "claim",
    "sql", "demo",
)  # fmt: skip
_TYPED = re.compile(
    r"((?:\b[A-Z_]+=\S+ )*)\bmake ("
    + "|".join(COMMANDS)
    + r')\b((?: [A-Z_]+=(?:"[^"]*"|[^\s`";,]*[^\s`";,.:]))*)'
)


def as_typed(text: str, *, in_checkout: bool = IS_CHECKOUT) -> str:
    """A text that names commands of make, for whoever has no Makefile: `DAY=… modeltide run`."""
    if in_checkout:
        return text
    return _TYPED.sub(
        lambda found: f"{found[1]}{found[3].strip() + ' ' if found[3] else ''}{SCRIPTS[0]} {found[2]}", text
    )
