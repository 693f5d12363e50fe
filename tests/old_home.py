"""A small data home as the build e453d47 left it (tests/homes), to see that such homes keep working."""

import io
import tarfile
from pathlib import Path

import zstandard

from dagster_project.lib.settings import Settings

PACKED = Path(__file__).parent / "homes" / "e453d47.tar.zst"


def unpacked(folder: Path, **settings: bool) -> Settings:
    """The home below `folder`; nothing answers at its endpoints."""
    content = zstandard.decompress(PACKED.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
    return Settings(home=folder / "data", hub_endpoint="http://127.0.0.1:9", **settings)
