"""What readers get: the published file, its Parquet, the ledger of what was said, and word when it is stale.

Not here: the report on what is published (report).
"""
