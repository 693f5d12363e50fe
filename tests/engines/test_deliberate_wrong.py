"""The comparison finds a sum that DuckDB's statistics make wrong, and names it."""

import pytest

from tests.engines import planted
from tests.engines.__main__ import main


@pytest.mark.slow
def test_a_wrong_sum_is_named_with_its_mart_column_key_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = main(["wrong"]).splitlines()
    assert wrong
    assert all(line.startswith(f"DuckDB with statistics: {planted.WRONG}.") for line in wrong)
    assert any(f"{planted.WRONG}.downloads_30d (publisher " in line and " against " in line for line in wrong)
    assert "DuckDB with statistics: 51 of 52 marts equal" in capsys.readouterr().out
