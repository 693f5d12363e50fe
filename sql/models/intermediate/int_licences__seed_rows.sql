{{ config(materialized='view') }}
-- every row of the seeds that decide a licence: a changed one classifies every model anew
{{ rows_of_seeds(['stg_seeds__licences', 'stg_seeds__named_licences']) }}
