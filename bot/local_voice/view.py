"""What a person at the microphone sees, as values: the terminal app and plain lines show these."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.voice_agent.turn_latency import Phase


class TalkMode(StrEnum):
    """When the microphone counts.

    KEY: between a press and its end (`bot.local_voice.push_to_talk`). HANDS_FREE: whenever somebody
    speaks.
    """

    KEY = "key"
    HANDS_FREE = "hands-free"


class Doing(StrEnum):
    """What is going on, for who looks.

    LOADING: the models are being loaded. READY: a press, or a voice, begins a turn. PAUSED: hands
    free, but not listening. RECORDING: what is said goes into a turn. WAITING: no worker is up yet.
    THINKING: asked, and nothing has come. ANSWERING: the answer comes, or sounds.
    """

    LOADING = "loading"
    READY = "ready"
    PAUSED = "paused"
    RECORDING = "recording"
    WAITING = "waiting"
    THINKING = "thinking"
    ANSWERING = "answering"


class Kind(StrEnum):
    """What an entry of the conversation is.

    TURN: a question and its answer. TASK: a `/command` and its result. NOTE: something worth
    knowing. ERROR: what went wrong, and what to do next.
    """

    TURN = "turn"
    TASK = "task"
    NOTE = "note"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the conversation; it grows while it is made, under the same number.

    Attributes:
        number: Its own; never used again.
        kind: What it is.
        asked: What the person said or typed, as far as it is known; empty for a note.
        answered: The answer, or the words of a note, so far.
        progress: How it stands while it is not over ("iteration 2 of 4, score 0.6").
        is_over: Nothing more comes.
        was_cut: The answer was stopped before its end.
        spoken: Whether it was asked aloud, not typed.
    """

    number: int
    kind: Kind
    asked: str = ""
    answered: str = ""
    progress: str = ""
    is_over: bool = False
    was_cut: bool = False
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A microphone or a loudspeaker that can be chosen.

    Attributes:
        name: As it is chosen by; None: the system's default, whichever that is.
        label: For people.
    """

    name: str | None
    label: str


@dataclass(frozen=True, slots=True)
class View:
    """All that a face shows at one moment.

    Attributes:
        person: Who speaks.
        assistant: Who answers.
        place: Where the services run, in a few words ("this machine", "RunPod").
        mode: When the microphone counts.
        doing: What is going on.
        level_dbfs: How loud the microphone is now, from -60 (silence) to 0.
        recording_s: How long the present recording is, in seconds; 0 when there is none.
        can_hear: Whether a microphone is open.
        can_play: Whether a loudspeaker is open.
        microphone: Which was chosen; None: the system's default.
        loudspeaker: Which was chosen; None: the system's default.
        trouble: What is wrong with a device, in words; empty when nothing is.
        entries: The conversation, oldest first.
        phases: The latest turn's time, from the question's last sound to the answer's first.
        cost_usd: What the services say that this conversation has cost so far.
        has_release: Whether this terminal tells when a key is let go: hold works.
        language: The ISO 639-1 code spoken; None: found out from each question.
        voice: The voice of the answers; None: by language.
    """

    person: str
    assistant: str
    place: str
    mode: TalkMode = TalkMode.KEY
    doing: Doing = Doing.LOADING
    level_dbfs: float = -60.0
    recording_s: float = 0.0
    can_hear: bool = False
    can_play: bool = False
    microphone: str | None = None
    loudspeaker: str | None = None
    trouble: str = ""
    entries: tuple[Entry, ...] = ()
    phases: tuple[Phase, ...] = ()
    cost_usd: float = 0.0
    has_release: bool = False
    language: str | None = None
    voice: str | None = None


class TalkControl(Protocol):
    """What a face drives. For the event loop's thread; what is not async returns at once.

    The real one is `bot.local_voice.controller.TalkDesk`.
    """

    def view(self) -> View:
        """How things stand; cheap, to be asked ten times a second."""
        ...

    def key_down(self) -> None:
        """The talk key is pressed, or repeats. Hands free: pause listening, or go on."""
        ...

    def key_up(self) -> None:
        """The talk key is let go; only from terminals that tell."""
        ...

    def saw_release(self) -> None:
        """This terminal tells when a key is let go."""
        ...

    def stop(self) -> None:
        """No more of the answer, of the task that runs, or of the recording: Esc."""
        ...

    def submit(self, text: str) -> None:
        """What was typed: a question, or a `/command`; what is wrong with it becomes an entry."""
        ...

    def completions(self, text: str) -> list[str]:
        """What the typed beginning of a `/command` can become, best first."""
        ...

    def set_mode(self, mode: TalkMode) -> None:
        """When the microphone counts from now on; remembered."""
        ...

    def microphones(self) -> list[AudioDevice]:
        """Those to choose from; the default comes first."""
        ...

    def loudspeakers(self) -> list[AudioDevice]:
        """Those to choose from; the default comes first."""
        ...

    def choose_microphone(self, name: str | None) -> None:
        """Listen to this one from now on; remembered."""
        ...

    def choose_loudspeaker(self, name: str | None) -> None:
        """Play on this one from now on; remembered."""
        ...

    async def test_loudspeaker(self) -> str:
        """Play a short tone; what came of it, in words."""
        ...

    async def test_microphone(self) -> str:
        """Record two seconds and play them back; what came of it, in words."""
        ...

    def voices(self) -> list[AudioDevice]:
        """Voices to choose from, as name and label; the first is None: by language."""
        ...

    def set_voice(self, name: str | None) -> None:
        """The voice of answers from now on; remembered."""
        ...

    def languages(self) -> list[AudioDevice]:
        """Languages to choose from, as code and label; the first is None: found out."""
        ...

    def set_language(self, code: str | None) -> None:
        """The language spoken from now on; remembered."""
        ...

    def latest_answer(self) -> str:
        """For the clipboard; empty when there is none."""
        ...

    async def save(self) -> str:
        """Write the conversation as Markdown with its audio; where, in words for a notice."""
        ...
