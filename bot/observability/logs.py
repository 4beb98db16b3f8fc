"""Log lines, plain or as JSON, without keys, tokens, and long blobs."""

import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.settings import LogFormat, Settings
from bot.spans import CURRENT_TRACE

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 6
"""A secret shorter than that is a word like any other."""
_TOKEN = re.compile(r"\b(Bearer|Bot)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s/]+@")
_CALLBACK = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?\"']{8,}")
"""The path of an interaction's answer: whoever has the token in it speaks for the bot there."""
_PAYLOAD = re.compile(r"""(["']token["']\s*:\s*["'])[^"']+""")
"""The same token in an event of the gateway, and a voice server's."""
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{120,}={0,2}")
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redaction:
    """Takes out of a text what nobody may read in a log.

    Args:
        secrets: The values of the settings that are secret.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        words = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._words = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, text: str) -> str:
        """The text that may be written."""
        if self._words is not None:
            text = self._words.sub(HIDDEN, text)
        text = _TOKEN.sub(rf"\1 {HIDDEN}", text)
        text = _CALLBACK.sub(rf"\1{HIDDEN}", text)
        text = _PAYLOAD.sub(rf"\1{HIDDEN}", text)
        text = _PASSWORD.sub(rf"\1{HIDDEN}@", text)
        return _BLOB.sub(lambda found: f"[{len(found[0])} characters]", text)


def secrets_of(settings: Settings) -> list[str]:
    """The value of every setting that is secret, and a database's password by itself."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return found + [word for text in found if (word := _password(text))]


class Plain(logging.Formatter):
    """For people."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback where there is one."""
        return self._redact(super().format(record))


class Json(logging.Formatter):
    """For machines: one object a line."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message; trace_id, error and what else was given."""
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
        return json.dumps(line, ensure_ascii=False)


def set_up_logs(settings: Settings) -> None:
    """Our own words at the level set; other libraries' when something is wrong, or at DEBUG."""
    redact = Redaction(secrets_of(settings))
    level = settings.skydeck_log_level
    handler = logging.StreamHandler()
    is_json = settings.skydeck_log_format is LogFormat.JSON
    handler.setFormatter(Json(redact) if is_json else Plain(redact))
    logging.basicConfig(level=level if level == "DEBUG" else "WARNING", handlers=[handler])
    for name in ("bot", "cogs", "audio"):
        logging.getLogger(name).setLevel(level)


def _password(text: str) -> str | None:
    try:
        return urlsplit(text).password
    except ValueError:
        return None
