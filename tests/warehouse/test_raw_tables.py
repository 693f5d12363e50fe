"""The contract of the raw tables: what the yml describes is what is made."""

from dagster_project.lib.warehouse.raw_tables import ALL_TABLES, LOADS, described


def test_every_table_of_the_contract_is_made_in_its_order() -> None:
    """And filled: each stands in the tuple of its loader."""
    assert [table.name for table in ALL_TABLES if table != LOADS] == list(described("raw"))
