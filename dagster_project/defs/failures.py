"""What a failed step said, or a run that failed before its first step, in the words for a user."""

import dagster as dg


def told_failure(event: dg.DagsterEvent) -> str | None:
    """The message of an error that was meant to be read (`readable_errors`); None for any other."""
    failure = event.step_failure_data.user_failure_data if event.is_step_failure else None
    return failure.description if failure else None


def untold_failure(event: dg.DagsterEvent) -> str:
    """The root of an error that nobody expected, with its step or job; Dagster wraps what was raised."""
    error = getattr(event.event_specific_data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    said = error.message.strip() if error else "it does not say why"
    return f"{event.step_key or event.job_name} failed: {said}"
