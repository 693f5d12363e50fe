"""What a run says on standard error: the lines that its steps write, without Dagster's own."""

import logging
import sys

import dagster as dg


class _StepLines(logging.Filter):
    """INFO and WARNING of the steps; events are DEBUG, and failures are said once, at the end."""

    def filter(self, record: logging.LogRecord) -> bool:
        return logging.INFO <= record.levelno < logging.ERROR


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
