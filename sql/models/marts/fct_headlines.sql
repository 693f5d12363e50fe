-- a headline figure is one row here:
-- figure, unit, mart, its day, subject, definition, value, value_text, condition;
-- of a day of the mart only the newest is told, of events and verdicts on days each
{% set figures = [
    ('family_downloads_all_time', 'requests', 'fct_family_adoption_daily', 'activity_date',
        'family', 'definition', 'downloads_all_time', 'null', 'not is_interpolated'),
    ('family_downloads_30d', 'requests', 'fct_family_adoption_daily', 'activity_date',
        'family', 'definition', 'downloads_30d', 'null', 'not is_interpolated'),
    ('openness_share_models', 'fraction', 'fct_openness_groups_daily', 'activity_date',
        'openness_group', 'relations', 'share_models', 'null', 'true'),
    ('openness_share_downloads_30d', 'fraction', 'fct_openness_groups_daily', 'activity_date',
        'openness_group', 'relations', 'share_downloads_30d', 'null', 'true'),
    ('openness_share_net_1d', 'fraction', 'fct_openness_groups_daily', 'activity_date',
        'openness_group', 'relations', 'share_net_1d', 'null', 'true'),
    ('country_share_downloads_30d', 'fraction', 'fct_country_adoption_daily', 'activity_date',
        'country_group', 'country_of', 'share_downloads_30d', 'null', 'true'),
    ('country_share_net_1d', 'fraction', 'fct_country_adoption_daily', 'activity_date',
        'country_group', 'country_of', 'share_net_1d', 'null', 'true'),
    ('country_share_downloads_30d_without_largest_family', 'fraction',
        'fct_share_composition_daily', 'activity_date', 'subject', 'share_of',
        'share_without_largest_family', 'largest_family',
        "population = 'all' and measure = 'downloads_30d' and share_of like '%_country'"),
    ('country_share_downloads_30d_of_language_models', 'fraction',
        'fct_share_composition_daily', 'activity_date', 'subject', 'share_of', 'share', 'null',
        "population = 'language_models' and measure = 'downloads_30d' "
        "and share_of like '%_country'"),
    ('openness_share_downloads_30d_without_largest_family', 'fraction',
        'fct_share_composition_daily', 'activity_date', 'subject', 'share_of',
        'share_without_largest_family', 'largest_family',
        "population = 'all' and measure = 'downloads_30d' and share_of = 'openness'"),
    ('openness_share_downloads_30d_of_language_models', 'fraction',
        'fct_share_composition_daily', 'activity_date', 'subject', 'share_of', 'share', 'null',
        "population = 'language_models' and measure = 'downloads_30d' "
        "and share_of = 'openness'"),
    ('listed_models', 'models', 'fct_openness_daily', 'activity_date',
        "'all'", 'scope', 'models', 'null', 'true'),
    ('listed_downloads_all_time', 'requests', 'fct_openness_daily', 'activity_date',
        "'all'", 'scope', 'downloads_all_time', 'null', 'true'),
    ('listed_downloads_30d', 'requests', 'fct_openness_daily', 'activity_date',
        "'all'", 'scope', 'downloads_30d', 'null', 'true'),
    ('listed_net_1d', 'requests', 'fct_openness_daily', 'activity_date',
        "'all'", 'scope', 'net_1d', 'null', 'true'),
    ('token_share', 'fraction', 'fct_token_share_daily', 'share_date',
        "segment_kind || ' ' || segment",
        "case when includes_free then 'with free' else 'without free' end", 'point', 'null',
        'point is not null'),
    ('open_vs_closed', 'fraction or index', 'fct_open_vs_closed_daily', 'activity_date',
        'channel', 'measure', 'value', 'null', 'value is not null'),
    ('event_abnormal_return', 'log return', 'fct_event_study', 'session_date',
        'event_id', 'ticker', 'car', 'verdict', 'is_primary'),
    ('day_usable', '1 or 0', 'fct_snapshot_days', 'activity_date',
        'cast(snapshot_date as string)', "'status'", 'case when usable then 1 else 0 end', 'status',
        'accepted')
] %}

{% for figure, unit, mart, day, subject, definition, value, value_text, condition in figures %}
    select
        figures.{{ day }} as about_date,
        '{{ figure }}' as figure,
        {{ subject }} as subject,
        {{ definition }} as definition,
        cast(sum({{ value }}) as double) as value,
        cast(max({{ value_text }}) as string) as value_text,
        '{{ unit }}' as unit
    from {{ ref(mart) }} as figures
    where
        {{ condition }}
        {% if mart not in ['fct_event_study', 'fct_snapshot_days'] %}
            and figures.{{ day }} = (
                select max(days.{{ day }}) from {{ ref(mart) }} as days
                where {{ condition }}
            )
        {% endif %}
    group by figures.{{ day }}, {{ subject }}, {{ definition }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
order by figure, subject, definition
