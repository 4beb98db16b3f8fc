"""Keeps what was said from one run to the next, if the person wants it (`--remember`)."""

import json
import logging
from pathlib import Path
from typing import Any, Final

import platformdirs

from bot.local_voice.audio_io import SPEAKER
from bot.local_voice.prefs import write_private
from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.events import Remember

log = logging.getLogger(__name__)

_MAX_TURNS: Final = 50
_LARGEST: Final = 1_000_000


class Memory:
    """The latest turns, in a file that only the user can read.

    Args:
        path: The file; None: one in the user's data folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_data_path("skydeck") / "talk.json"
        self._turns = self._read()

    @property
    def turns(self) -> list[Remember]:
        """The turns, oldest first."""
        return [
            Remember(0, SPEAKER, turn["heard"], turn["said"], turn["interrupted"])
            for turn in self._turns
        ]

    def recall(self) -> ChatContext:
        """The context of a new conversation that continues the last one."""
        recall = ChatContext()
        for turn in self.turns:
            recall.add(turn, "")
        return recall

    def add(self, turn: Remember) -> None:
        """Keep a turn that is over."""
        if not turn.transcript.strip():
            return
        self._turns.append(
            {"heard": turn.transcript, "said": turn.reply, "interrupted": turn.interrupted}
        )
        del self._turns[:-_MAX_TURNS]
        try:
            write_private(self.path, json.dumps(self._turns, ensure_ascii=False).encode())
        except OSError as e:
            log.warning("the conversation cannot be kept (%s)", e.strerror)

    def forget(self) -> None:
        """Drop all turns, and delete the file."""
        self._turns = []
        self.path.unlink(missing_ok=True)

    def _read(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self.path.read_bytes()[:_LARGEST])
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as e:
            log.warning("the last conversation cannot be read (%s)", type(e).__name__)
            return []
        turns = found if isinstance(found, list) else []
        return [turn for turn in turns if _is_turn(turn)][-_MAX_TURNS:]


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and isinstance(turn.get("heard"), str)
        and isinstance(turn.get("said"), str)
        and isinstance(turn.get("interrupted"), bool)
    )
