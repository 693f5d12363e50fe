"""Rows of tables compared.

Belongs here: that floating-point figures are equal to what summing in another order leaves of them.
Does not belong here: which rows.
"""

import math
from typing import Any

Rows = list[tuple[Any, ...]]


def assert_equal(found: Rows, expected: Rows, table: str = "", near_0: float = 1e-12) -> None:
    """Equal, row by row; floating-point figures at 1e-9 relative, or that near to each other."""
    assert len(found) == len(expected), table
    for left, right in zip(found, expected, strict=True):
        for one, other in zip(left, right, strict=True):
            if isinstance(one, float) and isinstance(other, float):
                assert math.isclose(one, other, rel_tol=1e-9, abs_tol=near_0), (table, left, right)
            else:
                assert one == other, (table, left, right)


def assert_tables_equal(found: dict[str, Rows], expected: dict[str, Rows]) -> None:
    """The same tables, each with equal rows; figures at 1e-9 relative."""
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert_equal(found[table], rows, table, near_0=0)
