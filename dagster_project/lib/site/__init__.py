"""The site: the publication as a folder of pages that any host can serve, with the figures behind each.

Not here: what is said and drawn of the whole (report), metrics (sql/), and who serves the folder.
"""
