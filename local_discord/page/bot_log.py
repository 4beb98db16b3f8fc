"""The bot's log as `SKYDECK_LOG_FORMAT=json` writes it, and the spoken turns in it. Pure."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final

from local_discord.values import Json

LINES_MAX: Final = 100
LINE_MAX_CHARS: Final = 2000
TURNS_MAX: Final = 10
PHASES_MAX: Final = 24
NAME_MAX_CHARS: Final = 80
MS_MAX: Final = 24 * 3600 * 1000
TURN: Final = "turn "


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line.

    Attributes:
        message: What it says, with the traceback if it has one.
        level: As `WARNING`; empty: it is no line of the log, but something that the bot wrote.
        logger: Who says it.
        time: UTC, as ISO 8601 writes it.
    """

    message: str
    level: str = ""
    logger: str = ""
    time: str = ""

    @classmethod
    def read(cls, line: str) -> LogLine:
        """Read a line; one that is no JSON is kept as it is."""
        read = _read(line)
        message, error = read.get("message"), read.get("error")
        if not isinstance(message, str):
            return cls(line)
        words = f"{message}\n{error}" if isinstance(error, str) else message
        told = {key: _short(read.get(key)) for key in ("level", "logger", "time")}
        return cls(words, **told)

    def is_for(self, level: str) -> bool:
        """Whether who wants lines of a level and above wants this one."""
        known = logging.getLevelNamesMapping()
        return not self.level or known.get(self.level, logging.CRITICAL) >= known[level.upper()]

    def __str__(self) -> str:
        return f"{self.level} {self.logger}: {self.message}" if self.level else self.message


class BotLog:
    """The latest lines and turns, for the panel.

    Attributes:
        lines: The latest: `number`, `time`, `level`, `logger`, `message`.
        turns: The latest spoken turns, as `TurnTrace.to_json` writes them, with `time`.
    """

    def __init__(self) -> None:
        self.lines: deque[Json] = deque(maxlen=LINES_MAX)
        self.turns: deque[Json] = deque(maxlen=TURNS_MAX)
        self._number = 0

    def take(self, line: LogLine) -> None:
        """Note a line."""
        if not line.message.strip():
            return
        self._number += 1
        told = {"time": line.time, "level": line.level, "logger": line.logger}
        message = line.message[:LINE_MAX_CHARS]
        self.lines.append({"number": self._number, **told, "message": message})
        if line.message.startswith(TURN):
            self._take_turn(_read(line.message.removeprefix(TURN)), line.time)

    def _take_turn(self, turn: Json, time: str) -> None:
        steps = _steps(turn)
        if not steps:
            return
        self.turns.append(
            {
                "kind": "spoken",
                "time": time,
                "total_ms": _number(turn.get("total_ms")),
                "own_ms": _number(turn.get("own_ms")),
                "steps": steps,
                "service_ms": _numbers(turn.get("service_ms")),
            }
        )


def _read(text: str) -> Json:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _short(value: object) -> str:
    return value[:NAME_MAX_CHARS] if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= MS_MAX else None


def _numbers(value: object) -> dict[str, float]:
    pairs = list(value.items())[:PHASES_MAX] if isinstance(value, dict) else []
    read = ((_short(name), _number(one)) for name, one in pairs)
    return {name: one for name, one in read if one is not None}


def _steps(turn: Json) -> list[Json]:
    """A spoken turn's phases, which follow one another without a gap."""
    lengths, owners = _numbers(turn.get("phases")), turn.get("owners")
    steps: list[Json] = []
    begins = 0.0
    for name, lasts in lengths.items():
        owner = _short(owners.get(name)) if isinstance(owners, dict) else ""
        steps.append({"name": name, "owner": owner, "begins_ms": begins, "lasts_ms": lasts})
        begins += lasts
    return steps
