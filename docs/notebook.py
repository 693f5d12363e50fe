# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
"""
# How much of what is used is open?

From the Parquet files of a publication to a chart, in five cells. They are read from `published/parquet` of
the data home that `MODELTIDE_HOME` names: `data/demo` after `make demo`, or your own `data` once `make run`
has published a day. This is a notebook in Jupytext's percent format, so it is Python as well:
[usage.md](usage.md#in-a-notebook) says how to open it.
"""

# %%
import os
from pathlib import Path

import altair as alt
import duckdb

alt.renderers.enable("svg")  # drawn here, by vl-convert-python; else from scripts of another host
tables = Path(os.environ.get("MODELTIDE_HOME", "data")).expanduser() / "published" / "parquet"

# %% [markdown]
# ## Which day, and is it real?
# `about` says of a publication which day is its newest, and whether its figures are `live` or `synthetic`.
# A figure is never shown without it: synthetic ones are invented, and so is every conclusion from them.

# %%
about = duckdb.sql(f"select snapshot_date, provenance from '{tables}/about.parquet'")
((day, provenance),) = about.fetchall()
kind = "every number INVENTED" if provenance == "synthetic" else provenance
origin = f"Publication of {day}, {kind}"
origin

# %% [markdown]
# ## The question, as SQL
# `fct_open_vs_closed_daily` has a row for each day and channel. Two channels are shares of the same kind:
# requests for weights on the Hub, and tokens through an API. `value` is open ÷ (open + closed), of what is
# known to be one or the other. What is not known stands in the bounds: at `lower_bound` nothing unknown is
# open, at `upper_bound` all of it. `value` is NULL where too little is known, and `reason` says so; then
# the bounds alone are drawn.

# %%
shares = duckdb.sql(f"""
    select
        cast(activity_date as timestamp) as day,
        if(channel = 'tokens', 'Tokens through an API', 'Downloads from the Hub') as channel,
        value as share,
        lower_bound,
        upper_bound
    from '{tables}/fct_open_vs_closed_daily.parquet'
    where channel in ('hub_weights', 'tokens') and lower_bound is not null
    order by channel, day
""").df()
shares.tail()

# %% [markdown]
# ## Where it must not be trusted
# `fct_snapshot_days` says of which days the counters stood still, fell back or are too low to be true.

# %%
doubtful = duckdb.sql(f"""
    select activity_date, status, reason
    from '{tables}/fct_snapshot_days.parquet'
    where not usable and status <> 'missing'
""").df()
doubtful

# %% [markdown]
# ## The chart
# The line is the share, the band what it can be at least and at most. Where the band is wide, the line
# speaks for a part of the whole only; where there is no line, nobody knows.

# %%
of_day = alt.Chart(shares).encode(x=alt.X("day:T", title="Day (UTC)"))
share_axis = alt.Axis(format="%", title="Open share")
band = of_day.mark_area(opacity=0.25).encode(
    y=alt.Y("lower_bound:Q", axis=share_axis, scale=alt.Scale(domain=[0, 1])), y2="upper_bound:Q"
)
line = of_day.mark_line(point=alt.OverlayMarkDef(size=12)).encode(y=alt.Y("share:Q", axis=share_axis))
title = alt.TitleParams("Open models' share of what is used", subtitle=origin)
chart = (
    (band + line).properties(width=600, height=220).facet(row=alt.Row("channel:N", title=None), title=title)
)
chart
