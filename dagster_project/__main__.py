"""`python -m dagster_project <command>`, and the script `model-tide` where the project is installed."""

import sys

from dagster_project.lib.checkout import PROJECT, SQL
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings


def main() -> int:
    """Returns the exit code: 0, or 1 with one line on standard error."""
    if not SQL.is_dir():
        print(
            f"Model Tide needs its checkout, and {PROJECT} is none. Type `make` in a clone, or install it "
            "from there with `pip install --editable .`.",
            file=sys.stderr,
        )
        return 1
    try:
        Settings.from_environment()  # first: the Hub's client raises on a bad HF_ENDPOINT when it is imported
    except ModelTideError as error:
        print(error, file=sys.stderr)
        return 1
    from dagster_project.cli import main as run_command

    return run_command()


if __name__ == "__main__":
    sys.exit(main())
