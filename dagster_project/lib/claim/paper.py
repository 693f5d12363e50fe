"""Plain text of a fixed width: titles, sentences and tables.

Belongs here: how a page of text looks. Does not belong here: what it says (page, known, verdicts).
"""

import io
import re
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from dagster_project.lib.checkout import as_typed

WIDTH = 100
LONGEST = 15  # a word of so many characters is never cut
# an amount with its unit, or a dash
_FIGURE = re.compile(r"(>= )?[−+–]?[\d,.]*\s?(%|M|bn|k|tn)?\*?|[\d.]+ of \d+")


class Paper:
    """A page as it grows."""

    def __init__(self) -> None:
        self._file = io.StringIO()
        self._console = Console(file=self._file, width=WIDTH, highlight=False, markup=False, emoji=False)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._file.getvalue().splitlines()) + "\n"

    def say(self, text: str) -> None:
        self._console.print(as_typed(text), soft_wrap=False)

    def title(self, text: str) -> None:
        self.say(f"\n{text}\n{'-' * len(text)}")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Figures stand on the right; texts beside them wrap between words."""
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        rows = list(rows)
        for place, heading in enumerate(headings):
            is_figure = bool(rows) and all(_FIGURE.fullmatch(row[place]) for row in rows)
            words = [word for text in (heading, *(row[place] for row in rows)) for word in text.split()]
            longest = min(max(map(len, words)), LONGEST)
            table.add_column(heading, justify="right" if is_figure else "left", min_width=longest)
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
