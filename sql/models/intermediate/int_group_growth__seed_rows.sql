{{ config(materialized='view') }}
-- as int_growth__seed_rows, with the publishers that decide who belongs to a family
{% set publishers = 'stg_seeds__publishers' %}

select
    seed,
    row_text
from {{ ref('int_growth__seed_rows') }}
union all
select
    '{{ publishers }}' as seed,
    cast({{ publishers }} as varchar) as row_text
from {{ ref(publishers) }} as {{ publishers }}
