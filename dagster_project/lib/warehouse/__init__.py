"""The DuckDB file that one writer holds: opening it, and the raw tables in it.

Not here: what fills them (hub, markets, sources), and the SQL models (sql_models).
"""
