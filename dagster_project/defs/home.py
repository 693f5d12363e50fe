"""What of the data home the UI needs as it loads the definitions.

Belongs here: whose home it is, and whether its days can go on.
Does not belong here: what a run reads. Commands load the same definitions for whichever home they write, so
for them there is no such home.
"""

import os
from datetime import date

from dagster_project.lib.publish.file import simulated_days
from dagster_project.lib.settings import Settings

IN_UI = "MODELTIDE_IN_UI"  # set by `make dev` for the processes that it starts, and by nobody else


def home_of_ui() -> Settings | None:
    """The settings of the UI that loads the definitions, None for a command."""
    return Settings.from_environment() if IN_UI in os.environ else None


def ended_days() -> tuple[date, date] | None:
    """First and last day of a simulated home, as the demo's, that has no simulated Hub to go on with."""
    settings = home_of_ui()
    return simulated_days(settings) if settings and settings.is_live_hub else None
