"""What DuckDB and Spark read both and mean differently, found in sql/ by `make lint`.

Belongs here: each such construct, what differs, and what to write instead.
Does not belong here: what one of them refuses, which `make test-engines` says, and style (sqlfluff).
"""

import re
import sys
from pathlib import Path

from dagster_project.lib.checkout import SQL
from tests.sql.layers import NO_SQL

# macros of engine.sql, and those that only DuckDB carries out
OF_ONE_ENGINE = (
    "engine.sql", "engine_cases.sql", "build_window.sql", "renewed_models.sql", "materializations.sql",
    "lake.sql",
)  # fmt: skip
DATES = r"date_trunc|date_diff|datediff|date_part|extract|week|weekofyear|dayofweek|dayofyear"
DIFFERENT = {
    r"round\(": "half a unit goes up, to even, or by its binary value; write rounded() or rounded_text()",
    r"(arg_max|arg_min|max_by|min_by)\(": "NULL values count or not; write value_at_greatest()",
    r"(list|array_agg|collect_list|collect_set)\(": "NULL is an element or not; write array_in_order()",
    r"regexp_\w+\(": "the first place or every one is replaced; write matches(), replaced() or extracted()",
    r"(hash|md5|sha1|sha256)\(": "each has its own, and Spark's leaves NULL out; write hash_of()",
    rf"({DATES})\(": "weeks and parts of a date are counted differently; write days_between(), week_start()",
    r"(strftime|strptime|date_format|to_char)\(": "patterns differ; write clock_of(), time_text()",
    r"concat\(": "DuckDB leaves NULL out, Spark's whole is NULL; write ||",
    r"[lr]?trim\([^()]*,": "Spark takes what is to go first; write replaced()",
    r"log\(": "DuckDB's is of base 10, Spark's natural; write ln() or log10()",
    r"(first|last|any_value|mode|approx_\w+|random|rand|now)\(|\bcurrent_(date|timestamp)\b":
        "it comes out differently each time; say which row",
    r"(generate_series|range|sequence|unnest|explode)\(":
        "Spark counts down from 1 to 0; write numbers(), each_day() or each_element()",
    r"(timezone|to_utc_timestamp)\(|\bat time zone\b": "times have a zone or none; write utc_of()",
    r"(json_\w+|from_json|get_json_object)\(": "large integers become floats; read JSON where it is loaded",
    r"(quantile\w*|percentile\w*)\(": "a quantile is a value or lies between two; write median_of()",
    r"cast\((?:(?! as ).)*? as (bigint|integer|int)\)":
        "DuckDB rounds a fraction, Spark cuts it off; write whole_number()",
}  # fmt: skip
# casts to whole numbers of what has no fraction: constants, conditions, floor, ceiling
_WHOLE = re.compile(
    r"cast\(\s*(null|-?\d+|floor\(.*|ceil\(.*|case when .* then \d else \d end|[\w.]*is_\w+|.* (=|<>) .*)"
    r" as \w+\)"
)
# never NULL, by their contracts or the tests of their grain: ascending, DuckDB puts NULL last and Spark first
NEVER_NULL = {
    "snapshot_date", "activity_date", "session_date", "first_date", "valid_from", "held_from", "first_seen",
    "week", "day", "family", "symbol", "country", "company", "publisher", "model", "name", "event_id",
    "member", "precedence", "last_date", "session_number", "relative_session", "first_model", "is_guess",
    "number", "position",
}  # fmt: skip
_ORDERED = re.compile(r"(?:over|as)\s*\((?:\s*partition by[^()]*?)?\s*order by ([^()]*)\)")
_DECIMAL = re.compile(r"[-+*/]\s*\d+\.\d+(?![\de])|(?<![\w.])\d+\.\d+\s*[-+*/]")
_BESIDE_ARITHMETIC = re.compile(r"\|\|\s*[\w.]+(\(\S*\))?\s*[-+*/]\s|\s[-+*/]\s*[\w.]+(\(\S*\))?\s*\|\|")


def silent_differences(code: str) -> list[tuple[int, str]]:
    """Lines of SQL with Jinja, each with what differs there; what is in comments and macros is left out."""
    # as long as before, so that lines stay
    text = NO_SQL.sub(
        lambda found: re.sub(r"[^\n]", "x", found[0]) if found[0][0] != "-" else "", code.lower()
    )
    found = []
    for pattern, said in DIFFERENT.items():
        for match in re.finditer(rf"\b(?:{pattern})", text, re.DOTALL):
            if not _WHOLE.fullmatch(" ".join(match[0].split())):
                found.append((match.start(), f"{match[0].split('(')[0]}: {said}"))
    for match in _ORDERED.finditer(text):
        for column in re.sub(r"\b(rows|range) .*", "", match[1], flags=re.DOTALL).split(","):
            name = column.split()[0].split(".")[-1] if column.split() else ""
            if (
                name
                and not re.search(r"\b(desc|nulls|is null|is not null)\b", column)
                and name not in NEVER_NULL
            ):
                said = "ascending, NULL comes last or first; write nulls last, or list it in NEVER_NULL"
                found.append((match.start(), f"order by {name}: {said}"))
    for match in _DECIMAL.finditer(text):
        said = "a decimal, whose quotient Spark rounds as one; write 1e0"
        found.append((match.start(), f"{match[0].strip()}: {said}"))
    for match in _BESIDE_ARITHMETIC.finditer(text):
        found.append((match.start(), "|| beside arithmetic: which comes first differs; put it in brackets"))
    return sorted((text.count("\n", 0, start) + 1, said) for start, said in found)


def faults(folder: Path = SQL) -> list[str]:
    """What is silently different in the models and macros, with its file and line."""
    files = [*folder.glob("models/**/*.sql"), *folder.glob("macros/*.sql")]
    return [
        f"sql/{path.relative_to(folder)}:{line}: {said}"
        for path in sorted(files)
        if path.name not in OF_ONE_ENGINE
        for line, said in silent_differences(path.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    if found := faults():
        sys.exit("\n".join(found))
