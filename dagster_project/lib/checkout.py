"""Where the folders of the checkout lie.

Belongs here: folders that come with the code. Does not belong here: the data home (settings).
"""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
SQL = PROJECT / "sql"
