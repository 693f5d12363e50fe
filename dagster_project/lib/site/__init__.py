"""The published file as a site of static files that any host can serve.

Not here: what a page of the report says (report), and which tables may leave the data home (publish).
"""
