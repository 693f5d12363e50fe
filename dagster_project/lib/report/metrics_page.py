"""docs/metrics.md as a page beside the report, for whoever has the published folder and no checkout.

Belongs here: Markdown to HTML.
Does not belong here: what the document says (lib/docs), the report (page).
"""

from itertools import pairwise
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

HERE = Path(__file__).parent
METRICS = Path(__file__).parents[3] / "docs" / "metrics.md"
NAME = "metrics.html"


def render_metrics() -> str:
    """The page; each table's heading has the table's name as its anchor."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(METRICS.read_text(encoding="utf-8"))
    for heading, text in pairwise(tokens):
        if heading.type == "heading_open" and heading.tag == "h2":
            heading.attrSet("id", text.content)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((HERE / "metrics_page.html").read_text())
    return template.render(
        style=Markup((HERE / "page.css").read_text()),
        document=Markup(markdown.renderer.render(tokens, markdown.options, {})),
    )
