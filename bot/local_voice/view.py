"""What the person at the microphone sees, as values for the terminal app and for line mode."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.contract import Service
from bot.i18n import DEFAULT
from bot.local_voice.hearing import Hearing
from bot.local_voice.load_progress import LoadStep
from bot.voice_agent.latency_phase import Phase

PERSON: Final = "You"
"""The name of the person at the microphone."""


class TalkMode(StrEnum):
    """When the microphone is live.

    KEY: while the talk key says so (`bot.local_voice.push_to_talk`). HANDS_FREE: whenever somebody
    speaks.
    """

    KEY = "key"
    HANDS_FREE = "hands-free"


class Theme(StrEnum):
    """The colours of the screen.

    TERMINAL: the terminal's own, with one accent. DARK, LIGHT: ours. NONE: none at all.
    """

    TERMINAL = "terminal"
    DARK = "dark"
    LIGHT = "light"
    NONE = "none"


class Doing(StrEnum):
    """What is going on.

    LOADING: the models are being loaded. READY: a press or a voice begins a turn. PAUSED: the
    person has paused hands-free listening. RECORDING: a turn is being recorded. WAITING: no worker
    is up yet. THINKING: the service has not begun to answer. ANSWERING: the answer comes or plays.
    """

    LOADING = "loading"
    READY = "ready"
    PAUSED = "paused"
    RECORDING = "recording"
    WAITING = "waiting"
    THINKING = "thinking"
    ANSWERING = "answering"


class Kind(StrEnum):
    """The kind of an entry.

    TURN: a question and its answer. TASK: a `/command` and its result. NOTE: something worth
    knowing. ERROR: what went wrong, and what to do next.
    """

    TURN = "turn"
    TASK = "task"
    NOTE = "note"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the transcript; while it grows, it keeps its number.

    Attributes:
        number: Its number, which is never used again.
        asked: What the person said or typed, as far as it is known; empty for a note.
        answered: The answer, or the text of a note, so far.
        progress: The state of an entry that is not over ("Iteration 2 of 4: improving").
        was_cut: Whether the answer was stopped before its end.
        spoken: Whether the person spoke instead of typing.
        progress_by_language: Each language with `progress` in it, to be read aloud.
        service: Which service does a task; None: it is none.
        module: Which of its modules.
    """

    number: int
    kind: Kind
    asked: str = ""
    answered: str = ""
    progress: str = ""
    is_over: bool = False
    was_cut: bool = False
    spoken: bool = False
    progress_by_language: tuple[tuple[str, str], ...] = ()
    service: Service | None = None
    module: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A device, a language, a voice or a mode that the person can choose.

    Attributes:
        name: Identifies it; None: the default.
        label: The text that the person sees.
    """

    name: str | None
    label: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of the menu that "/" opens.

    Attributes:
        text: What the input line holds once the person has taken it.
        label: What is listed.
        about: What it does, in a few words.
    """

    text: str
    label: str
    about: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the person sees at one moment.

    Attributes:
        place: Where the services run, in a few words ("this machine", "RunPod").
        level_dbfs: How loud the microphone is, from -60 (silence) to 0.
        recording_s: How long the present recording is; 0 if there is none.
        can_hear: Whether a microphone is open.
        can_play: Whether a loudspeaker is open.
        microphone: The chosen microphone; None: the system's default.
        loudspeaker: The chosen loudspeaker; None: the system's default.
        trouble: What is wrong with a device, in words; empty if nothing is.
        entries: The transcript, oldest first.
        phases: The latest turn's time, from the question's last sound to the answer's first.
        cost_usd: What the services say that this conversation has cost so far.
        has_release: Whether this terminal reports when a key is released, so that holding works.
        language: The ISO 639-1 code of what the person speaks; None: detected in each question.
        voice: The voice of the answers; None: by language.
        interface: The language of the screen, by its code.
        shows_times: Whether the person wants to see where a turn's time went.
        loading: What is being loaded, while it is.
        hearing: What the microphone hears, before the first entry.
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
    interface: str = DEFAULT
    theme: Theme = Theme.TERMINAL
    shows_times: bool = False
    loading: tuple[LoadStep, ...] = ()
    hearing: Hearing = Hearing.WAITING
