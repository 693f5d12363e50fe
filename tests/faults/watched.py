"""The embedded upstream with a log of its answers, and a hand in them where no fault of its own exists.

Belongs here: what tests want to know of a request (status, token, place in the order) or to alter.
Does not belong here: faults that the upstream has (synthetic/faults.py).
"""

import time
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from dagster_project.synthetic.faults import HUB_PATH
from dagster_project.synthetic.server import Answer, Upstream


class Seen(NamedTuple):
    """A listing request: its query, the status it got and the token it carried."""

    query: str
    status: int
    authorization: str | None

    @property
    def is_page(self) -> bool:
        """A page of the listing, not a probe for the time."""
        return parse_qs(self.query).get("limit") != ["1"]


class Watched(Upstream):
    """`before` is called with the number of the listing request, `alter` with its answer as well."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seen: list[Seen] = []
        self.before: Callable[[int], None] = lambda _: None
        self.alter: Callable[[int, Answer], None] = lambda *_: None

    def answer(self, target: str, headers: Mapping[str, str] | Message) -> Answer:
        parts = urlsplit(target)
        is_listing = parts.path == HUB_PATH
        number = len(self.seen)
        if is_listing:
            self.before(number)
        answer = super().answer(target, headers)
        if is_listing:
            self.alter(number, answer)
            self.seen.append(Seen(parts.query, answer.status, headers.get("Authorization")))
        return answer

    def pass_time(self, seconds: float) -> None:
        """Let the quota window end sooner, as if so many seconds had passed."""
        self._window_ends -= seconds

    def wait_for(self, answers: int) -> None:
        """Until so many listing requests were answered; 20 seconds at most."""
        until = time.monotonic() + 20
        while len(self.seen) < answers and time.monotonic() < until:
            time.sleep(0.01)

    @property
    def pages(self) -> list[str]:
        """Queries of the pages that were answered whole, in order."""
        return [seen.query for seen in self.seen if seen.is_page and seen.status == 200]
