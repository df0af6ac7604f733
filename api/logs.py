"""How the service logs: one line each, to standard error, without bodies, cookies or tokens.

Invariant: a line is a line: a traceback, or a name with a line break in it, never looks like several.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any


class Lines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def logging_of(form: str) -> dict[str, Any]:
    """For uvicorn's `log_config`: refusals and crashes are told, a page that was read is not."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": Lines},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": form, "stream": "ext://sys.stderr"}
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {"shenpi": {"level": "INFO"}},
    }
