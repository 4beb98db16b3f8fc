"""Formats log lines, plain or as JSON, without keys and tokens."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.redaction import HIDDEN, Redaction
from bot.sanitize import clean, clean_line, escape_json
from bot.settings import LogFormat, Settings
from bot.spans import CURRENT_TRACE
from bot.terminal import is_unicode

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


SHOWN_DIGITS: Final = 8
"""How much of a request's id a line for people has; JSON and traces have all of it."""
_LOG_VALUES: Final = ("aiosqlite", "asyncpg", "sqlalchemy", "alembic")
"""At DEBUG these log the values of every statement: people's words and interaction tokens."""


def secrets_of(settings: Settings) -> list[str]:
    """The values of all secret settings, and the password in the database URL by itself."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return found + [word for text in found if (word := _password(text))]


class Plain(logging.Formatter):
    """Plain lines, for people."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback if there is one."""
        return clean(self._redact(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line, in which untrusted text cannot fake another log line."""
        if trace_id := CURRENT_TRACE.get():
            record.message = f"[{trace_id[:SHOWN_DIGITS]}] {record.message}"
        first, *rest = clean(super().formatMessage(record)).split("\n")
        return "\n".join([clean_line(first), *(f"  {line}" for line in rest)])


class Json(logging.Formatter):
    """JSON lines, for machines.

    Args:
        ascii_only: Write all other characters as escapes, for a stream that lacks them.
    """

    def __init__(self, redact: Redaction, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._redact = redact
        self._ascii_only = ascii_only

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, trace_id, error, and any extra fields."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            name: self._redact(str(value))
            for name, value in vars(record).items()
            if name not in _OWN
        }
        line |= {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if trace_id := CURRENT_TRACE.get():
            line["trace_id"] = trace_id
        if record.exc_info:
            line["error"] = self._redact(self.formatException(record.exc_info))
        return escape_json(json.dumps(line, ensure_ascii=self._ascii_only))


__all__ = ["HIDDEN", "Json", "Plain", "Redaction", "secrets_of", "set_up_logs"]


def set_up_logs(settings: Settings) -> None:
    """Log our own lines at the level set, and other libraries' from WARNING, or at DEBUG.

    Database statements are never logged at any level, since their values are personal data.
    """
    redact = Redaction(secrets_of(settings))
    level = settings.skydeck_log_level
    handler = logging.StreamHandler()
    is_json = settings.skydeck_log_format is LogFormat.JSON
    as_json = Json(redact, ascii_only=not is_unicode(handler.stream))
    handler.setFormatter(as_json if is_json else Plain(redact))
    logging.basicConfig(level=level if level == "DEBUG" else "WARNING", handlers=[handler])
    for name in ("bot", "cogs", "audio"):
        logging.getLogger(name).setLevel(level)
    for name in _LOG_VALUES:
        logging.getLogger(name).setLevel(logging.WARNING)


def _password(text: str) -> str | None:
    try:
        return urlsplit(text).password
    except ValueError:
        return None
