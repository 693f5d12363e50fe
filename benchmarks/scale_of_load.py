"""Budget: a census of 3.2 million models goes from landing to raw in under 1.5 GB."""

import shutil
import tempfile
from pathlib import Path

from benchmarks.landing_to_raw import load_landed
from benchmarks.listing import land_listing
from benchmarks.measured import measured, verdict

MODELS = 3_200_000
PEAK_MB = 1_536.0


def main() -> bool:
    """Print the figures; true if the budget is kept."""
    print(f"landing to raw, {MODELS:,} models")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        land_listing(home / "landing", MODELS, with_columns=True)
        landed_mb, columns_mb = (
            sum(file.stat().st_size for file in home.rglob(f"page-*.{kind}")) / 2**20
            for kind in ("json.zst", "columns")
        )
        loaded = measured(load_landed, str(home))
        warehouse_mb = (home / "warehouse.duckdb").stat().st_size / 2**20
        record_mb = sum(file.stat().st_size for file in home.rglob("*.parquet")) / 2**20
        shutil.rmtree(home / "landing")
    print(loaded.line("landing to raw"))
    print(
        f"  landing {landed_mb:.0f} MB, columns until the load {columns_mb:.0f} MB, file of the day "
        f"{record_mb:.0f} MB, warehouse {warehouse_mb:.0f} MB"
    )
    return verdict(f"peak memory under {PEAK_MB:.0f} MB", loaded.peak_mb < PEAK_MB)
