"""The daily run on GitHub: its steps, one after another, on a machine that has nothing but the datasets."""

import fnmatch
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml
from huggingface_hub import HfApi

from dagster_project.lib.checkout import PROJECT
from dagster_project.lib.dataset.days import LIST
from dagster_project.lib.publish.terms import redistributable
from tests.dataset.repository_server import Repositories, Repository, Stored
from tests.worlds.homes import FIRST, SECOND, Hub, World, last_line

OPEN, WHOLE = "tide/open", "tide/whole"
STEPS = ("pull", "run", "push", "site")
PLACES = {"MODELTIDE_DATASET": OPEN, "MODELTIDE_PRIVATE_DATASET": WHOLE}


class Days(NamedTuple):
    """Two mornings as the workflow has them: each begins in an empty home."""

    hub: Repositories
    first: World
    second: World
    sent_first: int  # how many large files the Hub had taken after the first of them, and after both
    sent_both: int


def a_morning(hub: Repositories, home: Path, day: date) -> World:
    world = World(home, hub)  # type: ignore[arg-type]
    world.environment |= PLACES
    world.morning(day)
    for step in STEPS:
        # without npm the site has no engine, which takes a quarter of a minute and holds no figures
        more = {"PATH": str(home)} if step == "site" else {}
        assert world.run(step, **more) == 0, step
    return world


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("runners")
    with Hub(models=2_500, quota=1_000_000) as upstream, Repositories(upstream) as hub:
        hub.datasets |= {OPEN: Repository(False), WHOLE: Repository(True)}
        first = a_morning(hub, folder / "first", FIRST)
        sent_first = len(hub.puts)
        second = a_morning(hub, folder / "second", SECOND)
        yield Days(hub, first, second, sent_first, len(hub.puts))


def copied(world: World, folder: Path) -> World:
    """The same home again, for what a test does to it."""
    shutil.copytree(world.settings.home, folder / "data", symlinks=True)
    made = World(folder / "data", world.upstream)
    made.environment |= PLACES
    return made


def record_of(repository: Repository) -> dict[str, bytes]:
    return {n: file.content for n, file in repository.files.items() if n.startswith("record/")}


def loaded(world: World, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_second_morning_goes_on_with_the_days_of_the_first(days: Days) -> None:
    observed = "select snapshot_date from fct_snapshot_days where provenance = 'observed' order by all"
    assert days.second.ask(observed) == [(FIRST,), (SECOND,)]
    ((models, downloads),) = days.second.ask(
        f"select count(*), sum(net) from fct_model_downloads_daily where activity_date = date '{FIRST}'"
    )
    assert models > 2_000 and downloads > 0  # what lies between the two mornings


def test_the_second_morning_sends_its_day_and_not_the_first_again(days: Days) -> None:
    for name in PLACES.values():
        (_, _, empty), (_, _, first), (_, _, second) = days.hub.datasets[name].commits
        assert set(empty) == {".gitattributes"}
        new = {n for n, file in second.items() if n.startswith("record/") and first.get(n) != file}
        assert new == {LIST, f"record/{SECOND}.tar"}
        assert f"record/{FIRST}.tar" in first
        assert days.hub.datasets[name].messages == [f"Days {day} to {day}" for day in (FIRST, SECOND)]
    first, second = days.hub.puts[: days.sent_first], days.hub.puts[days.sent_first : days.sent_both]
    assert first and second and set(first).isdisjoint(second)


def test_prices_are_in_the_private_dataset_alone(days: Days) -> None:
    shown, whole = (days.hub.datasets[name] for name in (OPEN, WHOLE))
    with duckdb.connect(str(days.second.published), read_only=True) as publication:
        free = redistributable(publication)
    tables = {
        path.name.removesuffix(".parquet") for path in (days.second.settings.published / "parquet").iterdir()
    }
    kept = {"fct_ticker_returns_daily", "fct_abnormal_returns", "fct_price_restatements"}
    assert tables - free == kept
    for repository, there in ((shown, tables - kept), (whole, tables)):
        files = [name.split("/")[1] for name in repository.files if name.startswith("parquet/")]
        assert {name.removesuffix(".parquet") for name in files} == there
    assert b"  prices/" in record_of(whole)[LIST]
    assert b"  prices/" not in record_of(shown)[LIST]
    assert not any(b"price_bars" in content for content in record_of(shown).values())


def figures(content: bytes, name: str, folder: Path) -> set[str]:
    """Every number with a fraction in a file that leaves, rounded as prices are compared."""
    if content.startswith(b"\x1f\x8b") or name.endswith((".packed", ".js", ".png")):
        return set()  # the engine and pictures hold no figures of ours that a price could be read from
    if name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            members = [(tar.extractfile(one), one.name) for one in tar.getmembers() if one.isfile()]
            return set().union(*(figures(file.read(), named, folder) for file, named in members if file))
    if not name.endswith((".parquet", ".duckdb")):
        return {rounded(float(found)) for found in re.findall(rb"\d+\.\d{2,}", content)}
    path = folder / f"read{Path(name).suffix}"
    path.write_bytes(content)
    with duckdb.connect() as connection:
        tables = [f"read_parquet('{path}')"]
        if name.endswith(".duckdb"):
            connection.execute(f"attach '{path}' as small (read_only)")
            tables = [
                f"small.main.{table}"
                for (table,) in connection.execute(
                    "select table_name from duckdb_tables() where database_name = 'small'"
                ).fetchall()
            ]
        found = set()
        for table in tables:
            columns = connection.execute(f"describe from {table}").fetchall()
            for column in (column for column, kind, *_ in columns if kind in ("DOUBLE", "FLOAT")):
                values = connection.execute(f'select distinct "{column}" from {table}').fetchall()
                found |= {rounded(value) for (value,) in values if value is not None}
        return found


def rounded(value: float) -> str:
    return f"{abs(value):.9g}"


def test_no_price_and_no_return_leaves_by_any_way(days: Days, tmp_path: Path) -> None:
    """The site with its SQL page, and the dataset that everybody may read; there is no other way."""
    home = days.second.settings
    prices = {
        rounded(value)
        for row in loaded(days.second, "select open, high, low, close, adj_close from raw.price_bars")
        for value in row
        if value is not None and value != round(value, 1)
    } | {
        rounded(value)
        for (value,) in days.second.ask("select simple_return from fct_ticker_returns_daily")
        if value
    }
    # a figure of fewer digits is shared by chance
    prices = {price for price in prices if len(price.replace(".", "").lstrip("0")) == 9}
    assert len(prices) > 10_000
    site = {path.relative_to(home.published).as_posix(): path for path in home.published.glob("site/**/*")}
    leaving = {name: path.read_bytes() for name, path in site.items() if path.is_file()} | {
        f"dataset/{name}": file.content for name, file in days.hub.datasets[OPEN].files.items()
    }
    assert {"site/index.html", "site/sql/modeltide.duckdb", f"dataset/record/{SECOND}.tar"} <= leaving.keys()
    shown = {name: figures(content, name, tmp_path) & prices for name, content in leaving.items()}
    # one of nine digits, which a chart's file has, is chance; a series is hundreds
    assert {name: len(found) for name, found in shown.items() if len(found) > 2} == {}
    whole = days.hub.datasets[WHOLE].files
    kept = [
        n for n in whole if n.startswith("parquet/fct_ticker_returns_daily") or n.endswith(f"{FIRST}.tar")
    ]
    assert kept
    for name in kept:  # and the test would see them
        assert len(figures(whole[name].content, name, tmp_path) & prices) > 1_000, name


def test_what_is_read_back_is_what_was_published(days: Days, tmp_path: Path) -> None:
    api = HfApi(days.hub.url, token=False)
    api.snapshot_download(OPEN, repo_type="dataset", allow_patterns=["parquet/**"], local_dir=tmp_path)
    with duckdb.connect(str(days.second.published), read_only=True) as published:
        for path in sorted((tmp_path / "parquet").iterdir()):
            table = path.name.removesuffix(".parquet")
            if (days.second.settings.published / "parquet" / path.name).is_file():
                ours = f"from {table}"
            else:  # all days, of which the file has the recent ones
                ours = f"from read_parquet('{days.second.settings.published}/parquet/{table}/*.parquet')"
            there = f"from read_parquet('{path}{'/*.parquet' if path.is_dir() else ''}')"
            found, expected = (published.execute(f"{sql} order by all").fetchall() for sql in (there, ours))
            assert found == expected, table


def test_the_card_names_each_table_its_sources_and_what_is_left_out(days: Days) -> None:
    for name in PLACES.values():
        files = days.hub.datasets[name].files
        _, head, text = files["README.md"].content.decode().split("---\n", 2)
        for config in yaml.safe_load(head)["configs"]:
            assert fnmatch.filter(files, config["data_files"]), config
        assert len(yaml.safe_load(head)["configs"]) == text.count("\n| `")
        assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-01-15" in text
        kept = "Left out" if name == OPEN else "Not to be passed on"
        assert f"\n## {kept}\n\n- `fct_abnormal_returns`: " in text and "\n- `price_bars`: " in text
        assert f"up to {SECOND} (mirror:127.0.0.1:" in text


def test_a_home_without_the_private_dataset_has_every_day_and_no_prices(days: Days, tmp_path: Path) -> None:
    alone = World(tmp_path / "data", days.hub)  # type: ignore[arg-type]
    assert alone.run("pull", MODELTIDE_DATASET=OPEN, HF_TOKEN="") == 0
    for sql in (
        "from raw.hub_model_counters order by all",
        "select * exclude loaded_at from raw.hub_snapshots order by all",
        "from raw.headline_figures order by all",
    ):
        assert loaded(alone, sql) == loaded(days.second, sql) != []
    assert loaded(alone, "from raw.price_bars") == [] != loaded(days.second, "from raw.price_bars limit 1")


def test_a_second_pull_fetches_nothing_but_the_list_and_what_is_damaged(days: Days, tmp_path: Path) -> None:
    world = copied(days.second, tmp_path)
    days.hub.downloads.clear()
    assert world.run("pull") == 0
    assert days.hub.downloads == [LIST, LIST]
    damaged = next((world.settings.snapshots / "hub").glob(f"{FIRST}.*.parquet"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + b"X")
    days.hub.downloads.clear()
    assert world.run("pull") == 0
    assert days.hub.downloads == [LIST, f"record/{FIRST}.tar", LIST]
    assert damaged.read_bytes() == whole
    assert len(list(damaged.parent.glob("*.damaged"))) == 1


def test_a_second_push_sends_nothing(days: Days, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: days.hub.datasets[name].head for name in PLACES.values()}
    assert copied(days.second, tmp_path).run("push") == 0
    assert capsys.readouterr().out.count(": 0 files, 0 bytes in 0 commits.") == 2
    assert {name: days.hub.datasets[name].head for name in PLACES.values()} == before


@pytest.fixture
def place(days: Days) -> Iterator[Repository]:
    """The private dataset, as it was afterwards."""
    repository = days.hub.datasets[WHOLE]
    kept = (repository.is_private, list(repository.commits))
    yield repository
    repository.is_private, repository.commits = kept
    days.hub.before_commit = lambda _: None


def test_a_record_that_is_longer_there_stays_until_that_is_accepted(
    days: Days, tmp_path: Path, place: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    world = copied(days.first, tmp_path)
    before = dict(place.files)
    assert world.run("push", MODELTIDE_DATASET="") == 1
    said = last_line(capsys)
    assert (
        f"that this data home lacks, of {SECOND}: it would become shorter, and nothing was uploaded" in said
    )
    assert place.files == before
    assert world.run("push", MODELTIDE_DATASET="", ACCEPT="1") == 0
    assert f"record/{SECOND}.tar" not in place.files
    assert f"/{SECOND}." not in place.files[LIST].content.decode()


def test_a_private_dataset_that_is_public_and_an_open_one_with_prices_are_refused(
    days: Days, place: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    place.is_private = False
    sent = len(days.hub.puts)
    assert days.second.run("push") == 1
    assert f"MODELTIDE_PRIVATE_DATASET is {WHOLE}, which the Hub says is public" in last_line(capsys)
    assert days.second.run("push", MODELTIDE_DATASET=WHOLE, MODELTIDE_PRIVATE_DATASET="") == 1
    assert f"MODELTIDE_DATASET is {WHOLE}, which holds what may not be passed on (prices/" in last_line(
        capsys
    )
    assert len(days.hub.puts) == sent


def test_a_day_whose_tables_could_not_be_built_is_uploaded_without_them(days: Days, tmp_path: Path) -> None:
    world = copied(days.second, tmp_path)
    shutil.rmtree(world.settings.published)
    days.hub.datasets["tide/record"] = alone = Repository(False)
    assert world.run("push", MODELTIDE_DATASET="tide/record", MODELTIDE_PRIVATE_DATASET="") == 0
    assert record_of(alone) == record_of(days.hub.datasets[OPEN])
    assert set(alone.files) - set(record_of(alone)) == {".gitattributes"}


def test_what_the_dataset_lost_is_sent_again_and_what_is_damaged_here_is_not(
    days: Days, tmp_path: Path, place: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    world = copied(days.second, tmp_path)
    lost = f"record/{FIRST}.tar"
    kept = place.files[lost].content
    place.commit("lost", {name: file for name, file in place.files.items() if name != lost})
    damaged = next((world.settings.snapshots / "hub").glob(f"{FIRST}.*.parquet"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert world.run("push", MODELTIDE_DATASET="") == 1
    said = last_line(capsys)
    assert f"hub/{FIRST}." in said and "was not uploaded" in said and "make rebuild" in said
    assert lost not in place.files
    damaged.write_bytes(whole)
    assert world.run("push", MODELTIDE_DATASET="") == 0
    assert place.files[lost].content == kept


def test_two_that_push_at_once_do_not_write_over_each_other(
    days: Days, tmp_path: Path, place: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    def is_quicker(repository: Repository) -> None:
        if repository is place and "somebody's" not in place.messages:
            repository.commit("somebody's", {**repository.files, "other": Stored(b"their file", False)})

    place.commits = place.commits[:2]
    days.hub.before_commit = is_quicker
    assert days.second.run("push") == 1
    assert "Somebody else has changed it meanwhile: type `make pull`, then run again." in last_line(capsys)
    assert place.messages[-1] == "somebody's"
    assert days.second.run("push") == 0
    assert place.files["other"].content == b"their file"
    assert f"record/{SECOND}.tar" in place.files


def test_an_upload_that_was_killed_goes_on(days: Days, tmp_path: Path) -> None:
    world = copied(days.second, tmp_path)
    days.hub.datasets["tide/slow"] = slow = Repository(True)
    sent_before = len(days.hub.puts)
    places = {"MODELTIDE_DATASET": "", "MODELTIDE_PRIVATE_DATASET": "tide/slow"}
    pushing = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "dagster_project", "push"],
        cwd=PROJECT,
        env={**os.environ, **world.environment, **places},
    )
    days.hub.before_put = lambda number: pushing.kill() if number == sent_before + 20 else None
    assert pushing.wait(timeout=120) == -signal.SIGKILL
    assert slow.messages == []
    days.hub.before_put = lambda _: None
    sent = days.hub.puts[sent_before:]
    assert world.run("push", **places) == 0
    assert slow.messages == [f"Days {FIRST} to {SECOND}"]
    assert len(sent) >= 20
    assert set(sent).isdisjoint(days.hub.puts[sent_before + len(sent) :])
    assert record_of(slow) == record_of(days.hub.datasets[WHOLE])


def test_without_a_token_nothing_is_uploaded_and_that_is_said(
    days: Days, capsys: pytest.CaptureFixture[str]
) -> None:
    assert days.second.run("push", HF_TOKEN="") == 0
    assert "Nothing was uploaded: that takes HF_TOKEN" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_token_that_is_refused_is_one_line_that_does_not_show_it(
    command: str, days: Days, capsys: pytest.CaptureFixture[str]
) -> None:
    assert days.second.run(command, HF_TOKEN="hf_SomebodyElsesToken") == 1
    said = last_line(capsys)
    assert f"/datasets/{WHOLE} cannot be read or written: " in said
    assert "give HF_TOKEN a token that may read it" in said
    assert "SomebodyElses" not in said


def test_a_dataset_that_is_not_there_begins_no_record(
    days: Days, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path / "data", days.hub)  # type: ignore[arg-type]
    assert world.run("pull", MODELTIDE_DATASET="tide/opne") == 1
    assert "/datasets/tide/opne cannot be read or written: 404 Client Error" in last_line(capsys)


def test_invented_days_are_never_uploaded(
    days: Days, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invented = World(tmp_path / "data", days.hub.upstream)
    invented.land(FIRST)
    sent = len(days.hub.puts)
    assert invented.run("push", **PLACES, HF_ENDPOINT=days.hub.url) == 1
    assert f"The day {FIRST} of this data home is synthetic" in last_line(capsys)
    assert len(days.hub.puts) == sent


def test_the_workflow_types_these_commands_and_shows_each_secret_to_those_that_need_it() -> None:
    workflow = yaml.safe_load((PROJECT / ".github/workflows/daily.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    typed = [step for step in jobs["run"]["steps"] if "run" in step]
    assert [step["run"] for step in typed] == [f"make {step}" for step in STEPS]
    token, key = "${{ secrets.HF_TOKEN }}", "${{ secrets.OPENROUTER_API_KEY }}"
    assert {step["run"]: step["env"] for step in typed if "env" in step} == {
        "make pull": {"HF_TOKEN": token},
        "make run": {"OPENROUTER_API_KEY": key},
        "make push": {"HF_TOKEN": token},
        "make site": {"MODELTIDE_SITE_ADDRESS": "${{ vars.MODELTIDE_SITE_ADDRESS }}"},
    }
    assert jobs["run"]["env"] == {name: f"${{{{ vars.{name} }}}}" for name in PLACES}
    assert jobs["run"]["if"] == " || ".join(f"vars.{name}" for name in PLACES)
    assert workflow["permissions"] == {}
    assert jobs["run"]["permissions"] == {"contents": "read"}
    assert not any("run" in step for step in jobs["pages"]["steps"])
