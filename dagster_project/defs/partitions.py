"""Partitionings: a UTC day of the Hub, and the past days that a backfill may ask other sources for."""

import dagster as dg

# hub-stats, the oldest public archive of the listing, begins in July 2024; end_offset lets the tick of
# a day ask for that day
DAILY = dg.DailyPartitionsDefinition(start_date="2024-07-01", end_offset=1)
# OpenRouter's figures begin here
TOKEN_DAYS = dg.DailyPartitionsDefinition(start_date="2025-01-01")
# npm serves 18 months and pypistats 180 days: earlier days are refused by the run, which knows the day
INSTALL_DAYS = dg.DailyPartitionsDefinition(start_date="2024-07-01")
