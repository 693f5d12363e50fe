"""Alerts: a line of JSON to the address that the user gave.

Belongs here: what an alert says, when a publication is stale, and posting it.
Does not belong here: which runs failed and what was told already (defs/alerts).

The address is a secret: it is in no message, no log line and no exception of this module. That is why the
standard library posts it: requests writes the path of every address to its debug log.
"""

import urllib.error
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import NamedTuple

import orjson

from dagster_project.lib.checkout import as_typed
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.redaction import redact_bytes
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.http import Overdue, in_time
from dagster_project.lib.warehouse.connection import reading

TIMEOUT, DEADLINE = 10.0, 30.0  # seconds without a byte, and for the whole answer
STALE_AFTER = timedelta(hours=36)  # a day that was not captured is gone; 12 hours are left to act


class AlertNotSent(ModelTideError):
    """The address did not take the alert; the message says how it ended, never the address."""


class Alert(NamedTuple):
    """`text` is what chat services show; the rest is for programs."""

    kind: str
    text: str
    facts: dict[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST becomes a GET and loses the alert; and the address is nobody else's business."""

    def redirect_request(self, *_: object) -> None:
        return None


def post(alert: Alert, url: str) -> None:
    """Raises AlertNotSent unless the answer is 2xx."""
    body = redact_bytes(orjson.dumps({"text": alert.text, "kind": alert.kind, **alert.facts}))
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})

    def answered() -> None:
        urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT).close()

    try:
        in_time(answered, DEADLINE)
        return
    except Overdue as error:
        reason = str(error)
    except urllib.error.HTTPError as error:
        reason = f"it answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:  # their texts may name the address
        reason = f"it could not be reached ({type(getattr(error, 'reason', error)).__name__})"
    raise AlertNotSent(f"ALERT_WEBHOOK_URL did not take the alert: {reason}. The next tick tries again.")


def stale_snapshot(settings: Settings, now: datetime) -> Alert | None:
    """An alert if the newest published snapshot is too old; None if it is not, or none was ever published.

    `now` is UTC without zone, as the published times are.
    """
    published = settings.published / "modeltide.duckdb"
    if not published.exists():
        return None
    with reading(published) as connection:
        (newest,) = connection.execute(
            "select max(captured_at) from fct_snapshot_days where accepted"
        ).fetchall()[0]
    if newest is None or now - newest <= STALE_AFTER:
        return None
    return Alert(
        "stale_snapshot",
        as_typed(
            f"Model Tide: the newest published snapshot was taken at {newest:%Y-%m-%d %H:%M} UTC, more than "
            f"{STALE_AFTER.total_seconds() / 3600:.0f} hours ago. The Hub serves only the present, so each "
            "day without one is lost: see the last runs, then `make run`."
        ),
        {"captured_at": newest.isoformat()},
    )


def failed_run(job: str, day: str | None, run_id: str, messages: list[str]) -> Alert:
    """An alert about a run and what its failed steps said."""
    of_day = f" of {day}" if day else ""
    said = " ".join(messages) or "No step says why; its process may have been killed."
    return Alert(
        "failed_run",
        f"Model Tide: {job}{of_day} failed. {said}",
        {"job": job, "run_id": run_id} | ({"day": day} if day else {}),
    )
