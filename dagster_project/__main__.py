"""`python -m dagster_project <command>`, and the script `modeltide` where the project is installed."""

import sys

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings


def main() -> int:
    """Returns the exit code: 0, or 1 with one line on standard error."""
    try:
        Settings.from_environment()  # first: the Hub's client raises on a bad HF_ENDPOINT when it is imported
    except ModelTideError as error:
        print(error, file=sys.stderr)
        return 1
    from dagster_project.cli import main as run_command

    return run_command()


if __name__ == "__main__":
    sys.exit(main())
