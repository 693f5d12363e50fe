"""`make bench`: every budget, one after the other; each prints its figures and whether it is kept."""

import sys

from benchmarks import (
    census_days,
    crawl_share,
    daily_growth,
    landing_to_raw,
    past_files,
    placebo_honesty,
    scale_of_load,
)

BENCHMARKS = (
    landing_to_raw,
    scale_of_load,
    past_files,
    placebo_honesty,
    crawl_share,
    daily_growth,
    census_days,
)

if __name__ == "__main__":
    kept = [benchmark.main() for benchmark in BENCHMARKS]
    sys.exit(0 if all(kept) else 1)
