"""changes.html: the newest week in words, and a table of what changed.

Belongs here: the values of the template.
Does not belong here: the sentences (changes), and which week (digest).
"""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import duckdb

from dagster_project.lib.report import templates, words
from dagster_project.lib.site.changes import DIGEST, FEED, KINDS, PAGE, about, changes_between
from dagster_project.lib.site.digest import NOTHING, told_more, weekly_digest
from dagster_project.lib.site.menu import MENU

DAYS_SHOWN = 90


def changes_page(connection: duckdb.DuckDBPyConnection, pages: Collection[str] = ()) -> str:
    """The page; each change has its `change_id` as its anchor.

    `pages` are the addresses within the site that are there to be linked to.
    """
    of = about(connection)
    changes = changes_between(connection, of.snapshot_date - timedelta(days=DAYS_SHOWN - 1), of.snapshot_date)
    present = {change.kind for change in changes}
    environment = templates.environment(Path(__file__).parent)
    environment.filters.update(day=words.day, short_day=words.short_day, more=told_more)
    return environment.get_template("changes.html").render(
        title=f"{of.prefix}Model Tide: what changed",
        style=templates.style(),
        policy=templates.policy("'none'"),
        about=of,
        digest=weekly_digest(connection),
        changes=changes,
        days_shown=DAYS_SHOWN,
        kinds={kind: label for kind, label in KINDS.items() if kind in present},
        nothing=NOTHING,
        pages=pages,
        menu=MENU,
        root="",
        path=PAGE,
        feed=FEED,
        digest_file=DIGEST,
    )
