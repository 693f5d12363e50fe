"""What a run says on standard error: the lines that its steps write, without Dagster's own."""

import logging
import sys
from pathlib import Path

import dagster as dg

OURS = Path(__file__).parents[1]


class _StepLines(logging.Filter):
    """What our own steps say; libraries' lines are in the run log, and failures are said once, at the end."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR and Path(record.pathname).is_relative_to(OURS)


@dg.logger(config_schema={"log_level": dg.Field(str, default_value="INFO")})
def plain_lines(context: dg.InitLoggerContext) -> logging.Logger:
    """One plain line per message of a step."""
    logger = logging.Logger("model-tide", context.logger_config["log_level"])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("%(asctime)s %(message)s", "%H:%M:%S"))
    handler.addFilter(_StepLines())
    logger.addHandler(handler)
    return logger


class _PlainFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", None) or {}
        record.msg, record.args = meta.get("orig_message", record.getMessage()), None
        return super().format(record)


@dg.definitions
def console() -> dg.Definitions:
    """Takes the place of Dagster's own console logger in every job."""
    return dg.Definitions(loggers={"console": plain_lines})
