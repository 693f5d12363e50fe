"""docs/metrics.md as a page beside the report, for whoever has the published folder and no checkout.

Belongs here: Markdown to HTML.
Does not belong here: what the document says (lib/report/documents), the report (page).
"""

from itertools import pairwise

from markdown_it import MarkdownIt
from markupsafe import Markup

from dagster_project.lib.report import templates
from dagster_project.lib.report.documents import METRICS

NAME = "metrics.html"


def document() -> Markup:
    """The document; each table's heading has the table's name as its anchor."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(METRICS.read_text(encoding="utf-8"))
    for heading, text in pairwise(tokens):
        if heading.type == "heading_open" and heading.tag == "h2":
            heading.attrSet("id", text.content)
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def render_metrics() -> str:
    """The page, which needs no other file."""
    return (
        templates.environment()
        .get_template("metrics_page.html")
        .render(
            title="Model Tide: what every column means",
            style=templates.style(),
            policy=templates.policy("'none'"),
            document=document(),
        )
    )
