"""The dbt project of sql/: what it says, what one more build has to do, and running dbt.

Not here: the SQL itself (sql/), and its assets and checks in Dagster (defs/sql_models).
"""
