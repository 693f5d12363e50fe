"""The sensor that tells of a failed run or a stale snapshot; off unless ALERT_WEBHOOK_URL is set."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
import orjson

from dagster_project.defs.failures import told_failure, untold_failure
from dagster_project.defs.home import ended_days
from dagster_project.lib.publish import alerts
from dagster_project.lib.settings import Settings

REMEMBERED = 100  # runs: Dagster touches a failed one again when it starts its retry
OFF = "ALERT_WEBHOOK_URL is not set, so nobody is told. Set it and start again."

TELLS = "Posts a failed run or a stale snapshot to ALERT_WEBHOOK_URL; off while that is not set."
ENDED = "Off: the days of this home are simulated, and its last one stays the last."


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED if ended_days() else dg.DefaultSensorStatus.RUNNING,
    description=f"{TELLS} {ENDED}" if ended_days() else TELLS,
)
def alert_webhook(context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]) -> dg.SkipReason:
    """Tells each failure once. What could not be told is tried again at the next tick; nothing else fails.

    The cursor holds what was told: the last failed runs with the time of the newest, the stale snapshot.
    """
    if settings.alert_webhook is None:
        return dg.SkipReason(OFF)
    now = datetime.now(UTC)
    told = (
        orjson.loads(context.cursor)
        if context.cursor
        else {"run_at": now.timestamp(), "runs": [], "stale": ""}
    )
    sent = 0
    try:
        for record in _failed_since(context.instance, told["run_at"]):
            run = record.dagster_run
            if run.run_id not in told["runs"]:
                alerts.post(_of_run(context.instance, run), settings.alert_webhook)
                told["run_at"], sent = record.update_timestamp.timestamp(), sent + 1
                told["runs"] = [*told["runs"], run.run_id][-REMEMBERED:]
        stale = alerts.stale_snapshot(settings, now.replace(tzinfo=None))
        if stale and stale.facts["captured_at"] != told["stale"]:
            alerts.post(stale, settings.alert_webhook)
            told["stale"], sent = stale.facts["captured_at"], sent + 1
    except alerts.AlertNotSent as error:
        return dg.SkipReason(str(error))
    finally:
        context.update_cursor(orjson.dumps(told).decode())
    return dg.SkipReason(f"{sent} alerts sent." if sent else "No failed run and no stale snapshot.")


def _failed_since(instance: dg.DagsterInstance, timestamp: float) -> Sequence[dg.RunRecord]:
    """Runs that failed at the time or later, in that order."""
    after = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.fromtimestamp(timestamp - 1, UTC)
    )
    return instance.get_run_records(after, order_by="update_timestamp", ascending=True)


def _of_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> alerts.Alert:
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [record.get_dagster_event() for record in instance.all_logs(run.run_id, of_type=kinds)]
    failed = [event for event in events if getattr(event.event_specific_data, "error", None)]
    # settings are refused before the first step: then the run itself says why
    steps = [event for event in failed if event.is_step_failure]
    said = [told_failure(event) or untold_failure(event) for event in steps or failed]
    return alerts.failed_run(run.job_name, run.tags.get("dagster/partition"), run.run_id, said)
