"""The daily run on GitHub: its steps, one after another, on a machine that has nothing but the datasets."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from huggingface_hub import HfApi

from dagster_project.lib.checkout import PROJECT
from dagster_project.lib.dataset.days import LIST
from dagster_project.lib.publish.terms import redistributable
from tests.dataset.repository_server import Repositories, Repository, Stored
from tests.planted import TOKEN
from tests.worlds.homes import FIRST, SECOND, Hub, World, last_line

OPEN, WHOLE = "tide/open", "tide/whole"
PLACES = {"MODELTIDE_DATASET": OPEN, "MODELTIDE_PRIVATE_DATASET": WHOLE}


class Days(NamedTuple):
    """Two mornings as the workflow has them: each begins in an empty home."""

    hub: Repositories
    first: World
    second: World


def a_morning(hub: Repositories, home: Path, day: date) -> World:
    world = World(home, hub)  # type: ignore[arg-type]
    world.environment |= PLACES
    world.morning(day)
    for step in ("pull", "run", "push"):
        assert world.run(step) == 0, step
    return world


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("runners")
    with Hub(models=2_500, quota=1_000_000) as upstream, Repositories(upstream) as hub:
        hub.datasets |= {OPEN: Repository(False), WHOLE: Repository(True)}
        import pickle

        K = Path("/tmp/daily_dev")
        if (K / "state").exists():
            shutil.copytree(K, folder, dirs_exist_ok=True, symlinks=True)
            hub.datasets, hub.large, hub.puts, hub.downloads = pickle.loads((K / "state").read_bytes())
            ws = [World(folder / n, hub) for n in ("first", "second")]
            for w in ws:
                w.environment |= PLACES
            yield Days(hub, *ws)
            return
        first = a_morning(hub, folder / "first", FIRST)
        shutil.copytree(folder / "first", folder / "kept", symlinks=True)
        second = a_morning(hub, folder / "second", SECOND)
        shutil.copytree(folder, K, dirs_exist_ok=True, symlinks=True)
        (K / "state").write_bytes(pickle.dumps((hub.datasets, hub.large, hub.puts, hub.downloads)))
        yield Days(hub, first, second)


def test_it(days):
    for n in PLACES.values():
        r = days.hub.datasets[n]
        print(n, r.messages, len(r.files), sum(len(f.content) for f in r.files.values()))
        print(sorted(x for x in r.files if not x.startswith("parquet")))
        a, b = r.commits[1][2], r.commits[-1][2]
        ch = [x for x in b if x not in a or a[x].oid != b[x].oid]
        print(len(ch), sum(len(b[x].content) for x in ch), sorted(ch)[-12:])
    print(days.hub.datasets[OPEN].files["README.md"].content.decode())
