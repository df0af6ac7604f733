"""How the service logs: one line each, to standard error, without bodies, cookies, tokens or addresses."""

from __future__ import annotations

from typing import Any

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
    },
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"shenpi": {"level": "INFO"}},
}
"""For uvicorn's `log_config`: refusals and crashes are told, a page that was read is not."""
