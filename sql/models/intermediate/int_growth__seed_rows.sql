{{ config(materialized='view') }}
-- every row of the seeds that decide a growth figure: a changed one restates all days
{{ rows_of_seeds(['stg_seeds__growth_thresholds', 'stg_seeds__counting_rule_changes']) }}
