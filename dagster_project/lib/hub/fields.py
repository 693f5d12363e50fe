"""What we ask the Hub of a model: each field once, from its name there to the columns that it fills here.

Belongs here: how a field is spelt in a page of the listing and in a file, the types and the SQL that read it,
and which values of it can be.
Does not belong here: reading pages (page_columns, read_pages) and files (read_files), what becomes of values
that cannot be (odd_values), and what the columns mean (sql/models/staging/_raw__sources.yml).

A new field is a line of FIELDS, with one of the kinds above it, and a column there.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

# more of anything than there can be: the greatest models have 10^13 parameters, the whole Hub has seen 10^12
# downloads, and no sum over a day comes near the end of a bigint. One of 10,289 models listed on
# 19 August 2026 says that it has 1,202,590,842,880,000 parameters, in 60 GB
LARGEST = 10**15 - 1
FIRST_YEAR, LAST_YEAR = 2000, 2099
# letters, digits, hyphens, underscores and dots, but not dots and hyphens alone, which are a path or nothing
ACCOUNT_NAME = "[.-]*[0-9A-Za-z_][0-9A-Za-z_.-]*"
REPOSITORY_ID = f"{ACCOUNT_NAME}(?:/{ACCOUNT_NAME})?"


class Exact(NamedTuple):
    """SQL that says the same of a column with less work, if the name of its type fits the pattern."""

    pattern: str
    value: str
    silent: str
    file: tuple[str, ...]


class Kind(NamedTuple):
    """What a field may hold, and how it is read; `{}` in the SQL stands for what is read.

    Of a page: its type for msgspec, which refuses any other, and a `pattern` of its texts. Nearly every value
    that can be passes; of a page with other ones `kept` decides: it returns a value as the reader shall find
    it, and raises ValueError if it cannot be.
    Of a file: its types as DuckDB names them, the SQL of what a column of JSON holds (JSON lines whose types
    differ), the SQL of the value, NULL where it cannot be, the value's type, the SQL of each column from the
    value, and of what says nothing (`silent`).
    """

    typed: Any
    kept: Callable[[Any], Any]
    types: tuple[str, ...]
    value: str
    value_type: str
    meaning: str
    pattern: str = ""
    file: tuple[str, ...] = ("{}",)
    of_json: str = "{}"
    silent: str = "{} is null"
    exact: Exact | None = None

    def of_type(self, column_type: str) -> "Kind":
        """How a file's column of this type is read."""
        if self.exact is None or not re.fullmatch(self.exact.pattern, column_type):
            return self
        return self._replace(value=self.exact.value, silent=self.exact.silent, file=self.exact.file)


class Field(NamedTuple):
    """A field of the listing, and the columns of a day's rows that are made of it.

    `group` is the attribute group that it is evidence of, `is_asked` says that it comes only where `expand`
    names it, `is_required` that each item has it, `is_needed` that an item is left out whose value cannot be,
    `is_owners` that the repository's owner has a say in it, and `has_zero_for_null` that a file may say 0 for
    unknown.
    """

    name: str
    columns: tuple[str, ...]
    kind: Kind
    group: str = ""
    is_asked: bool = True
    is_required: bool = False
    is_needed: bool = False
    is_owners: bool = False
    has_zero_for_null: bool = False


def in_place(sql: str, read: str) -> str:
    """The SQL of a kind with what is read in its place."""
    return sql.replace("{}", read)


def quoted(name: str) -> str:
    """A field's name as SQL."""
    return f'"{name}"'


def _kept_if(fits: bool, value: Any) -> Any:
    if not fits:
        raise ValueError
    return value


def _text(value: Any, pattern: str = "") -> Any:
    _kept_if(isinstance(value, str) and "\0" not in value, value)  # many a program ends a text at NUL
    value.encode()  # half a surrogate pair cannot be stored
    return _kept_if(not pattern or re.fullmatch(pattern, value) is not None, value)


def _list(value: Any) -> Any:
    return _kept_if(isinstance(value, list), value)


def _texts(value: Any) -> Any:
    return [_text(one) for one in _list(value)]


def _time(value: Any) -> Any:
    moment = datetime.fromisoformat(_text(value))
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError from None
    return _kept_if(FIRST_YEAR <= moment.year <= LAST_YEAR, moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _whole(value: Any) -> Any:
    return _kept_if(type(value) is int and 0 <= value <= LARGEST, value)


def _number(value: Any) -> Any:
    return _kept_if(type(value) in (int, float) and abs(value) < LARGEST + 1, value)


def _flag(value: Any) -> Any:
    return _kept_if(isinstance(value, bool), value)


def _gate(value: Any) -> Any:
    return _kept_if(isinstance(value, bool) or value in ("auto", "manual"), value)


def _object(value: Any) -> Any:
    return _kept_if(isinstance(value, dict), value)


def _total(value: Any) -> Any:
    total = _object(value).get("total")
    return {} if total is None else {"total": _whole(total)}


def _parents(value: Any) -> Any:
    relation, models = _object(value).get("relation"), value.get("models")
    return {
        "relation": None if relation is None else _text(relation),
        "models": None if models is None else [_parent(one) for one in _list(models)],
    }


def _parent(value: Any) -> Any:
    name = None if value is None else _object(value).get("id")
    return {"id": None if name is None else _text(name, REPOSITORY_ID)}


_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
# a column with gaps is written as DOUBLE by many tools; of JSON lines that differ in type it is JSON
_NUMBERS = (*_INTEGERS, *(f"U{kind}" for kind in _INTEGERS[:4]), "DOUBLE", "FLOAT", "DECIMAL", "JSON")
_OBJECTS = ("STRUCT", "MAP", "JSON", "VARCHAR")
_JSON_TEXT = "case when json_type({}) = 'VARCHAR' then {} ->> '$' end"
_JSON_NUMBER = "case when json_type({}) in ('BIGINT', 'UBIGINT', 'DOUBLE') then try_cast({} as double) end"
_DIGITS = f"[0-9]{{1,{len(str(LARGEST))}}}"
_TIME = "try_cast({} as timestamptz) at time zone 'UTC'"
_TOTAL = "json_extract(try_cast({} as json), '$.total')"
_MEMBER = r'(?:\w+|"[^"]*") \w+(?:\([^()]*\))?(?:\[\])?'  # of a struct, with its type
_IN_STRUCT = "struct_extract({}, 'total')"
_MODELS = "struct_extract({}, 'models')"


class Total(Struct, gc=False):
    """What of an object with a total counts."""

    total: Annotated[int, Meta(ge=0, le=LARGEST)] | UnsetType | None = UNSET


class Parent(Struct, gc=False):
    """A model that another one says it is made of."""

    id: str | UnsetType | None = UNSET
    _id: Any = UNSET  # not read: counted, lest a model's own be there twice


class Parents(Struct, gc=False):
    """What a model says it is made of, and how."""

    relation: str | UnsetType | None = UNSET
    models: list[Parent | None] | UnsetType | None = UNSET


def _names(pattern: str, meaning: str) -> Kind:
    return Kind(
        typed=str,
        pattern=pattern,
        kept=partial(_text, pattern=pattern),
        types=("VARCHAR", "JSON"),
        of_json=_JSON_TEXT,
        value=f"case when regexp_full_match({{}}, '{pattern}') then {{}} end",
        value_type="varchar",
        meaning=meaning,
    )


HUB_ID = _names("[0-9a-f]{24}", "24 hexadecimal digits")
REPOSITORY = _names(REPOSITORY_ID, "a repository as publisher/name")
ACCOUNT = _names(ACCOUNT_NAME, "the name of an account")._replace(
    file=("coalesce({}, case when contains(id, '/') then split_part(id, '/', 1) end)",),
)
TEXT = Kind(
    typed=str,
    kept=_text,
    types=("VARCHAR", "JSON"),
    of_json=_JSON_TEXT,
    value="case when not contains({}, chr(0)) then {} end",
    value_type="varchar",
    meaning="a text",
)
TEXTS = Kind(
    typed=list[str],
    kept=_texts,
    types=("VARCHAR[]", "JSON[]", "JSON"),
    value="case when list_filter({}, lambda one: one is null or contains(one, chr(0))) = [] then {} end",
    value_type="varchar[]",
    meaning="a list of texts",
    of_json="case when json_type(to_json({})) = 'ARRAY' and list_filter(try_cast(to_json({}) as json[]), "
    "lambda one: json_type(one) <> 'VARCHAR') = [] then try_cast(to_json({}) as varchar[]) end",
)
TIME = Kind(
    typed=str,
    # whether there was such a day is for whoever makes a number of it
    pattern=r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z",
    kept=_time,
    types=("TIMESTAMP", "DATE", "VARCHAR", "JSON"),
    of_json=_JSON_TEXT,
    value=f"case when year({_TIME}) between {FIRST_YEAR} and {LAST_YEAR} then {_TIME} end",
    value_type="timestamp",
    meaning="a time as ISO 8601, UTC, of this century",
    exact=Exact(
        pattern="TIMESTAMP",
        value=f"case when {{}} >= timestamp '{FIRST_YEAR}-01-01' "
        f"and {{}} < timestamp '{LAST_YEAR + 1}-01-01' then {{}} end",
        silent="{} is null",
        file=("{}",),
    ),
)
WHOLE = Kind(
    typed=Annotated[int, Meta(ge=0, le=LARGEST)],
    kept=_whole,
    types=_NUMBERS,
    of_json=_JSON_NUMBER,
    value=f"case when {{}} = floor({{}}) and {{}} between 0 and {LARGEST} then try_cast({{}} as bigint) end",
    value_type="bigint",
    meaning="a whole number from 0 to 10^15",
)
TOTAL = Kind(
    typed=Total,
    kept=_total,
    types=_OBJECTS,
    value=rf"case when regexp_full_match(cast({_TOTAL} as varchar), '{_DIGITS}(?:\.0)?') "
    f"then try_cast(try_cast({_TOTAL} as double) as bigint) end",
    value_type="bigint",
    meaning="an object whose total is a whole number",
    # an object without a total is one that does not know its size
    silent="{} is null or coalesce(json_type(try_cast({} as json)) = 'OBJECT' "
    f"and coalesce(json_type({_TOTAL}), 'NULL') = 'NULL', false)",
    exact=Exact(
        pattern=rf"STRUCT\((?:{_MEMBER}, )*total (?:TINYINT|SMALLINT|INTEGER|BIGINT)(?:, {_MEMBER})*\)",
        value=f"case when {_IN_STRUCT} between 0 and {LARGEST} then cast({_IN_STRUCT} as bigint) end",
        silent=f"{_IN_STRUCT} is null",
        file=("{}",),
    ),
)
NUMBER = Kind(
    typed=Annotated[float, Meta(gt=-LARGEST - 1, lt=LARGEST + 1)],
    kept=_number,
    types=_NUMBERS,
    of_json=_JSON_NUMBER,
    value=f"case when abs({{}}) <= {LARGEST} then try_cast({{}} as double) end",
    value_type="double",
    meaning="a number",
)
GATE = Kind(
    typed=bool | Literal["auto", "manual"],
    kept=_gate,
    types=("BOOLEAN", "VARCHAR", "JSON"),
    value="""case lower(trim(cast({} as varchar), '"')) when 'true' then 'yes' when 'false' then 'false' """
    "when 'auto' then 'auto' when 'manual' then 'manual' end",
    value_type="varchar",
    meaning="false, true, auto or manual",
)
FLAG = Kind(
    typed=bool,
    kept=_flag,
    types=("BOOLEAN", "VARCHAR", "JSON"),
    of_json="case when json_type({}) = 'BOOLEAN' then try_cast({} as boolean) end",
    value="try_cast({} as boolean)",
    value_type="boolean",
    meaning="true or false",
    file=("coalesce({}, false)",),
)
PARENTS = Kind(
    typed=Parents,
    pattern=REPOSITORY_ID,
    kept=_parents,
    types=_OBJECTS,
    value="case when json_type(try_cast({} as json)) = 'OBJECT' and list_filter("
    "json_extract(try_cast({} as json), '$.models[*]'), lambda one: not coalesce("
    f"regexp_full_match(one ->> '$.id', '{REPOSITORY_ID}'), false)) = [] then try_cast({{}} as json) end",
    value_type="json",
    meaning="an object with relation and models",
    file=("json_extract_string({}, '$.relation')", "nullif(json_extract_string({}, '$.models[*].id'), [])"),
    exact=Exact(
        pattern=r"STRUCT\(relation VARCHAR, models STRUCT\((?:_id VARCHAR, )?id VARCHAR\)\[\]\)",
        value=f"case when coalesce(list_filter({_MODELS}, lambda one: not coalesce("
        f"regexp_full_match(one.id, '{REPOSITORY_ID}'), false)), []) = [] then {{}} end",
        silent="{} is null",
        file=("struct_extract({}, 'relation')", f"nullif(list_transform({_MODELS}, lambda one: one.id), [])"),
    ),
)

FIELDS = (
    Field("_id", ("hub_id",), HUB_ID, is_asked=False, is_required=True, is_needed=True),
    Field("id", ("repo_id",), REPOSITORY, is_asked=False, is_required=True, is_needed=True),
    Field("author", ("publisher",), ACCOUNT),
    Field("createdAt", ("created_at",), TIME, is_required=True),
    Field("lastModified", ("last_modified",), TIME),
    Field("downloads", ("downloads_30d",), WHOLE, has_zero_for_null=True),
    Field("downloadsAllTime", ("downloads_all_time",), WHOLE, has_zero_for_null=True),
    Field("likes", ("likes",), WHOLE, has_zero_for_null=True),
    Field("usedStorage", ("used_storage_bytes",), WHOLE, "weights"),
    Field("safetensors", ("safetensors_parameters",), TOTAL, "weights", is_owners=True),
    Field("gguf", ("gguf_parameters",), TOTAL, "weights", is_owners=True),
    Field("trendingScore", ("trending_score",), NUMBER),
    Field("gated", ("gated",), GATE, "access", is_owners=True),
    Field("tags", ("tags",), TEXTS, "cards", is_owners=True),
    Field("library_name", ("library_name",), TEXT, "cards", is_owners=True),
    Field("pipeline_tag", ("pipeline_tag",), TEXT, "cards", is_owners=True),
    Field("baseModels", ("base_relation", "base_models"), PARENTS, "lineage", is_owners=True),
    Field("private", ("is_private",), FLAG, is_needed=True),  # in doubt it is the token's owner's alone
)
BY_NAME = {field.name: field for field in FIELDS}
# no cardData, config, siblings: 10 to 50 times the bytes
EXPAND = tuple(sorted(field.name for field in FIELDS if field.is_asked))


def of_group(group: str) -> list[str]:
    """The fields that are evidence of an attribute group: half of them would end what other days say."""
    return [field.name for field in FIELDS if field.group == group]
