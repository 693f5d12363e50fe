"""Open against closed as SQL, on figures small enough to work out by hand.

Belongs here: token shares and their bounds, classes, indices of installs, the channels side by side.
Does not belong here: fetching (test_tokens, test_installs, test_model_catalogue) and the formulas of a
single model (dbt unit tests beside the models).
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.lib.seeds import tables as seeds
from dagster_project.lib.settings import Settings
from tests.worlds.warehouse import Template, Warehouse

FIRST = date(2026, 1, 1)
BEYOND = 2**53 + 1  # the first whole number that a double does not have
CLOSED, OPEN, UNKNOWN = "anthropic/claude-sonnet-4.5", "openai/gpt-oss-20b", "stealth/quiet-fox"
USUAL = {CLOSED: 50, OPEN: 30, UNKNOWN: 5, "other": 15}
MODELS = ("+fct_open_vs_closed_daily", "+fct_token_vintages", "+dim_api_models", "+fct_sdk_installs_daily",
          "+fct_sdk_index_weekly", "+about_sources")  # fmt: skip

FINDINGS = ("an_unclassified_model_in_the_top_ten_is_a_finding", "a_source_that_failed_is_a_finding")


class Figures(Warehouse):
    """A warehouse with the shipped seeds, whose sources say what a test writes."""

    def state_tokens(self, day: date, tokens: dict[str, int], at: date | None = None) -> None:
        """Tokens of a day as they were stated on the morning of `at`, the day after if nothing is said."""
        fetched = datetime.combine(at or day + timedelta(1), time(6))
        self.connection.executemany(
            "insert into raw.openrouter_tokens values (?, ?, ?, ?, ?, null)",
            [(fetched, fetched - timedelta(hours=4), day, slug, str(n)) for slug, n in tokens.items()],
        )

    def fetch(self, table: str, snapshot: date, item: str, status: str, detail: str | None = None) -> None:
        at = datetime.combine(snapshot, time(6))
        self.insert(f"raw.{table}", snapshot_date=snapshot, item=item, status=status, detail=detail,
                    as_of=at if status == "ok" else None, new_rows=0, fetched_at=at)  # fmt: skip

    def count_installs(self, registry: str, package: str, first: date, *downloads: int) -> None:
        at = datetime.combine(first + timedelta(len(downloads)), time(6))
        self.connection.executemany(
            f"insert into raw.{registry}_installs values (?, ?, ?, ?)",
            [(package, first + timedelta(n), at, count) for n, count in enumerate(downloads)],
        )


@pytest.fixture(scope="module")
def figures(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """Tokens of January: the 10th is missing, the 18th has no `other`, the 5th was restated; a fetch without
    a key on the 25th. Installs of three weeks: the second doubles, in the third npm lost a day.
    """
    folder = tmp_path_factory.mktemp("figures")
    made = Figures(folder, template)
    for number in range(20):
        day = FIRST + timedelta(number)
        if day.day == 10:
            continue
        usual = {slug: n for slug, n in USUAL.items() if slug != "other" or day.day != 18}
        made.state_tokens(day, usual)
    made.state_tokens(date(2026, 1, 5), {**USUAL, OPEN: 60}, at=date(2026, 1, 7))
    made.state_tokens(date(2026, 1, 5), {**USUAL, OPEN: -1}, at=date(2026, 1, 8))
    made.execute("update raw.openrouter_tokens set total_tokens = null where total_tokens < 0")
    made.state_tokens(date(2026, 1, 30), {CLOSED: BEYOND, OPEN: BEYOND, "other": BEYOND})
    made.state_tokens(date(2026, 1, 31), USUAL)
    made.fetch("openrouter_fetches", date(2026, 1, 25), "w", "no_key", "OPENROUTER_API_KEY is not set")
    for row in seeds.read_seed(seeds.SDK_PACKAGES, Settings(home=folder)):
        registry, package = str(row["registry"]), str(row["package"])
        factor = {"open": 2, "closed": 1, "both_ways": 4}[str(row["basket"])]
        third = [100] * 6 + [0 if registry == "npm" else 100]
        made.count_installs(registry, package, date(2026, 1, 5), *[100] * 7, *[100 * factor] * 7, *third)
    made.build(*MODELS)
    made.dbt("test", "--select", *FINDINGS, "--store-failures")
    return made


def shares(figures: Figures, day: int, segment: str = "open") -> tuple[Any, ...]:
    return figures.execute(
        "select point, lower_bound, upper_bound, coverage, reason from marts.fct_token_share_daily "
        "where share_date = ? and segment = ? and includes_free",
        [date(2026, 1, day), segment],
    )[0]


def test_a_week_of_tokens_gives_a_share_between_its_bounds(figures: Figures) -> None:
    """A week of 30 open, 50 closed, 5 unknown and 15 other, one of its days with 60 open.

    Open 7 × 30 + 30 = 240; known 240 + 350 = 590; all 730.
    """
    point, lower, upper, coverage, reason = shares(figures, 8)
    assert (point, lower, upper) == pytest.approx((240 / 590, 240 / 730, (730 - 350) / 730))
    assert (coverage, reason) == (pytest.approx(590 / 730), None)


def test_an_unclassified_model_in_the_top_ten_only_widens_the_bounds(figures: Figures) -> None:
    assert figures.execute(
        "select distinct api_class, decided_by, evidence from marts.dim_api_models where model_permaslug = ?",
        [UNKNOWN],
    ) == [("unknown", None, "nothing says whether the weights are public")]
    _, lower, upper, coverage, _ = shares(figures, 8)
    assert upper - lower == pytest.approx(1 - coverage)


def test_an_unclassified_model_in_the_top_ten_is_named_by_the_build(figures: Figures) -> None:
    found = figures.execute(f"select model_permaslug, place from dbt_test__audit.{FINDINGS[0]}")
    assert found == [(UNKNOWN, 3)]


def test_a_source_that_failed_last_is_named_by_the_build(figures: Figures) -> None:
    found = figures.execute(f"select data_source, statuses from dbt_test__audit.{FINDINGS[1]}")
    assert found == [("openrouter_tokens", "no_key")]


def test_a_missing_date_leaves_no_share_in_seven_windows_and_is_named(figures: Figures) -> None:
    for day in range(10, 17):
        assert shares(figures, day) == (None, None, None, None, "no tokens of 2026-01-10")
    assert shares(figures, 17)[4] is None


def test_a_missing_other_leaves_no_share_and_is_named(figures: Figures) -> None:
    assert shares(figures, 18) == (None, None, None, None, "no row `other` on 2026-01-18")


def test_the_first_days_say_what_their_windows_lack(figures: Figures) -> None:
    assert shares(figures, 1)[4] == "no tokens of " + ", ".join(f"2025-12-{d}" for d in range(26, 32))


def test_a_reader_finds_the_missing_key_in_both_marts(figures: Figures) -> None:
    _, lower, _, _, reason = shares(figures, 24)
    assert lower is None and "OPENROUTER_API_KEY is not set" in reason
    row = figures.execute(
        "select value, lower_bound, reason from marts.fct_open_vs_closed_daily "
        "where channel = 'tokens' and activity_date = date '2026-01-24'"
    )
    assert row == [(None, None, reason)]


def test_tokens_are_summed_exactly_beyond_what_a_double_holds(figures: Figures) -> None:
    total = figures.execute(
        "select total_tokens from marts.fct_token_vintages where token_date = date '2026-01-30'"
    )
    assert total == [(Decimal(3 * BEYOND),)]
    assert int(float(3 * BEYOND)) != 3 * BEYOND


def test_a_restated_day_keeps_what_it_was_and_one_that_cannot_be_used_counts_for_nothing(
    figures: Figures,
) -> None:
    stated = figures.execute(
        "select as_of, open_tokens, is_used, reason from marts.fct_token_vintages "
        "where token_date = date '2026-01-05' order by as_of"
    )
    assert [(as_of.day, tokens, used) for as_of, tokens, used, _ in stated] == [
        (6, 30, False), (7, 60, True), (8, None, False),
    ]  # fmt: skip
    assert stated[2][3] == "1 rows are no number of tokens"


def test_a_zero_day_is_a_missing_day(figures: Figures) -> None:
    lost = figures.execute(
        "select registry, installs, is_missing, reason from marts.fct_sdk_installs_daily "
        "where package = 'ollama' and install_date = date '2026-01-25' order by registry"
    )
    assert [row[:3] for row in lost] == [("pypi", 100, False)], "the newest day of npm is the day before"
    week = figures.execute(
        "select installs, installs_index, reason from marts.fct_sdk_index_weekly "
        "where week_start = date '2026-01-19' and level = 'package' and registry = 'npm' "
        "and package = 'ollama'"
    )
    assert week == [(None, None, "only 6 days of the week are counted")]


def test_indices_are_geometric_means_against_the_base_week(figures: Figures) -> None:
    rows = figures.execute(
        "select basket, week_start, installs_index from marts.fct_sdk_index_weekly "
        "where level = 'basket' and registry = 'all' and week_start < date '2026-01-19' order by all"
    )
    assert [(basket, week.day, pytest.approx(index)) for basket, week, index in rows] == [
        ("both_ways", 5, 100), ("both_ways", 12, 400), ("closed", 5, 100), ("closed", 12, 100),
        ("open", 5, 100), ("open", 12, 200),
    ]  # fmt: skip
    incomplete = figures.execute(
        "select reason from marts.fct_sdk_index_weekly where level = 'basket' and basket = 'open' "
        "and week_start = date '2026-01-19' and registry = 'all'"
    )
    assert incomplete == [("only 5 of 7 packages have a complete week",)]


def test_what_works_both_ways_gives_the_bounds_of_the_index(figures: Figures) -> None:
    """Seven open packages at 200, four closed at 100, two both ways at 400.

    In neither: 200. In the open basket: (200^7 × 400^2)^(1/9) = 200 × 2^(2/9). In the closed one:
    200 ÷ 4^(2/6).
    """
    row = figures.execute(
        "select value, lower_bound, upper_bound, reason from marts.fct_open_vs_closed_daily "
        "where channel = 'sdk_installs' and activity_date = date '2026-01-20'"
    )
    assert row == [
        (pytest.approx(200), pytest.approx(200 / 4 ** (1 / 3)), pytest.approx(200 * 2 ** (2 / 9)), None)
    ]


def test_every_day_has_a_row_of_each_channel_and_a_reason_where_it_has_no_value(figures: Figures) -> None:
    days, rows, silent = figures.execute(
        "select count(distinct activity_date), count(*), "
        "count(*) filter (where value is null and reason is null) from marts.fct_open_vs_closed_daily"
    )[0]
    assert days > 25 and rows == 4 * days and silent == 0


def test_a_country_has_bounds_of_its_own(figures: Figures) -> None:
    point, lower, upper, _, _ = shares(figures, 8, "United States")
    assert (point, lower, upper) == pytest.approx((1.0, 590 / 730, 1.0))
    assert shares(figures, 8, "China")[:2] == (0.0, 0.0)


CELLS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(("open", "closed", "unknown")),
        st.sampled_from(("China", "United States", "Europe", "rest", "unknown")),
        st.booleans(),
        st.integers(0, 2**70),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def share_sql(figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model's own SQL over a copy of the warehouse, to be asked for cells of one week."""
    connection = figures.copied_to(tmp_path_factory.mktemp("shares")).connection
    sql = figures.sql("fct_token_share_daily")

    def ask(cells: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[float | None, ...]]:
        at = datetime(2026, 3, 8, 6)
        last = date(2026, 3, 7)
        for table in ("cells", "vintages", "windows"):
            connection.execute(f"delete from intermediate.int_tokens__{table}")
        connection.execute(
            "insert into intermediate.int_tokens__windows by name "
            "select cast(? as date) as share_date, 7 as days, null as reason, "
            "cast(? as timestamp) as as_of",
            [last, at],
        )
        for number in range(7):
            connection.execute(
                "insert into intermediate.int_tokens__vintages by name select cast(? as date) "
                "as token_date, cast(? as timestamp) as fetched_at, true as is_used",
                [last - timedelta(number), at],
            )
        for number, api_class, country, is_free, tokens, _ in cells:
            connection.execute(
                "insert into intermediate.int_tokens__cells by name select cast(? as date) "
                "as token_date, cast(? as timestamp) as fetched_at, ? as api_class, "
                "? as country_group, cast(? as boolean) as is_free, "
                "cast(? as decimal(38, 0)) as tokens",
                [last - timedelta(number), at, api_class, country, is_free, str(tokens)],
            )
        rows = connection.execute(
            f"select segment_kind, segment, includes_free, point, lower_bound, upper_bound from ({sql})"
        ).fetchall()
        return {row[:3]: row[3:] for row in rows}

    return ask


@given(cells=CELLS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_point_lies_between_its_bounds_and_unknown_models_only_widen_them(
    share_sql: Any, cells: list[tuple[Any, ...]]
) -> None:
    known = share_sql(cells)
    blurred = [(*c[:1], "unknown", "unknown", *c[3:]) if c[5] else c for c in cells]
    less_known = share_sql(blurred)
    assert len(known) == len(less_known) == 12
    for key, (point, lower, upper) in known.items():
        if lower is None:
            assert point is None and upper is None
            continue
        assert 0 <= lower <= upper <= 1
        assert point is None or lower <= point <= upper
        _, wider_lower, wider_upper = less_known[key]
        assert wider_lower <= lower and upper <= wider_upper
