"""`python -m dagster_project <command>`."""

import sys

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings

if __name__ == "__main__":
    try:
        Settings.from_environment()  # first: the Hub's client raises on a bad HF_ENDPOINT when it is imported
    except ModelTideError as error:
        sys.exit(str(error))
    from dagster_project.cli import main

    sys.exit(main())
