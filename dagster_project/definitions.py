"""Everything that Dagster loads: the folder defs/."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Assets, checks, jobs, schedule and resources of the whole project."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
