"""The conversation as it is shown and saved: entries that grow, and the sound of each turn."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from audio.speech_events import Clip
from bot.i18n import words_for
from bot.local_voice.view import Entry, Kind
from bot.voice_agent.events import SendRequest, Stage, TurnUpdate

MAX_ENTRIES: Final = 500
"""So many are kept; the oldest go first."""
MAX_SOUND_BYTES: Final = 64_000_000
"""So much sound is kept for saving: about four hours of it. The oldest goes first."""

_OVER: Final = frozenset(
    {Stage.DONE, Stage.INTERRUPTED, Stage.NOT_FOR_US, Stage.NOTHING_HEARD, Stage.FAILED}
)
_PROGRESS: Final = {
    Stage.WAITING_FOR_WORKER: "waiting for a worker to start",
    Stage.NOTHING_HEARD: "nothing was heard",
    Stage.NOT_FOR_US: "nothing to answer",
}


@dataclass(slots=True)
class Sound:
    """What was heard and said aloud in one turn.

    Attributes:
        question: The person's clip, as Ogg Opus; None when it was typed.
        answer: The assistant's Opus packets, 20 ms each, as far as they came.
    """

    question: bytes | None = None
    answer: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.question or b"") + sum(len(packet) for packet in self.answer)


class Transcript:
    """Takes in how turns stand (`Face`) and what is asked and answered (`Witness`).

    For the event loop's thread.

    Attributes:
        cost_usd: What the services say that everything has cost.
        stage: How far the newest turn is; None before the first.
    """

    def __init__(self) -> None:
        self.cost_usd = 0.0
        self.stage: Stage | None = None
        self._entries: dict[int, Entry] = {}
        self._numbers = count(1)
        self._of_turn: dict[int, int] = {}  # a turn's entry
        self._turn_of: deque[tuple[int, int]] = deque(maxlen=64)  # ask, turn
        self._asked: set[int] = set()
        self._sounds: dict[int, Sound] = {}
        self._is_typed: set[int] = set()

    # -- what is shown ---------------------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them, oldest first."""
        return tuple(self._entries.values())

    @property
    def is_asking(self) -> bool:
        """Whether a turn has been asked of which nothing is known yet."""
        return bool(self._asked)

    @property
    def latest_answer(self) -> str:
        """The newest answer or result that has words."""
        for entry in reversed(self._entries.values()):
            if entry.answered and entry.kind in (Kind.TURN, Kind.TASK):
                return entry.answered
        return ""

    def add(self, kind: Kind, *, asked: str = "", answered: str = "", progress: str = "") -> int:
        """A new entry; a note and an error are over at once. Its number."""
        number = next(self._numbers)
        is_over = kind in (Kind.NOTE, Kind.ERROR)
        self._put(Entry(number, kind, asked, answered, progress, is_over))
        return number

    def change(self, number: int, **changes: object) -> None:
        """Change an entry, if it is still kept."""
        if entry := self._entries.get(number):
            self._entries[number] = replace(entry, **changes)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self.add(Kind.NOTE, answered=text)

    def error(self, text: str) -> None:
        """What went wrong, and what to do next."""
        self.add(Kind.ERROR, answered=text)

    def _put(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        while len(self._entries) > MAX_ENTRIES:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
            self._sounds.pop(oldest, None)

    # -- Face ------------------------------------------------------------------------------------

    def show(self, show: TurnUpdate) -> None:
        """How a turn stands now."""
        self.stage = show.stage
        self._asked.discard(show.turn_id)
        is_over = show.stage in _OVER
        entry = Entry(
            self._entry_of(show.turn_id),
            Kind.TURN,
            asked=show.transcript,
            answered=show.reply,
            progress=_PROGRESS.get(show.stage, ""),
            is_over=is_over,
            was_cut=show.stage is Stage.INTERRUPTED,
            spoken=show.turn_id not in self._is_typed,
        )
        self._put(entry)
        if show.stage is Stage.FAILED:
            self.error(reason(show.error_code))
        if is_over:
            self._of_turn.pop(show.turn_id, None)
            self._is_typed.discard(show.turn_id)

    def trouble(self, kind: str) -> None:
        """The line has no troubles of its own: `Audio` tells those of devices."""

    def _entry_of(self, turn: int) -> int:
        if turn not in self._of_turn:
            self._of_turn[turn] = next(self._numbers)
        return self._of_turn[turn]

    # -- Witness ---------------------------------------------------------------------------------

    def asked(self, ask: SendRequest) -> None:
        """A turn goes to the service."""
        self._turn_of.append((ask.request_id, ask.turn_id))
        if not ask.preemptive:
            self._asked.add(ask.turn_id)
        if ask.clip is None:
            self._is_typed.add(ask.turn_id)
        else:
            self._sound(ask.turn_id).question = _file(ask.clip)

    def answered(self, ask: int, packets: Sequence[bytes]) -> None:
        """More of an answer goes to the loudspeaker."""
        for known, turn in self._turn_of:
            if known == ask:
                self._sound(turn).answer.extend(packets)
        self._forget_oldest_sound()

    def charged(self, cost_usd: float) -> None:
        """A call has cost so much."""
        self.cost_usd += cost_usd

    def give_up(self) -> None:
        """Everything was stopped: nothing is awaited any more."""
        self._asked.clear()

    # -- sound -----------------------------------------------------------------------------------

    def sound_of(self, entry: int) -> Sound | None:
        """What is kept of an entry's sound."""
        return self._sounds.get(entry)

    def _sound(self, turn: int) -> Sound:
        return self._sounds.setdefault(self._entry_of(turn), Sound())

    def _forget_oldest_sound(self) -> None:
        size = sum(sound.size for sound in self._sounds.values())
        while len(self._sounds) > 1 and size > MAX_SOUND_BYTES:
            size -= self._sounds.pop(next(iter(self._sounds))).size


def reason(code: str | None) -> str:
    """An error's code in words."""
    words = words_for(None)
    key = f"errors.{code}"
    return words(key) if code and words.has(key) else words("errors.unexpected")


def _file(clip: Clip) -> bytes:
    """The packets came from our own encoder: they always make a file."""
    return clip.file()
