{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_window('snapshot_date', days='int_snapshot_days__judged') }}",
    post_hook="{{ close_window(days='int_snapshot_days__judged') }}"
) }}

-- depends_on: {{ ref('int_snapshot_days__judged') }}

{% set first_day = first_day_to_build(days='int_snapshot_days__judged') if is_incremental()
    else "date '0001-01-01'" %}

select
    downloads.observed_date as snapshot_date,
    downloads.activity_date,
    states.publisher,
    sum(downloads.net) as net
from {{ ref('int_model_downloads__daily') }} as downloads
inner join {{ ref('int_models__states') }} as states
    on
        downloads.model_key = states.model_key
        and downloads.observed_date >= states.valid_from
        and (states.valid_to is null or downloads.observed_date < states.valid_to)
where
    downloads.observed_date >= {{ first_day }}
    and downloads.net is not null
    and states.publisher is not null
group by downloads.observed_date, downloads.activity_date, states.publisher
order by downloads.observed_date
