"""DuckDB for the browser, from npm: which files of which packages, and having them on this machine.

Belongs here: installing the pinned packages, and keeping of them what a page loads.
Does not belong here: the page (browser_sql), and the pins (npm/package-lock.json).

The packages are 150 MB with builds for other machines, so six files of them are kept, by the hash of the
pins. Of the builds it is `eh`, with WebAssembly's exceptions, which every browser has had since 2022; `mvp`,
for older ones, would be 39 MB more.
"""

import gzip
import hashlib
import logging
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from dagster_project.lib.errors import ModelTideError

PINS = Path(__file__).parent / "npm"
_DUCKDB, _ARROW = "@duckdb/duckdb-wasm", "apache-arrow"
FILES = {
    "arrow.js": f"{_ARROW}/Arrow.es2015.min.js",
    "arrow-licence.txt": f"{_ARROW}/LICENSE.txt",
    "arrow-notice.txt": f"{_ARROW}/NOTICE.txt",
    "duckdb.js": f"{_DUCKDB}/dist/duckdb-browser.cjs",
    "duckdb-worker.js": f"{_DUCKDB}/dist/duckdb-browser-eh.worker.js",
}
# 34 MB, as gzip 8. Not named .gz: some hosts then say that it is encoded, and the browser decodes it twice
PACKED = "duckdb.wasm.packed"
_UNPACKED = f"{_DUCKDB}/dist/duckdb-eh.wasm"
_TIME_OUT = 600  # seconds for 40 MB from a registry


class NoEngine(ModelTideError):
    """DuckDB for the browser is not to be had on this machine; the message says why."""


def installed_engine(cache: Path) -> Path:
    """The folder with the files, installed by npm if the cache has none of these pins. Raises NoEngine."""
    pins = {name: (PINS / name).read_bytes() for name in ("package.json", "package-lock.json")}
    digest = hashlib.sha256(b"".join(pins.values()) + Path(__file__).read_bytes()).hexdigest()
    kept = cache / f"duckdb-wasm-{digest[:12]}"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise NoEngine("npm is not installed on the machine that made the site")
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache, prefix="duckdb-wasm-") as folder:
            for name, content in pins.items():
                (Path(folder) / name).write_bytes(content)
            _install(npm, Path(folder))
            _keep(Path(folder) / "node_modules", Path(folder) / "kept")
            (Path(folder) / "kept").rename(kept)
    return kept


def _install(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIME_OUT)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        # what npm says names folders and registries of this machine: not for a page
        logging.getLogger(__name__).warning("npm ci: %s", error.stderr or error)
        raise NoEngine("npm could not install DuckDB for the browser") from error


def _keep(packages: Path, target: Path) -> None:
    target.mkdir()
    for name, path in FILES.items():
        shutil.copyfile(packages / path, target / name)
    (target / PACKED).write_bytes(gzip.compress((packages / _UNPACKED).read_bytes(), mtime=0))
