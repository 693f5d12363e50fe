"""The pages' templates: every page escapes alike and has the same head.

Belongs here: the environment that reads *.html of this folder.
Does not belong here: values of a page (page, metrics_page).
"""

from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent


def environment(*folders: Path) -> jinja2.Environment:
    """Escapes whatever is not Markup and refuses a name that has no value.

    Templates of the folders include those of this one, such as the head.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, HERE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style() -> Markup:
    """page.css, for the head of a page."""
    return Markup((HERE / "page.css").read_text())


def policy(scripts: str) -> str:
    """Content-Security-Policy of a page that asks nobody for anything and runs `scripts` alone."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src 'unsafe-inline'; script-src {scripts}"
    )
