"""What was said, kept from one run to the next for those who want that (`--remember`)."""

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
    """The latest turns, in a file of the user's that only they can read.

    Args:
        path: The file; None: in the user's folder for data.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_data_path("skydeck") / "talk.json"
        self._turns = self._read()

    @property
    def turns(self) -> list[Remember]:
        """Oldest first."""
        return [
            Remember(0, SPEAKER, turn["heard"], turn["said"], turn["interrupted"])
            for turn in self._turns
        ]

    def recall(self) -> ChatContext:
        """For a new conversation that goes on with the old."""
        recall = ChatContext()
        for turn in self.turns:
            recall.add(turn, "")
        return recall

    def add(self, over: Remember) -> None:
        """A turn is over: keep it."""
        if not over.transcript.strip():
            return
        self._turns.append(
            {"heard": over.transcript, "said": over.reply, "interrupted": over.interrupted}
        )
        del self._turns[:-_MAX_TURNS]
        try:
            write_private(self.path, json.dumps(self._turns, ensure_ascii=False).encode())
        except OSError as e:
            log.warning("the conversation cannot be kept (%s)", e.strerror)

    def forget(self) -> None:
        """Drop all of it, and the file."""
        self._turns = []
        self.path.unlink(missing_ok=True)

    def _read(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self.path.read_bytes()[:_LARGEST])
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as e:
            log.warning("what was said last time cannot be read (%s)", type(e).__name__)
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
