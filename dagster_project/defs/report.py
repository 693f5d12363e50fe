"""The report: the published file as one page."""

import logging
from collections.abc import Iterator, Mapping

import dagster as dg

from dagster_project.defs.publish import published
from dagster_project.defs.resources import OWNERS, WRITER
from dagster_project.lib.settings import Settings

REPORT = dg.AssetKey(["published", "report"])
EVERY_SECTION_WAS_MADE = dg.AssetCheckKey(REPORT, "every_section_was_made")
logger = logging.getLogger(__name__)


@dg.multi_asset(
    pool=WRITER,
    specs=[
        dg.AssetSpec(
            REPORT,
            deps=[published],
            group_name="published",
            kinds={"html"},
            owners=OWNERS,
            skippable=True,  # tables are published without a report rather than not at all
            description="The answers as charts on one self-contained page: published/report.html.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            EVERY_SECTION_WAS_MADE.name,
            asset=REPORT,
            description="No section of the report failed; one that has no data yet says why and passes.",
        )
    ],
)
def report(
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """One page from the published file; what fails in it is said on the page and by the check."""
    from dagster_project.lib.report.make import ReportError, make_report  # Altair: a second to import

    try:
        made = make_report(settings)
    except ReportError as error:
        logger.info(str(error))
        yield _check({"report": str(error)})
        return
    logger.info(f"report: {made.path}")
    yield dg.MaterializeResult(
        asset_key=REPORT,
        metadata={
            "path": dg.MetadataValue.path(str(made.path)),
            "bytes": made.size_bytes,
            "sections_drawn": len(made.drawn),
            "sections_without_data": dg.MetadataValue.json(dict(made.empty)),
            "sections_failed": dg.MetadataValue.json(dict(made.failed)),
        },
    )
    yield _check(made.failed)


def _check(failed: Mapping[str, str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=REPORT,
        check_name=EVERY_SECTION_WAS_MADE.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{section}: {error}" for section, error in failed.items()),
        metadata={"failed": len(failed)},
    )
