"""The one partitioning: a UTC day of the Hub."""

import dagster as dg

# hub-stats, the oldest public archive of the listing, begins in July 2024; end_offset lets the tick of
# a day ask for that day
DAILY = dg.DailyPartitionsDefinition(start_date="2024-07-01", end_offset=1)
