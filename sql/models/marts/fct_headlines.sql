-- a headline figure is one row here:
-- figure, unit, mart, subject, definition, value, value_text, condition
{% set figures = [
    ('family_downloads_all_time', 'requests', 'fct_family_adoption_daily',
        'family', 'definition', 'downloads_all_time', 'null', 'not is_interpolated'),
    ('family_downloads_30d', 'requests', 'fct_family_adoption_daily',
        'family', 'definition', 'downloads_30d', 'null', 'not is_interpolated'),
    ('openness_share_models', 'fraction', 'fct_openness_groups_daily',
        'openness_group', 'relations', 'share_models', 'null', 'true'),
    ('openness_share_downloads_30d', 'fraction', 'fct_openness_groups_daily',
        'openness_group', 'relations', 'share_downloads_30d', 'null', 'true'),
    ('openness_share_net_1d', 'fraction', 'fct_openness_groups_daily',
        'openness_group', 'relations', 'share_net_1d', 'null', 'true'),
    ('country_share_downloads_30d', 'fraction', 'fct_country_adoption_daily',
        'country_group', 'country_of', 'share_downloads_30d', 'null', 'true'),
    ('country_share_net_1d', 'fraction', 'fct_country_adoption_daily',
        'country_group', 'country_of', 'share_net_1d', 'null', 'true'),
    ('listed_models', 'models', 'fct_openness_daily',
        "'all'", 'scope', 'models', 'null', 'true'),
    ('listed_downloads_all_time', 'requests', 'fct_openness_daily',
        "'all'", 'scope', 'downloads_all_time', 'null', 'true'),
    ('listed_downloads_30d', 'requests', 'fct_openness_daily',
        "'all'", 'scope', 'downloads_30d', 'null', 'true'),
    ('listed_net_1d', 'requests', 'fct_openness_daily',
        "'all'", 'scope', 'net_1d', 'null', 'true')
] %}

{% for figure, unit, mart, subject, definition, value, value_text, condition in figures %}
    select
        figures.activity_date as about_date,
        '{{ figure }}' as figure,
        {{ subject }} as subject,
        {{ definition }} as definition,
        cast(sum({{ value }}) as double) as value,
        cast(max({{ value_text }}) as varchar) as value_text,
        '{{ unit }}' as unit
    from {{ ref(mart) }} as figures
    where
        {{ condition }}
        and figures.activity_date = (
            select max(days.activity_date) from {{ ref(mart) }} as days
            where {{ condition }}
        )
    group by figures.activity_date, {{ subject }}, {{ definition }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
order by figure, subject, definition
