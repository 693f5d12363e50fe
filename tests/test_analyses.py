"""Every question of sql/analyses, asked of a published file.

Belongs here: that each query runs against the file that readers get, is short, and has an answer.
Does not belong here: whether the answers are right (test_families, test_sql_models, dbt unit tests).
"""

import os
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib import seeds
from dagster_project.lib.publish import publish
from dagster_project.lib.raw_tables import ALL_TABLES
from dagster_project.lib.sessions import load_sessions
from dagster_project.lib.settings import Settings

SQL = Path(__file__).parents[1] / "sql"
ANALYSES = sorted((SQL / "analyses").glob("*.sql"))
FIRST = date(2026, 1, 14)
DAYS = 40
MAKERS = ("Qwen", "meta-llama", "mistralai", "deepseek-ai")
LICENCES = ("apache-2.0", "llama3.1", "mit", "cc-by-nc-4.0")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty days of four makers with ten models each, two of them new, and a derivative of each model."""
    home = tmp_path_factory.mktemp("analyses")
    settings = Settings(home=home, hub_endpoint="http://127.0.0.1:9", yahoo_endpoint="http://127.0.0.1:9")
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema raw")
        connection.execute("create schema seeds")
        for table in ALL_TABLES:
            connection.execute(table.ddl())
        seeds.load_seeds(connection, settings)
        _write_models(connection)
        _write_days(connection)
        load_sessions(connection, FIRST)
        _write_prices(connection)
    # in a process of its own: dbt keeps its connection open, and publishing opens another
    subprocess.run(
        [
            sys.executable, "-m", "dbt.cli.main", "run", "--quiet",
            "--project-dir", str(SQL), "--profiles-dir", str(SQL),
            "--target-path", str(home / "target"), "--log-path", str(home / "logs"),
        ],
        env={**os.environ, "MODELTIDE_WAREHOUSE": str(settings.warehouse)},
        check=True,
    )  # fmt: skip
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


def test_there_is_one_query_for_each_question() -> None:
    assert sorted(int(path.name.split("_")[0]) for path in ANALYSES) == list(range(1, len(ANALYSES) + 1))


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_a_question_has_a_short_query_and_an_answer(path: Path, published: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 25
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute(text).fetchall()
