"""What every page of the site leads to.

Belongs here: the addresses of the site's own pages. Does not belong here: pages about one thing (pages).
"""

MENU = {
    "index.html": "Report",
    "claims/index.html": "Claims",
    "stories/index.html": "Stories",
    "families/index.html": "Families",
    "publishers/index.html": "Publishers",
    "changes.html": "What changed",
    "sql.html": "Ask by SQL",
    "metrics.html": "Data dictionary",
}
