"""What a run says on standard error: the lines that its steps write, without Dagster's own."""

import logging
import sys
from pathlib import Path

import dagster as dg
from dagster._core import log_manager

OURS = Path(__file__).parents[1]
PASSING_ON = (__file__, logging.__file__, log_manager.__file__)


class _StepLines(logging.Filter):
    """What our own steps say; libraries' lines are in the run log, and failures are said once, at the end."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR and Path(_caller()).is_relative_to(OURS)


def _caller() -> str:
    """File of the line that logs; the record itself names Dagster's log manager, which passes it on."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename in PASSING_ON:
        frame = frame.f_back
    return frame.f_code.co_filename


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
