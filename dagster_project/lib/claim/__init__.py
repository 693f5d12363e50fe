"""One page of text that checks a published claim.

Not here: fetching what a claim rests on (dagster_project/claim.py).
"""
