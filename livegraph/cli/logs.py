"""What is logged, and how it looks on stderr."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class ToStderr(logging.Handler):
    """Writes to what `sys.stderr` is at the moment, so that a line stands above the live table, not in it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


class JsonLines(logging.Formatter):
    """An object per line: `time` (ISO 8601, UTC), `level`, `logger`, `message`, and `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            said["exception"] = record.exc_text
        return json.dumps(said, ensure_ascii=False)


def log_to_stderr(*, verbose: bool, quiet: bool, json_lines: bool = False) -> None:
    """livegraph's own log at the level that was asked for; other packages' warnings. `json_lines`: what is said to a
    person is logged as well.
    """
    usual = logging.INFO if json_lines else logging.WARNING
    level = logging.DEBUG if verbose else logging.ERROR if quiet else usual
    handler = ToStderr()
    handler.setFormatter(JsonLines() if json_lines else logging.Formatter("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("livegraph").setLevel(level)


__all__ = ["JsonLines", "ToStderr", "log_to_stderr"]
