"""Faults that can be switched on in the embedded upstreams, and which request each of them hits.

Belongs here: kinds, their options, counting how often one still applies.
Does not belong here: what a fault does to an answer (server).
"""

import threading
from dataclasses import dataclass, field

HUB_PATH, CHART_PATH = "/api/models", "/v8/finance/chart/"
TOKENS_PATH, CATALOGUE_PATH = "/api/v1/datasets/rankings-daily", "/api.json"
NPM_PATH, PYPI_PATH = "/downloads/range/", "/api/packages/"
# kind: its own options with their defaults
HUB_KINDS: dict[str, dict[str, object]] = {
    "not_a_list": {},
    "foreign_next": {"host": "mirror.example"},
    "stuck_cursor": {},
    "empty": {},
    "missing": {"fraction": 0.3},
    "flip": {"field": "downloads", "to": "text", "count": 1},
    "null": {"field": "downloads"},
    "absent": {"field": "downloadsAllTime"},
    "duplicates": {"count": 1},
    "private_rows": {"count": 3},
    "no_date": {},
    "quota": {"seconds": 1},
    "clock_jump": {"seconds": 86_400},
}
CHART_KINDS: dict[str, dict[str, object]] = {"empty_result": {}, "null_closes": {"count": 1}}
TOKEN_KINDS: dict[str, dict[str, object]] = {
    "bad_tokens": {"text": "12,345"},
    "no_other": {},
    "date_gap": {},
    "unclassified": {},
    "restated": {"factor": 2},
    "no_rows": {},  # valid and empty; `path` names another of the small sources
}
INSTALL_KINDS: dict[str, dict[str, object]] = {"renamed": {"name": "another-package"}}
ANY_KINDS: dict[str, dict[str, object]] = {
    "status": {"status": 503, "seconds": 1},
    "stall": {"seconds": 1.0},
    "truncate": {},
    "html": {},
    "down": {},
}
KINDS = HUB_KINDS | CHART_KINDS | TOKEN_KINDS | INSTALL_KINDS | ANY_KINDS
# what a fault hits that names no path; the listing for all the others
_HOMES = {
    **dict.fromkeys(CHART_KINDS, CHART_PATH),
    **dict.fromkeys(TOKEN_KINDS, TOKENS_PATH),
    **dict.fromkeys(INSTALL_KINDS, NPM_PATH),
}
_PERSISTENT = {"missing", "duplicates"}  # half a listing with, half without, would be another fault


@dataclass
class Fault:
    """One switched-on fault. `times` is how many matching requests it still hits; None: all of
    them.
    """

    kind: str
    times: int | None
    skip: int
    path: str
    symbol: str | None
    options: dict[str, object] = field(default_factory=dict)

    def number(self, name: str) -> float:
        return float(str(self.options[name]))

    def text(self, name: str) -> str:
        return str(self.options[name])

    def matches(self, path: str) -> bool:
        if self.symbol is not None:
            return path == CHART_PATH + self.symbol
        return path.startswith(self.path)


class Faults:
    """The faults that are on, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(
        self,
        kind: str,
        *,
        times: int | None = None,
        skip: int = 0,
        path: str | None = None,
        symbol: str | None = None,
        **options: object,
    ) -> Fault:
        """Switch a fault on for `times` matching requests (default: one; whole listings: all),
        after `skip`.

        `times=0` means all. `path` is a prefix; without one, Hub faults hit the listing, chart
        faults every chart, token faults the rankings, the others the listing unless `symbol` names
        a chart.
        """
        if kind not in KINDS:
            raise ValueError(f"No fault {kind!r}; there are {', '.join(sorted(KINDS))}.")
        unknown = set(options) - set(KINDS[kind])
        if unknown:
            allowed = ", ".join(KINDS[kind]) or "none"
            raise ValueError(f"Fault {kind} has no option {', '.join(sorted(unknown))}; it has {allowed}.")
        if path is None:
            path = _HOMES.get(kind, HUB_PATH)
        left = times if times is not None else (None if kind in _PERSISTENT else 1)
        fault = Fault(kind, left or None, skip, path, symbol, {**KINDS[kind], **options})
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def hitting(self, path: str) -> list[Fault]:
        """The faults that hit this request; counts it."""
        hit = []
        with self._lock:
            for fault in list(self._faults):
                if not fault.matches(path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                hit.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
        return hit

    def describe(self) -> list[dict[str, object]]:
        with self._lock:
            return [dict(vars(fault)) for fault in self._faults]
