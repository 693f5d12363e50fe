"""`python -m dagster_project.synthetic`: the embedded upstreams as a process of their own.

Belongs here: the command line, one ready line with the address, and a clean end on SIGTERM or
Ctrl-C.
Does not belong here: anything that a test could want to call.
"""

import argparse
import signal
import threading
from datetime import UTC, date, datetime, time, timedelta

from dagster_project.synthetic.server import PLENTY, Upstream


def main() -> None:
    """Serve until SIGTERM or SIGINT; the ready line ends with the address."""
    parser = argparse.ArgumentParser(prog="dagster_project.synthetic", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2026, 1, 14))
    parser.add_argument("--hour", type=float, default=6.0, help="UTC hour at the start")
    parser.add_argument("--quota", type=int, default=PLENTY, help="requests per 300 seconds")
    said = parser.parse_args()
    now = datetime.combine(said.date, time(), UTC) + timedelta(hours=said.hour)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Upstream(said.models, now, said.quota, said.port) as upstream:
        print(
            f"Synthetic Hub and Yahoo, {said.models} models, {now:%Y-%m-%d %H:%M} UTC: {upstream.url}",
            flush=True,
        )
        ended.wait()


if __name__ == "__main__":
    main()
