"""The fields of the listing against the contract of the raw tables."""

from dagster_project.lib.hub.fields import FIELDS
from dagster_project.lib.warehouse.raw_tables import ATTRIBUTE_GROUPS, DAY_COLUMNS


def test_every_column_of_a_day_is_made_of_one_field() -> None:
    made = [column for field in FIELDS for column in field.columns if column != "is_private"]
    assert sorted([*made, "model_key"]) == sorted(DAY_COLUMNS)


def test_a_field_is_read_as_the_type_of_its_column() -> None:
    for field in FIELDS:
        if field.kind.file == ("{}",):
            assert [DAY_COLUMNS[column] for column in field.columns] == [field.kind.value_type], field.name


def test_a_field_is_evidence_of_the_group_that_its_columns_stand_in() -> None:
    for group, table in ATTRIBUTE_GROUPS.items():
        made = {column for field in FIELDS if field.group == group for column in field.columns}
        named = {"repo_id", "publisher"} if group == "cards" else set()  # every source has these
        assert made | named == set(table.column_names[2:]), group
