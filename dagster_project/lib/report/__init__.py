"""The published file for people: the report, the documents and the small pictures in the Dagster UI.

Not here: metrics (sql/), and the page that checks a claim (claim).
"""
