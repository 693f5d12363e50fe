"""A published file made by hand: every table that the report reads, with invented rows, in a second.

Belongs here: tables with the names and types of the marts; tests change them before they make the report.
Does not belong here: whether the marts have these columns (test_analyses makes the report of real ones).
"""

from datetime import date
from pathlib import Path

import duckdb

LAST = date(2026, 2, 25)  # an activity date; its snapshot is of the next day
FAMILIES = {"qwen": "Qwen", "llama": "Llama (Meta)", "mistral": "Mistral"}

_DAYS = """
create temp table days as
select unnest(generate_series($last - {days} + 1, $last, interval 1 day))::date as day
"""
_BASE = """
create table about as select
    timestamp '2026-02-26 06:10:00' as published_at, $last + 1 as snapshot_date, '{provenance}' as provenance,
    'duckdb 2.0.1' as versions, {days}::bigint as snapshots, $last - {days} + 2 as first_snapshot_date,
    'top-50000-abc' as scope_id;
create table families as select * from (values {families}) as t(family, name);
create table published_claims as select *, cast(null as varchar) as not_comparable from (values
    ('qwen', 'qwen-700m', 'A newspaper', 'downloads', 'cumulative', 700000000, true, date '2026-01-13', null,
        date '2026-01-13', 'Qwen family', 'https://example.org/a'),
    ('qwen', 'qwen-2061m', 'A report', 'downloads', 'window', 2061000000, false, null, date '2026-01-01',
        date '2026-07-31', 'All repositories', 'https://example.org/b')
) as t(family, claim, publisher, metric, measure, value, is_lower_bound, published_date, window_start,
    window_end, scope, source);
create table definitions as select * from (values
    ('lineage', 1.0), ('lineage_clean', 0.99), ('organisation', 0.9), ('curated', 0.7)
) as t(definition, weight);
create table fct_family_adoption_daily as
with numbered as (
    select family, row_number() over (order by family desc) as number from families
)
select
    days.day as activity_date, 'top' as scope, 'top-50000-abc' as scope_id, definition, family,
    day_number % 17 = 5 as is_interpolated,
    cast(1e6 / number * weight as double) as net_1d,
    cast(3e7 / number * weight as double) as downloads_30d,
    case when day_number % 17 <> 5 then
        cast((7.5e8 / number - ($last - days.day) * 1e6) * weight as double) end as downloads_all_time,
    100 + number as models, 40::bigint as derivatives, 30::bigint as adapted, 10 * number as replicated,
    1::bigint as new_derivatives, 2::bigint as suspect_models
from (select day, row_number() over (order by day) as day_number from days) as days, definitions, numbered;
create table fct_family_milestones as
select definition, 'qwen' as family, 700000000 as milestone,
    case when definition = 'organisation' then null else $last - 22 end as reached_after,
    $last - 21 as reached_by, definition <> 'organisation' as is_event, false as is_interpolated,
    700000001::double as downloads_all_time_then
from definitions where definition <> 'curated';
create table fct_family_growth_daily as
select $last as activity_date, kind, name, 1000000::bigint * rank as downloads_30d,
    0.1 * rank - 0.2 as growth_7d_vs_prior_21d,
    case when {days} >= 60 then 0.05 * rank end as growth_30d, null::double as growth_90d,
    30.0::double as doubling_days, false as is_edge_interpolated
from (select 'family' as kind, family as name, row_number() over (order by family) as rank from families
    union all values ('publisher', 'some-account', 4), ('publisher', 'other-account', 2));
create table fct_openness_groups_daily as
select days.day as activity_date, 'top' as scope, 'top-50000-abc' as scope_id, relations, openness_group,
    share as share_downloads_30d, share - 0.01 as share_net_1d, share - 0.02 as share_models,
    -0.03 as share_downloads_30d_change_28d
from days, (values ('all'), ('without_suspect')) as r(relations), (values
    ('open_weights', 0.9), ('open_commercial', 0.7), ('osi_licence', 0.584), ('gated', 0.2),
    ('restricted', 0.15), ('unknown', 0.093)) as g(openness_group, share);
create table fct_country_adoption_daily as
select days.day as activity_date, 'top' as scope, 'top-50000-abc' as scope_id, country_of, country_group,
    1e6 * share as net_1d, 1000.0 * share + ($last - days.day) * -1.0 as models, 10 * share as new_models,
    share as share_downloads_30d, share as share_downloads_30d_without_suspect, share as share_derivatives
from days, (values ('publisher'), ('base_model')) as w(country_of), (values ('China', 0.25),
    ('United States', 0.5), ('Europe', 0.1), ('rest', 0.05), ('unknown', 0.1)) as g(country_group, share);
create table fct_share_composition_daily as
select days.day as activity_date, 'top' as scope, 'top-50000-abc' as scope_id, population, share_of, subject,
    measure, 10 * share as amount, share, 0.2 as suspect_share, share - 0.02 as share_without_suspect,
    case when subject = 'unknown' then null else 'mistral' end as largest_family,
    case when subject = 'unknown' then null else 0.84 end as largest_family_suspect_share,
    case when subject in ('unknown', 'mistral') then null else share - 0.08 end
        as share_without_largest_family
from days, (values ('all'), ('language_models')) as p(population),
(values ('downloads_30d'), ('net_1d'), ('models'), ('new_models'), ('derivatives')) as m(measure), (
    select country_of || '_country' as share_of, country_group as subject, share_downloads_30d as share
    from fct_country_adoption_daily where activity_date = $last
    union all
    select 'openness', openness_group, share_downloads_30d from fct_openness_groups_daily
    where activity_date = $last and relations = 'all'
    union all
    select 'family', family, 0.3 from families
) as s;
create table fct_model_growth_daily as
select days.day as activity_date, 'id-' || number as hub_id, 'maker/model-' || number as repo_id,
    case when number = 9 then case when days.day = $last then 3 else 40 end else number end
        as rank_downloads_30d
from days, range(1, 10) as r(number) where days.day > $last - 3;
create table fct_openness_changes as select 'maker/gated' as repo_id, 'gating' as attribute,
    'false' as from_value, 'manual' as to_value, $last + 1 as first_seen_date, 12::bigint as downloads_30d;
create table fct_snapshot_days as
select day + 1 as snapshot_date, 'top' as scope, 50000::bigint as rows, day_number % 17 <> 6 as accepted,
    case day_number % 17 when 5 then 'frozen' when 6 then 'missing' when 7 then 'high' else 'ok' end
        as status,
    day_number % 17 not in (5, 6) as usable, $last - day < 10 as is_provisional,
    case when day_number % 17 = 6 then null when day_number < 4 then 'archive:abc' else 'observed' end
        as provenance,
    1.0 as ratio, case when day_number % 17 = 5 then '90 % of 200 big models unchanged' end as reason
from (select day, row_number() over (order by day) as day_number from days);
create table companies as select * from (values
    ('BABA', 'Alibaba', 'company', 'XNYS'), ('9988.HK', 'Alibaba', 'company', 'XHKG'),
    ('META', 'Meta', 'company', 'XNYS'), ('SPY', null, 'fund', 'XNYS')) as t(symbol, company, kind, exchange);
create table countries as select * from (values ('CN', 'China'), ('US', 'United States')) as t(country, name);
create table dim_families as select * from (values
    ('qwen', 'Qwen', 'Alibaba', 2e7), ('llama', 'Llama (Meta)', 'Meta', 3e7),
    ('mistral', 'Mistral', 'Mistral AI', 1e7)) as t(family, name, company, downloads_30d_lineage);
create table fct_ticker_returns_daily as
select day as session_date, symbol, 1 as vintage, 'USD' as currency,
    100.0 + (day - ($last - {days})) % 7 as adj_close
from days, companies where dayofweek(day) between 1 and 5;
"""
_MARKET = """
create table dim_events as select * from (values
    ('qwen-700m', 'headline', true, date '2026-01-13', 'Alibaba', 'A newspaper: 700 million', 'https://example.org'),
    ('release-meta', 'open_release', false, date '2026-01-20', 'Meta', 'Open weights first seen', 'releases')
) as t(event_id, kind, is_decisive, event_date, company, claim, source);
create table fct_event_study as
select event_id, ticker, model, window_start, window_end,
    model = 'market_peers' and window_end = 1 as is_primary, true as is_primary_listing, session_date,
    car, car - 0.04 as car_lower, car + 0.04 as car_upper, car / 0.02 as scar, 0.02 as placebo_p,
    49::bigint as placebo_n, 'BABA 1, SPY 1' as price_vintage, verdict, reason as verdict_reason,
    'MIIT plan (2026-01-12)' as confounders, null::varchar as other_events
from (values
    ('qwen-700m', 'BABA', date '2026-01-13', 0.052, 'distinguishable', 'SCAR 2.6 is beyond 1.98'),
    ('release-meta', 'META', date '2026-01-20', -0.004, 'not distinguishable', 'SCAR 0.2 is within 1.98')
) as e(event_id, ticker, session_date, car, verdict, reason),
(values ('market'), ('market_sector'), ('market_peers')) as m(model),
(values (0, 0), (0, 1)) as w(window_start, window_end);
create table fct_story_verdicts as
select 'story of ' || event_id as story, company, ticker, event_date as first_event_date,
    event_date as last_event_date, 3::bigint as tests, verdict, 'In a sentence: ' || verdict || '.' as answer,
    event_id as event_id_market_peers, 0.02 as p_alone_market_peers, 0.06 as p_adjusted_market_peers,
    0.3 as p_adjusted_market_sector, 0.09 as p_adjusted_market, confounders, 18::bigint as stories_tested,
    1::bigint as stories_distinguishable, 0.9 as chance_expected, price_vintage
from fct_event_study inner join dim_events using (event_id)
where is_primary;
create table fct_abnormal_returns as
select event_id, ticker, model, session_date + relative_session::integer as session_date, relative_session,
    0.001 * relative_session as abnormal_return, 0.02 as standard_error
from (select distinct event_id, ticker, model, session_date from fct_event_study),
range(-20, 21) as r(relative_session);
create table fct_event_study_pooled as select * from (values
    ('headline', 'CN', 6, 1, 0.01, 0.2, 'not distinguishable', 'p 0.2 over 6 events', true)
) as t(event_group, country, events, events_not_testable, mean_car, kolari_pynnonen_p, verdict,
    verdict_reason, is_primary);
create table dim_confounders as select date '2026-01-12' as confounder_date, 'Alibaba' as affected_company,
    null::varchar as affected_country, 'MIIT plan' as what, false as verified,
    'https://example.org/m' as source;
create table fct_adoption_lead_lag as
select 'qwen' as family, 'BABA' as ticker, 'organisation' as definition, lag_weeks, 60::bigint as weeks,
    0.02 * lag_weeks as correlation, 0.12 as band, abs(0.02 * lag_weeks) > 0.12 as is_outside_band,
    null::varchar as reason
from range(-8, 9) as r(lag_weeks);
"""
_CLOSED = """
create table fct_open_vs_closed_daily as
select day as activity_date, channel, measure, value, value - width as lower_bound,
    value + width as upper_bound,
    1000.0 as open_value, 2000.0 as closed_value, unit, 7 as window_days, reason,
    timestamp '2026-02-26 06:00:00' as vintage, 'Source: ' || channel || ', as of 2026-02-26.' as source,
    licence
from days, (values
    ('tokens', 'share', 0.31, 0.05, 'tokens', null, 'CC BY 4.0'),
    ('sdk_installs', 'index', 140.0, 12.0, 'index of weekly installs, base week = 100', null, null),
    ('catalogue', 'share', 0.4, 0.1, 'models released', null, 'MIT'),
    ('hub_weights', 'share', null, null, 'requests', 'no accepted snapshot of the Hub', null)
) as c(channel, measure, value, width, unit, reason, licence);
create table about_sources as select * from (values
    ('OpenRouter rankings', 'Source: OpenRouter (openrouter.ai/rankings), as of 2026-02-26.', 'CC BY 4.0',
        'Attribution with the time of the figures'),
    ('Yahoo Finance', null, null, 'Personal and research use; do not redistribute')
) as t(name, attribution, licence, terms);
"""


def write_publication(
    home: Path,
    *,
    days: int = 60,
    provenance: str = "live",
    families: dict[str, str] | None = None,
    has_market: bool = True,
    has_closed: bool = True,
) -> Path:
    """published/modeltide.duckdb below a data home, `days` long; returns its path."""
    path = home / "published" / "modeltide.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ", ".join(
        "('{}', '{}')".format(*(text.replace("'", "''") for text in pair))
        for pair in (families or FAMILIES).items()
    )
    script = [_DAYS, _BASE, *([_MARKET] if has_market else []), *([_CLOSED] if has_closed else [])]
    with duckdb.connect(str(path)) as connection:
        for part in script:
            sql = part.replace("$last", f"date '{LAST}'").replace("{families}", names)
            connection.execute(sql.replace("{days}", str(days)).replace("{provenance}", provenance))
        connection.execute("comment on table fct_snapshot_days is 'Every day: can it be trusted?'")
        connection.execute("comment on column fct_snapshot_days.status is 'How the day is judged'")
    return path


def change(path: Path, sql: str, *values: object) -> None:
    """Change the file before the report is made of it."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql, list(values))
