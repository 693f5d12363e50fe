"""Every question of sql/analyses, and the report, asked of a published file.

Belongs here: that each query runs against the file that readers get, is short, and has an answer; that the
report finds the tables and columns it reads.
Does not belong here: whether the answers are right (test_families, test_sql_models, dbt unit tests).
"""

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.markets.sessions import load_sessions
from dagster_project.lib.publish.file import publish
from dagster_project.lib.report import documents, preview
from dagster_project.lib.report.make import SECTIONS, make_report
from dagster_project.lib.seeds import tables as seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models import project
from tests.oldest_reader import oldest_python, wrong_answers
from tests.worlds.warehouse import Template, Warehouse

SQL = Path(__file__).parents[2] / "sql"
ANALYSES = documents.analyses()
# the questions of docs/start-here.md with their queries
START_HERE = re.findall(
    r"^(\S[^\n]*\?)\n\n```sql\n(.*?)\n```", (documents.DOCS / "start-here.md").read_text(), re.S | re.M
)
FIRST = date(2026, 1, 14)
DAYS = 62  # two months, for growth over one
MAKERS = ("Qwen", "meta-llama", "mistralai", "deepseek-ai")
LICENCES = ("apache-2.0", "llama3.1", "mit", "cc-by-nc-4.0")


@pytest.fixture(scope="module")
def published(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of four makers with ten models each, two of them new, and a derivative of each model."""
    home = tmp_path_factory.mktemp("analyses")
    settings = Settings(home=home, hub_endpoint="http://127.0.0.1:9", yahoo_endpoint="http://127.0.0.1:9")
    warehouse = Warehouse(home, template)
    connection = warehouse.connection
    _write_models(connection)
    _write_days(connection)
    _write_small_sources(connection)
    load_sessions(connection, FIRST)
    _write_prices(connection)
    warehouse.build("*")
    connection.close()
    return publish(settings).path


def _write_models(connection: duckdb.DuckDBPyConnection) -> None:
    for number in range(80):
        parent = number % 40
        maker = MAKERS[parent % 4]
        publisher = maker if number < 40 else f"user-{number}"
        name = f"{publisher}/Qwen-{parent}"
        is_new = parent < 8
        created = datetime.combine(FIRST, time(12)) + timedelta(parent if is_new else -400 - parent)
        seen = FIRST + timedelta(parent + 1 if is_new else 0)
        licence = LICENCES[parent % 4] if number < 40 else "apache-2.0"
        for table, values in {
            "hub_models": (number, f"{number:024x}", created, created),
            "hub_model_cards": (number, seen, name, publisher, "transformers", "text-generation",
                                ["safetensors", f"license:{licence}"]),
            "hub_model_lineage": (number, seen, None if number < 40 else "quantized",
                                  None if number < 40 else [f"{maker}/Qwen-{parent}"]),
            "hub_model_access": (number, seen, "false"),
            "hub_model_weights": (number, seen, 10**9, 7 * 10**9, None),
        }.items():  # fmt: skip
            holes = ", ".join("?" for _ in values)
            connection.execute(f"insert into raw.{table} values ({holes})", list(values))
    changed = FIRST + timedelta(20)
    connection.execute("insert into raw.hub_model_access values (20, ?, 'auto')", [changed])
    connection.execute(
        "insert into raw.hub_model_cards select model_key, ?, repo_id, publisher, library_name, "
        "pipeline_tag, ['safetensors', 'license:mit'] from raw.hub_model_cards where model_key = 24",
        [changed],
    )


def _write_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Counts that grow by another rate for each model; number 30 is corrected downwards on one day."""
    connection.execute(
        """
        insert into raw.hub_model_counters
        select
            cast($1 as date) + cast(day as integer), c.model_key,
            cast((80 - c.model_key) * 3000 * (1 + day * (c.model_key % 7) * 0.02) as bigint),
            cast((80 - c.model_key) * 1000 * (20 + day + day * day * (c.model_key % 7) * 0.01) as bigint)
                - case when c.model_key = 30 and day >= 25 then 100000 else 0 end
                + case when c.model_key % 4 = 0 and c.model_key < 40 then 70000000 else 0 end,
            20 + c.model_key, 0
        from raw.hub_model_cards as c, range($2) as days(day)
        where c.first_seen <= cast($1 as date) + cast(day as integer)
            and c.first_seen < cast($1 as date) + 20
        """,
        [FIRST, DAYS],
    )
    connection.execute(
        """
        insert into raw.hub_snapshots by name
        select
            snapshot_date, 'top' as scope, 'top-80-x' as scope_id, 1 as pages, count(*) as row_count,
            true as is_complete, true as is_accepted, []::varchar[] as reasons, []::varchar[] as lacks,
            'observed' as provenance, 'synthetic' as origin,
            cast(snapshot_date as timestamp) + interval 6 hours as captured_at,
            'load-' || snapshot_date as load_id
        from raw.hub_model_counters group by snapshot_date
        """
    )


def _write_small_sources(connection: duckdb.DuckDBPyConnection) -> None:
    """Tokens of the last ten days, stated twice, offers of one open and one closed model, installs."""
    last = FIRST + timedelta(DAYS - 1)
    for said in (1, 2):
        connection.execute(
            "insert into raw.openrouter_tokens select cast($1 as timestamp) + $2 * interval 1 day, "
            "cast($1 as timestamp) + $2 * interval 1 day, cast($1 as date) - cast(day as integer), slug, "
            "1000 * $2 + tokens, null from range(10) as days(day), "
            "(values ('anthropic/claude-x', 50), ('openai/gpt-oss-20b', 30), ('other', 5)) "
            "as models(slug, tokens)",
            [last, said],
        )
    connection.execute(
        "insert into raw.models_dev_catalogue values ('a', 'open-one', $1, true, 'o', true, $1, 1, 2, 9), "
        "('a', 'closed-one', $1, true, 'c', false, $1, 3, 4, 9)",
        [FIRST],
    )
    for table, item in (("models_dev", "api.json"), ("openrouter", "window"), ("npm", "x"), ("pypi", "x")):
        connection.execute(
            f"insert into raw.{table}_fetches by name select cast($1 as date) + cast(day as integer) "
            "as snapshot_date, $2 as item, 'ok' as status, 0 as new_rows, "
            "cast($1 as timestamp) + day * interval 1 day as as_of from range($3) as days(day)",
            [FIRST, item, DAYS],
        )
    for registry in ("npm", "pypi"):
        connection.execute(
            f"insert into raw.{registry}_installs select package, cast($1 as date) - 10 "
            "+ cast(day as integer), cast($1 as timestamp) + $3 * interval 1 day, 100 + day "
            "from seeds.sdk_packages, range($3) as days(day) where registry = $2",
            [FIRST, registry, DAYS],
        )


def _write_prices(connection: duckdb.DuckDBPyConnection) -> None:
    """Ten months of BABA, its factors and its peers: chance that a day's and a symbol's name decide."""
    connection.execute(
        """
        insert into raw.price_bars by name
        select
            symbol, 1 as vintage, session_date, 100.0 as close,
            100 * exp(sum(
                (cast(md5_number_lower(day_name) % 1000 + md5_number_lower(name) % 1000 as bigint) - 999)
                / 50000.0
            ) over (partition by symbol order by session_date)) as adj_close
        from (
            select symbol, session_date, exchange || session_date as day_name, symbol || session_date as name
            from raw.exchange_sessions inner join seeds.companies using (exchange)
            where session_date between date '2025-04-01' and date '2026-01-30'
                and symbol in ('BABA', 'SPY', 'KWEB', 'JD', 'PDD', 'BIDU', '0700.HK')
        )
        """
    )


def test_the_700_million_news_has_a_verdict_under_each_model(published: Path) -> None:
    text = (SQL / "analyses" / "10_what_did_the_news_do_to_a_share.sql").read_text()
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(text).df()
    rows = rows[rows["event_id"] != "qwen-700m"]  # our own count's crossing, which these days have too
    assert set(rows["event_id"]) == {"qwen-700m-aibase", "qwen-700m-scmp", "qwen-700m-xinhua"}
    assert list(rows["model"]) == ["market", "market_peers", "market_sector"] * 3
    assert set(rows["verdict"]) <= {"distinguishable", "not distinguishable"}
    assert rows[["car_pct", "scar", "placebo_p", "price_vintage"]].notna().all(axis=None)
    assert rows["confounders"].str.contains("2026-01-12").sum() == 6  # the windows of the 9th and the 12th


def test_who_grows_fastest_is_one_of_the_forty_most_downloaded(tmp_path: Path) -> None:
    """As in the report: the 41st grew by 900 %, and a handful of requests does that."""
    text = (SQL / "analyses" / "2_who_grows_fastest.sql").read_text()
    with duckdb.connect() as connection:
        connection.execute(
            "create table fct_family_growth_daily as select date '2026-02-26' as activity_date, "
            "'family' as kind, 'family-' || n as name, 10_000 - n as downloads_30d, 30.0 as doubling_days, "
            "case when n > 40 then 9.0 else 0.01 * n end as growth_7d_vs_prior_21d, "
            "null::double as growth_30d, null::double as growth_90d from range(1, 60) as r(n)"
        )
        connection.execute(
            "create table fct_model_growth_daily as select date '2026-02-26' as activity_date, "
            "'a/b' as repo_id, 1 as rank_downloads_30d, 0 as rank_change_7d, 30.0 as doubling_days, "
            "1 as downloads_30d"
        )
        named = [row[2] for row in connection.execute(text).fetchall() if row[1] == "family"]
    assert named == [f"family-{number}" for number in range(40, 30, -1)]


def test_used_is_the_same_thing_in_the_report_and_in_its_analysis(published: Path) -> None:
    """Requests of the trailing 30 days by lineage."""
    asked = (SQL / "analyses" / "5_used_adapted_replicated.sql").read_text()
    shown = (SQL / "report" / "used_adapted_replicated.sql").read_text()
    with duckdb.connect(str(published), read_only=True) as connection:
        answers = connection.execute(asked).df()
        in_report = connection.execute(shown).df()
    newest = answers[answers["activity_date"] == answers["activity_date"].max()].set_index("family")["used"]
    assert dict(newest.round()) == dict(in_report.set_index("family")["used"].round())


def test_there_is_one_query_for_each_question() -> None:
    numbers = sorted(int(path.name.split("_")[0]) for path in ANALYSES)
    assert numbers == list(range(1, len(ANALYSES) + 1))


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_a_question_has_a_short_query_and_an_answer(path: Path, published: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 25
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute(text).fetchall()


def test_the_oldest_duckdb_that_is_promised_answers_every_question_and_reads_every_table(
    published: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also what the report shows as the SQL behind its charts, and each table as Parquet."""
    python = oldest_python(tmp_path_factory.mktemp("oldest"))
    if python is None:
        pytest.skip("pip could not install the oldest DuckDB: no package index")
    parquet = published.parent / "parquet"
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from about_tables").fetchall()]
    queries = {f"question {path.stem}": path.read_text() for path in ANALYSES}
    queries |= {f"report {path.stem}": path.read_text() for path in (SQL / "report").glob("*.sql")}
    queries |= {f"question {text}": query for text, query in START_HERE}
    queries |= {f"view {name}": f"from {name}" for name in documents.TOPICS["Start here"]}
    for table in tables:
        files = f"{parquet}/{table}/*.parquet" if (parquet / table).is_dir() else f"{parquet}/{table}.parquet"
        queries |= {f"table {table}": f"from {table}", f"Parquet of {table}": f"from '{files}'"}
    assert wrong_answers(python, published, queries) == {}


@pytest.mark.parametrize("question", START_HERE, ids=lambda question: question[0])
def test_a_journalists_question_is_answered_by_one_short_query(
    question: tuple[str, str], published: Path
) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute(question[1]).fetchall()
    assert len(question[1].splitlines()) <= 5


def test_a_view_of_the_newest_day_has_one_date_and_says_how_sure_it_is(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        views = connection.execute(
            "select view_name, list(column_name), count(*) filter (data_type = 'DATE') "
            "from duckdb_views() as views join duckdb_columns() as columns on table_name = view_name "
            "where not views.internal group by view_name order by view_name"
        ).fetchall()
        for name, columns, dates in views:
            assert dates == 1 and {"as_of", "how_sure"} <= set(columns), name
            # of the newest day, so none of its days is later than that of the file
            assert connection.execute(f"select count(how_sure) = count(*) from {name}").fetchall() == [
                (True,)
            ]
    assert [name for name, *_ in views] == sorted(documents.TOPICS["Start here"])


def test_the_page_of_queries_shows_every_query_as_it_is(published: Path) -> None:
    """Its answers are the demo's; `make docs` writes them."""
    page = (documents.DOCS / "queries.md").read_text()
    generated = documents.queries(published)
    for path in ANALYSES:
        section = f"`sql/analyses/{path.name}`\n\n```sql\n{path.read_text().strip()}\n```\n\n| "
        assert section in page, f"{path.name}: type `make docs`"
        assert section in generated
    assert page.count("\n## ") == len(ANALYSES)


def test_the_page_of_metrics_is_what_the_descriptions_say() -> None:
    assert (documents.DOCS / "metrics.md").read_text() == documents.metrics(), "type `make docs`"


def test_the_page_of_metrics_has_a_section_for_every_published_table(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute("select table_name from about_tables").fetchall()
    page = documents.metrics()
    assert [table for (table,) in tables if f"\n## {table}\n" not in page] == []


@pytest.mark.parametrize("mart", project.marts().values(), ids=lambda mart: mart.name)
def test_a_mart_has_a_preview_that_its_table_can_answer(mart: project.Mart, published: Path) -> None:
    """In the published file marts have no schema of their own; in the warehouse they do."""
    warehouse = published.parents[1] / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        made = preview.of_mart(connection, f"marts.{mart.name}", mart.preview)
        (rows,) = connection.execute(f"select count(*) from marts.{mart.name}").fetchall()[0]
    assert "cannot be made" not in made.markdown
    if rows and mart.preview:
        assert ("data:image/svg+xml;base64," in made.markdown) == bool(made.figures)


def test_the_report_finds_every_table_and_column_that_it_reads(published: Path) -> None:
    """No section fails, and only those whose tables are not among the models lack one."""
    made = make_report(Settings(home=published.parents[1]))
    assert made.failed == {}
    models = {path.stem for path in (SQL / "models" / "marts").glob("*.sql")}
    for section in SECTIONS:
        unknown = set(section.tables) - models - {seed.name for seed in seeds.ALL_SEEDS}
        assert ("has no table" in made.empty.get(section.key, "")) == bool(unknown), section.key
    assert set(made.drawn) >= {
        "claim",
        "families",
        "changes",
        "growth",
        "reuse",
        "openness",
        "countries",
        "days",
    }
