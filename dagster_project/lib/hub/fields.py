"""What we ask the Hub of a model: each field once, from its name there to the columns that it fills here.

Belongs here: how a field is spelt in a page of the listing and in a file, and the SQL that reads it.
Does not belong here: reading pages (read_pages) and files (read_files), and what the columns mean
(sql/models/staging/_raw__sources.yml).

A new field is a line of FIELDS, with one of the kinds above it, and a column there.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """What a field may hold, and how it is read; `{}` in the SQL stands for what is read.

    Of a page: its type for DuckDB's JSON reader, the SQL of each column, and, as that reader lets much
    through, the SQL that finds another type. A whole number is read as JSON text, since a cast would take
    "123", 12.6 and true for one; `number` is where it stands. `fits` says the same in Python, for the
    message: asked only after a load has failed. Of a file: its types as DuckDB names them, the SQL of the
    value, NULL where it does not fit, the value's type, and the SQL of each column from the value.
    """

    json: str
    fits: Callable[[Any], bool]
    expected: str
    types: tuple[str, ...]
    value: str
    value_type: str
    meaning: str
    page: tuple[str, ...] = ("{}",)
    file: tuple[str, ...] = ("{}",)
    flipped: str = ""
    number: str = ""


class Field(NamedTuple):
    """A field of the listing, and the columns of a day's rows that are made of it.

    `group` is the attribute group that it is evidence of, `is_asked` says that it comes only where `expand`
    names it, `is_required` that each item has it, and `has_zero_for_null` that a file may say 0 for unknown.
    """

    name: str
    columns: tuple[str, ...]
    kind: Kind
    group: str = ""
    is_asked: bool = True
    is_required: bool = False
    has_zero_for_null: bool = False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _has_total(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("total") is None or _is_integer(value["total"]))


_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_INTEGERS, *(f"U{kind}" for kind in _INTEGERS[:4]), "DOUBLE", "FLOAT", "DECIMAL")
_OBJECTS = ("STRUCT", "MAP", "JSON", "VARCHAR")
_UTC = "try_cast({} as timestamptz) at time zone 'UTC'"
_ACCOUNT = "coalesce({}, case when contains(id, '/') then split_part(id, '/', 1) end)"

HUB_ID = Kind(
    json="varchar",
    fits=lambda v: _is_text(v) and len(v) == 24,
    expected="a text of 24 hexadecimal digits",
    types=("VARCHAR",),
    value="case when regexp_full_match({}, '[0-9a-f]{24}') then {} end",
    value_type="varchar",
    meaning="24 hexadecimal digits",
)
TEXT = Kind(
    json="varchar",
    fits=lambda _: True,  # the reader takes any value for a text
    expected="a text",
    types=("VARCHAR",),
    value="{}",
    value_type="varchar",
    meaning="a text",
)
REPOSITORY = TEXT._replace(
    fits=_is_text,
    flipped="coalesce({}, '') = ''",
    value="nullif({}, '')",
    meaning="a repository as publisher/name",
)
ACCOUNT = TEXT._replace(page=(_ACCOUNT,), file=(_ACCOUNT,))
TEXTS = Kind(
    json="varchar[]",
    fits=lambda v: isinstance(v, list) and all(map(_is_text, v)),
    expected="a list of texts",
    types=("VARCHAR[]", "JSON[]", "JSON"),
    value="try_cast({} as varchar[])",
    value_type="varchar[]",
    meaning="a list of texts",
)
TIME = Kind(
    json="varchar",
    page=(_UTC,),
    flipped="try_cast({} as timestamptz) is null",
    fits=_is_time,
    expected="an ISO 8601 time",
    types=("TIMESTAMP", "DATE", "VARCHAR"),
    value=_UTC,
    value_type="timestamp",
    meaning="a time as ISO 8601, UTC",
)
WHOLE = Kind(
    json="json",
    page=("try_cast({} as bigint)",),
    number="{}",
    fits=_is_integer,
    expected="a whole number",
    types=_NUMBERS,  # a column with gaps is written as DOUBLE by many tools
    value="case when {} = floor({}) and {} >= 0 then try_cast({} as bigint) end",
    value_type="bigint",
    meaning="a whole number, not negative",
)
TOTAL = Kind(
    json="struct(total json)",
    page=("try_cast({}.total as bigint)",),
    number="{}.total",
    fits=_has_total,
    expected="an object whose total is a whole number",
    types=_OBJECTS,
    value="try_cast(json_extract_string(try_cast({} as json), '$.total') as bigint)",
    value_type="bigint",
    meaning="an object whose total is a whole number",
)
NUMBER = Kind(
    json="json",
    page=("try_cast({} as double)",),
    flipped="try_cast({} as double) is null",
    fits=lambda v: type(v) in (int, float),
    expected="a number",
    types=_NUMBERS,
    value="try_cast({} as double)",
    value_type="double",
    meaning="a number",
)
GATE = Kind(
    json="json",
    page=("""case trim({}, '"') when 'true' then 'yes' else trim({}, '"') end""",),
    flipped="""{} not in ('false', 'true', '"auto"', '"manual"')""",
    fits=lambda v: v in (False, True, "auto", "manual"),
    expected="false, auto or manual",
    types=("BOOLEAN", "VARCHAR", "JSON"),
    value="""case lower(trim(cast({} as varchar), '"')) when 'true' then 'yes' when 'false' then 'false' """
    "when 'auto' then 'auto' when 'manual' then 'manual' end",
    value_type="varchar",
    meaning="false, true, auto or manual",
)
FLAG = Kind(
    json="json",
    page=("coalesce({} = 'true', false)",),
    flipped="{} not in ('true', 'false')",
    fits=lambda v: isinstance(v, bool),
    expected="true or false",
    types=("BOOLEAN", "VARCHAR"),
    value="try_cast({} as boolean)",
    value_type="boolean",
    meaning="true or false",
    file=("coalesce({}, false)",),
)
PARENTS = Kind(
    json="struct(relation varchar, models struct(id varchar)[])",
    page=("{}.relation", "list_transform({}.models, lambda m: m.id)"),
    fits=lambda v: isinstance(v, dict),
    expected="an object",
    types=_OBJECTS,
    value="case when json_type(try_cast({} as json)) = 'OBJECT' then try_cast({} as json) end",
    value_type="json",
    meaning="an object with relation and models",
    file=("json_extract_string({}, '$.relation')", "nullif(json_extract_string({}, '$.models[*].id'), [])"),
)

FIELDS = (
    Field("_id", ("hub_id",), HUB_ID, is_asked=False, is_required=True),
    Field("id", ("repo_id",), REPOSITORY, is_asked=False, is_required=True),
    Field("author", ("publisher",), ACCOUNT),
    Field("createdAt", ("created_at",), TIME, is_required=True),
    Field("lastModified", ("last_modified",), TIME),
    Field("downloads", ("downloads_30d",), WHOLE, has_zero_for_null=True),
    Field("downloadsAllTime", ("downloads_all_time",), WHOLE, has_zero_for_null=True),
    Field("likes", ("likes",), WHOLE, has_zero_for_null=True),
    Field("usedStorage", ("used_storage_bytes",), WHOLE, "weights"),
    Field("safetensors", ("safetensors_parameters",), TOTAL, "weights"),
    Field("gguf", ("gguf_parameters",), TOTAL, "weights"),
    Field("trendingScore", ("trending_score",), NUMBER),
    Field("gated", ("gated",), GATE, "access"),
    Field("tags", ("tags",), TEXTS, "cards"),
    Field("library_name", ("library_name",), TEXT, "cards"),
    Field("pipeline_tag", ("pipeline_tag",), TEXT, "cards"),
    Field("baseModels", ("base_relation", "base_models"), PARENTS, "lineage"),
    Field("private", ("is_private",), FLAG),
)
BY_NAME = {field.name: field for field in FIELDS}
# no cardData, config, siblings: 10 to 50 times the bytes
EXPAND = tuple(sorted(field.name for field in FIELDS if field.is_asked))


def of_group(group: str) -> list[str]:
    """The fields that are evidence of an attribute group: half of them would end what other days say."""
    return [field.name for field in FIELDS if field.group == group]


def in_place(sql: str, read: str) -> str:
    """The SQL of a kind with what is read in its place."""
    return sql.replace("{}", read)


def quoted(name: str) -> str:
    """A field's name as SQL."""
    return f'"{name}"'


def read_value(field: Field) -> str:
    """A field of a file as SQL, NULL where its value does not fit."""
    return in_place(field.kind.value, quoted(field.name))
