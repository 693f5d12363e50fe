"""The lake holds what the warehouse holds, in files that are whole, and nothing that is not its own."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import duckdb
import fsspec
import pytest

from dagster_project.lib.lake.place import TEMPORARY, LakeError
from dagster_project.lib.lake.write import BY_DAY, LIST, Lake, write_lake
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing
from tests.faults.processes import CONTEXT, Moment, make_lake, start, with_room_for
from tests.lake.held import assert_holds_the_warehouse, contents, copied, files_of
from tests.landed import files_below, item, load

COUNTERS = "raw/hub_model_counters"
DAYS = ("2026-01-14", "2026-01-15", "2026-01-16")
OTHERS = """
create schema marts;
create table seeds.countries (code varchar, names varchar[]);
insert into seeds.countries values ('de', ['Germany', 'it''s']), ('xx', []), (null, null);
create table marts.fct_empty (day date, total decimal(38, 0));
create table marts.fct_figures as
    select 0.1::double as share, timestamp '2026-01-14 01:02:03.456789' as at, true as is_it;
create view marts.dim_models as select hub_id, model_key from raw.hub_models;
create view marts.latest_models as from marts.dim_models;
"""
ADDRESSES = ["path", "memory"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three days of three models, the last of them new, and other tables. Tests work on copies."""
    settings = Settings(home=tmp_path_factory.mktemp("made") / "data")
    for number, day in enumerate(DAYS):
        load(settings, day, [item(n, downloads=100 * n + number) for n in range(1, 3 + (number == 2))])
    with writing(settings) as connection:
        connection.execute(OTHERS)
    return settings


@pytest.fixture(params=ADDRESSES)
def home(made: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A copy of it, whose lake is a folder, or an object store in memory."""
    shutil.copytree(made.home, tmp_path / "data")
    name = f"memory://{uuid4()}/a lake" if request.param == "memory" else None
    yield Settings(home=tmp_path / "data", lake_address=name)
    if name:
        fsspec.filesystem("memory").rm(name.rpartition("/")[0], recursive=True)


def change(settings: Settings, statement: str) -> None:
    with writing(settings) as connection:
        connection.execute(statement)


def numbers(lake: Lake) -> tuple[int, int]:
    return lake.written, lake.removed


def test_every_table_is_a_folder_with_the_columns_types_and_rows_of_the_warehouse(
    home: Settings, tmp_path: Path
) -> None:
    lake = write_lake(home)
    assert (lake.origin, lake.removed) == ("live", 0)
    assert lake.written == lake.files == len(contents(home, tmp_path))
    assert_holds_the_warehouse(home, tmp_path)


def test_a_day_of_models_is_a_file_and_a_table_without_a_row_is_one_too(
    home: Settings, tmp_path: Path
) -> None:
    write_lake(home)
    names = contents(home, tmp_path)
    assert {n for n in names if n.startswith(COUNTERS)} == {f"{COUNTERS}/{day}.parquet" for day in DAYS}
    assert {n for n in names if "hub_model_cards/" in n} == {
        f"raw/hub_model_cards/{day}.parquet" for day in (DAYS[0], DAYS[2])
    }
    assert {n for n in names if "fct_empty" in n} == {"marts/fct_empty/all.parquet"}
    assert "raw.hub_model_counters" in BY_DAY and "marts.model_history" in BY_DAY


def test_what_did_not_change_is_not_written_again(home: Settings, tmp_path: Path) -> None:
    write_lake(home)
    before = files_of(copied(home, tmp_path))
    assert numbers(write_lake(home)) == (0, 0)
    assert files_of(copied(home, tmp_path)) == before


def test_only_the_day_that_changed_is_written_again(home: Settings, tmp_path: Path) -> None:
    write_lake(home)
    before = contents(home, tmp_path)
    change(home, f"update raw.hub_model_counters set downloads_30d = 7 where snapshot_date = '{DAYS[1]}'")
    assert numbers(write_lake(home)) == (1, 0)
    after = contents(home, tmp_path)
    assert {name for name in after if after[name] != before[name]} == {f"{COUNTERS}/{DAYS[1]}.parquet"}
    assert_holds_the_warehouse(home, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "update seeds.countries set names = [] where code is null",
        "alter table seeds.countries rename column code to country",
        "alter table marts.fct_empty alter total type bigint",
    ],
)
def test_a_list_that_is_empty_now_and_another_name_or_type_are_a_change(
    home: Settings, tmp_path: Path, statement: str
) -> None:
    write_lake(home)
    change(home, statement)
    assert numbers(write_lake(home)) == (1, 0)
    assert_holds_the_warehouse(home, tmp_path)


def test_a_day_or_a_table_that_is_gone_loses_its_file(home: Settings, tmp_path: Path) -> None:
    write_lake(home)
    change(home, f"delete from raw.hub_model_counters where snapshot_date = '{DAYS[0]}'")
    change(home, "drop table marts.fct_figures")
    assert numbers(write_lake(home)) == (0, 2)
    assert_holds_the_warehouse(home, tmp_path)


def test_rows_without_a_day_are_in_the_lake_once(home: Settings, tmp_path: Path) -> None:
    change(home, f"update raw.hub_model_counters set snapshot_date = null where snapshot_date = '{DAYS[0]}'")
    write_lake(home)
    assert_holds_the_warehouse(home, tmp_path)


def test_a_file_that_was_damaged_lost_or_added_there_is_mended(home: Settings, tmp_path: Path) -> None:
    write_lake(home)
    system, root = fsspec.core.url_to_fs(home.lake)
    system.pipe_file(f"{root}/{COUNTERS}/{DAYS[0]}.parquet", b"PAR1")
    system.rm_file(f"{root}/{COUNTERS}/{DAYS[1]}.parquet")
    system.cp_file(f"{root}/{COUNTERS}/{DAYS[2]}.parquet", f"{root}/{COUNTERS}/2026-01-13.parquet")
    assert numbers(write_lake(home)) == (2, 1)
    assert_holds_the_warehouse(home, tmp_path)


def test_a_lake_whose_list_is_damaged_is_written_anew(home: Settings, tmp_path: Path) -> None:
    files = write_lake(home).files
    system, root = fsspec.core.url_to_fs(home.lake)
    system.pipe_file(f"{root}/{LIST}", b"PAR1 and no more")
    assert numbers(write_lake(home)) == (files, 0)
    assert_holds_the_warehouse(home, tmp_path)


@pytest.mark.parametrize("name", ["holiday.jpg", "raw/hub_models/all.parquet", LIST])
def test_a_folder_of_something_else_is_refused_and_stays_as_it_is(
    home: Settings, tmp_path: Path, name: str
) -> None:
    system, root = fsspec.core.url_to_fs(home.lake)
    other = tmp_path / "other.parquet"
    duckdb.sql(f"copy (select 1 as theirs) to '{other}'")
    system.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
    system.put_file(str(other), f"{root}/{name}")
    with pytest.raises(LakeError, match=r"is not a lake of Model Tide: it.* Set LAKE to a folder") as raised:
        write_lake(home)
    assert home.lake in str(raised.value)
    assert files_of(copied(home, tmp_path)) == {name: other.read_bytes()}


@pytest.mark.parametrize(
    "moment",
    [
        Moment("open", TEMPORARY, 5),  # written, and not yet on disk
        Moment("os.rename", LIST),  # before the first thing that anybody sees
        Moment("os.rename", f"{DAYS[1]}.parquet"),
        Moment("os.remove", f"{COUNTERS}/{DAYS[0]}.parquet"),
        Moment("os.rename", LIST, 2),  # all is there, and no list names it
    ],
    ids=str,
)
def test_after_a_kill_at_any_moment_every_file_is_whole_and_the_next_time_makes_the_lake_right(
    made: Settings, tmp_path: Path, moment: Moment
) -> None:
    shutil.copytree(made.home, tmp_path / "data")
    settings = Settings(home=tmp_path / "data")
    if moment.event == "os.remove":
        write_lake(settings)
        change(settings, f"delete from raw.hub_model_counters where snapshot_date = '{DAYS[0]}'")
    process = start(make_lake, settings, moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    for path in Path(settings.lake).rglob("*.parquet"):
        duckdb.sql(f"from '{path}'").fetchall()
    write_lake(settings)
    assert_holds_the_warehouse(settings, tmp_path)
    assert TEMPORARY not in files_of(Path(settings.lake))


def test_what_a_killed_run_wrote_of_a_warehouse_that_is_as_before_again_does_not_stay(
    made: Settings, tmp_path: Path
) -> None:
    shutil.copytree(made.home, tmp_path / "data")
    settings = Settings(home=tmp_path / "data")
    write_lake(settings)
    before = settings.warehouse.read_bytes()
    change(settings, "update raw.hub_model_counters set downloads_30d = 7")
    process = start(make_lake, settings, Moment("os.rename", LIST, 2))
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    settings.warehouse.write_bytes(before)
    assert numbers(write_lake(settings)) == (len(DAYS), 0)
    assert_holds_the_warehouse(settings, tmp_path)


def test_a_full_disk_names_the_lake_and_leaves_every_file_whole(made: Settings, tmp_path: Path) -> None:
    shutil.copytree(made.home, tmp_path / "data")
    settings = Settings(home=tmp_path / "data")
    write_lake(settings)
    before = files_of(Path(settings.lake))
    change(
        settings, "insert into seeds.countries select 'x' || i, ['y' || hash(i)] from range(90_000) as t(i)"
    )
    ours, theirs = CONTEXT.Pipe()
    process = start(with_room_for, theirs, 100_000, make_lake, settings)
    theirs.close()
    process.join()
    kind, text = ours.recv()
    assert kind == "LakeError" and f"The lake {settings.lake} cannot be" in text and "File too large" in text
    after = files_of(Path(settings.lake))
    assert after.keys() == before.keys() and {n for n in after if after[n] != before[n]} <= {LIST}
    assert numbers(write_lake(settings)) == (1, 0)
    assert_holds_the_warehouse(settings, tmp_path)


def test_a_type_that_an_engine_lacks_stops_the_lake_by_name(made: Settings, tmp_path: Path) -> None:
    shutil.copytree(made.home, tmp_path / "data")
    settings = Settings(home=tmp_path / "data")
    change(settings, "create table marts.fct_odd as select uuid() as id")
    with pytest.raises(Exception, match=r"^marts\.fct_odd\.id has the type UUID"):
        write_lake(settings)
    assert not [name for name in files_below(Path(settings.lake)) if "fct_odd" in name or name == TEMPORARY]


def test_a_home_without_a_warehouse_has_no_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"There is no warehouse at .*Type `make run`, or `make demo`"):
        write_lake(Settings(home=tmp_path / "data"))
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs is installed here")
def test_a_store_whose_library_is_missing_says_what_to_install(made: Settings) -> None:
    with pytest.raises(LakeError, match=r"LAKE is s3://bucket/lake.*pip install s3fs`"):
        write_lake(replace(made, lake_address="s3://bucket/lake"))


def test_an_address_of_no_known_kind_says_what_is_allowed(made: Settings) -> None:
    with pytest.raises(LakeError, match=r"LAKE is nope://x, .*Protocol not known: nope.*s3://bucket/folder"):
        write_lake(replace(made, lake_address="nope://x"))
