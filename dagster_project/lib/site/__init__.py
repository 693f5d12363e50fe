"""The site: a folder of static pages that any host can serve, made from the published file alone.

Not here: the report on one page (report), and what the figures mean (sql/).
"""
