"""`make bench`: every budget, one after the other; each prints its figures and whether it is kept."""

import sys

from benchmarks import landing_to_raw, placebo_honesty, scale_of_load

if __name__ == "__main__":
    kept = [benchmark.main() for benchmark in (landing_to_raw, scale_of_load, placebo_honesty)]
    sys.exit(0 if all(kept) else 1)
