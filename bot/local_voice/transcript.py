"""The transcript that is shown and saved: entries that grow, and the sound of each turn."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from audio.speech_events import Clip
from bot.contract import Service
from bot.errors import OverBudget, ServiceDown, SkydeckError
from bot.i18n import DEFAULT, Words, words_for
from bot.local_voice.in_words import in_words
from bot.local_voice.view import Entry, Kind
from bot.voice_agent.events import Asked, PerformCommands, Stage, TurnUpdate

MAX_ENTRIES: Final = 500
"""The transcript drops its oldest entries beyond this number."""
MAX_SOUND_BYTES: Final = 64_000_000
"""About four hours of sound; the transcript drops the oldest beyond it."""

_OVER: Final = frozenset(
    {Stage.DONE, Stage.INTERRUPTED, Stage.NOT_FOR_US, Stage.NOTHING_HEARD, Stage.FAILED}
)
_PROGRESS: Final = {
    Stage.WAITING_FOR_WORKER: "talk.progress.waiting",
    Stage.NOTHING_HEARD: "talk.progress.nothing_heard",
    Stage.NOT_FOR_US: "talk.progress.not_for_us",
}


@dataclass(slots=True)
class Sound:
    """The sound of one turn.

    Attributes:
        question: The person's clip, as Ogg Opus; None if they typed.
        answer: The assistant's Opus packets so far, 20 ms each.
    """

    question: bytes | None = None
    answer: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.question or b"") + sum(len(packet) for packet in self.answer)


class Transcript:
    """A session's `TranscriptView` and `SessionRecorder`. For the event loop's thread.

    Attributes:
        cost_usd: The sum of the costs that the services report.
        stage: The stage of the newest turn; None before the first.
        words: The words of the person's language, for what is added from now on.
        why_unheard: Says why a spoken turn has no words; empty: nobody knows.
    """

    def __init__(self) -> None:
        self.words: Words = words_for(DEFAULT)
        self.why_unheard: Callable[[], str] = str
        self.cost_usd = 0.0
        self.stage: Stage | None = None
        self._entries: dict[int, Entry] = {}
        self._begun_after = 0
        self._numbers = count(1)
        self._entry_of_turn: dict[int, int] = {}
        self._requests: deque[tuple[int, int]] = deque(maxlen=64)  # the ids of request and turn
        self._asked: set[int] = set()
        self._sounds: dict[int, Sound] = {}
        self._is_typed: set[int] = set()

    # -- entries ---------------------------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        return tuple(self._entries.values())

    @property
    def conversation(self) -> tuple[Entry, ...]:
        """What was said since the present conversation began, without notes and errors."""
        return tuple(
            entry
            for entry in self._entries.values()
            if entry.number > self._begun_after and entry.kind in (Kind.TURN, Kind.TASK)
        )

    def begin(self) -> None:
        """Begin a new conversation: the entries so far do not belong to it."""
        self._begun_after = max(self._entries, default=0)

    @property
    def is_asking(self) -> bool:
        """Whether a request is out, and nothing has come back yet."""
        return bool(self._asked)

    @property
    def latest_answer(self) -> str:
        """The newest answer or result that has text."""
        for entry in reversed(self._entries.values()):
            if entry.answered and entry.kind in (Kind.TURN, Kind.TASK):
                return entry.answered
        return ""

    def add(
        self,
        kind: Kind,
        *,
        asked: str = "",
        answered: str = "",
        progress: str = "",
        service: Service | None = None,
        module: str = "",
    ) -> int:
        """Add an entry, and return its number; a note or an error is over at once."""
        number = next(self._numbers)
        is_over = kind in (Kind.NOTE, Kind.ERROR)
        entry = Entry(number, kind, asked, answered, progress, is_over)
        self._put(replace(entry, service=service, module=module))
        return number

    def change(self, number: int, **changes: object) -> None:
        """Change an entry if the transcript still has it."""
        if entry := self._entries.get(number):
            self._entries[number] = replace(entry, **changes)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        """Add something worth knowing."""
        self.add(Kind.NOTE, answered=text)

    def error(self, what: str | SkydeckError) -> None:
        """Add what went wrong, and what to do next."""
        text = what if isinstance(what, str) else in_words(what, self.words)
        self.add(Kind.ERROR, answered=text)

    def _put(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        while len(self._entries) > MAX_ENTRIES:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
            self._sounds.pop(oldest, None)

    # -- TranscriptView --------------------------------------------------------------------------

    def show(self, update: TurnUpdate) -> None:
        """Show the new state of a turn."""
        self.stage = update.stage
        self._asked.discard(update.turn_id)
        is_over = update.stage in _OVER
        entry = Entry(
            self._entry_of(update.turn_id),
            Kind.TURN,
            asked=update.transcript,
            answered=update.reply,
            progress=self._progress(update),
            is_over=is_over,
            was_cut=update.stage is Stage.INTERRUPTED,
            spoken=update.turn_id not in self._is_typed,
        )
        self._put(entry)
        if update.stage is Stage.FAILED:
            self.error(reason(update.error, self.words))
        if is_over:
            self._entry_of_turn.pop(update.turn_id, None)
            self._is_typed.discard(update.turn_id)

    def _progress(self, update: TurnUpdate) -> str:
        key = _PROGRESS.get(update.stage)
        if key is None:
            return ""
        is_unheard = update.stage is Stage.NOTHING_HEARD and update.turn_id not in self._is_typed
        return (self.why_unheard() if is_unheard else "") or self.words(key)

    def trouble(self, kind: str) -> None:
        """Do nothing: there is no connection, and `View.trouble` reports faults of devices."""

    def _entry_of(self, turn_id: int) -> int:
        if turn_id not in self._entry_of_turn:
            self._entry_of_turn[turn_id] = next(self._numbers)
        return self._entry_of_turn[turn_id]

    # -- SessionRecorder -------------------------------------------------------------------------

    def asked(self, request: Asked) -> None:
        """Record a request that goes to the service, or commands."""
        self._requests.append((request.request_id, request.turn_id))
        if isinstance(request, PerformCommands):
            if request.is_written:
                self._is_typed.add(request.turn_id)
            return
        if not request.preemptive:
            self._asked.add(request.turn_id)
        if request.clip is None:
            self._is_typed.add(request.turn_id)
        else:
            self._sound(request.turn_id).question = _file(request.clip)

    def answered(self, request_id: int, packets: Sequence[bytes]) -> None:
        """Record a piece of an answer that goes to the loudspeaker."""
        for known, turn_id in self._requests:
            if known == request_id:
                self._sound(turn_id).answer.extend(packets)
        self._forget_oldest_sound()

    def charged(self, cost_usd: float) -> None:
        """Add the cost of a call."""
        self.cost_usd += cost_usd

    def give_up(self) -> None:
        """Stop waiting for requests: the person has stopped everything."""
        self._asked.clear()

    # -- sound -----------------------------------------------------------------------------------

    def sound_of(self, entry: int) -> Sound | None:
        """An entry's sound; None if the transcript has none."""
        return self._sounds.get(entry)

    def _sound(self, turn_id: int) -> Sound:
        return self._sounds.setdefault(self._entry_of(turn_id), Sound())

    def _forget_oldest_sound(self) -> None:
        size = sum(sound.size for sound in self._sounds.values())
        while len(self._sounds) > 1 and size > MAX_SOUND_BYTES:
            size -= self._sounds.pop(next(iter(self._sounds))).size


def reason(error: Exception | None, words: Words) -> str:
    """Say what went wrong with a turn, in few words unless there are figures to tell."""
    if not isinstance(error, SkydeckError):
        return words("errors.unexpected")
    text = words.texts.get(f"errors.{error.code}", "{")
    has_figures = "{" in text or isinstance(error, OverBudget | ServiceDown)
    return in_words(error, words) if has_figures else text


def _file(clip: Clip) -> bytes:
    return clip.file()
