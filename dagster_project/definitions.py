"""Everything that Dagster loads: the folder defs/."""

import dagster as dg

from dagster_project.lib.checkout import PROJECT


@dg.definitions
def defs() -> dg.Definitions:
    """Assets, checks, jobs, schedule and resources of the whole project."""
    return dg.load_from_defs_folder(path_within_project=PROJECT)
