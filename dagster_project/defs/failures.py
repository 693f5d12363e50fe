"""What a failed step said, in the words for a user."""

import dagster as dg


def told_failure(event: dg.DagsterEvent) -> str | None:
    """The message of an error that was meant to be read (`readable_errors`); None for any other."""
    failure = event.step_failure_data.user_failure_data
    return failure.description if failure else None


def untold_failure(event: dg.DagsterEvent) -> str:
    """The root of an error that nobody expected, with its step; Dagster wraps what was raised."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return f"{event.step_key} failed: {error.message.strip() if error else 'it does not say why'}"
