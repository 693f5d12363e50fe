"""A data home of these tests, with the scripts of its report: they take 1.3 s to bundle, once a version."""

import shutil
from pathlib import Path

import pytest

from dagster_project.lib.report.make import SECTIONS, make_report
from dagster_project.lib.settings import Settings
from tests.report.publication import write_publication
from tests.worlds.once import built_once


@pytest.fixture(scope="session")
def scripts(shared_folder: Path) -> Path:
    def build(folder: Path) -> None:
        write_publication(folder, days=1)
        make_report(Settings(home=folder), SECTIONS[:1])

    return built_once(shared_folder, "scripts", build) / "cache"


@pytest.fixture
def home(scripts: Path, tmp_path: Path) -> Settings:
    shutil.copytree(scripts, tmp_path / "cache")
    return Settings(home=tmp_path)
