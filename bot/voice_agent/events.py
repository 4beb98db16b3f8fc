"""A spoken conversation as values: facts go into the `TurnMachine`, commands come out.

Nothing here waits or acts. All times are seconds of the monotonic clock. An ask is one attempt to
have one turn answered; it has a number that is never used again, so a late word of an ask that was
withdrawn is told apart from the present one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from audio.speech_events import (
    Clip,
    SpeechBegan,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)


class Attention(StrEnum):
    """When the assistant answers in a voice channel.

    AUTO: alone with one person always; with more, when addressed by name, or in a follow-up.
    ALWAYS: whatever is said.
    LISTEN_ONLY: never; what is said is kept as a transcript for `/minutes`.
    """

    AUTO = "auto"
    ALWAYS = "always"
    LISTEN_ONLY = "listen-only"


class Cue(StrEnum):
    """A soft sound that tells how things stand.

    LISTENING: your words have been taken. THINKING: the answer takes a while.
    WAITING: the service has to be woken first. FAILED: there is no answer.
    """

    LISTENING = "listening"
    THINKING = "thinking"
    WAITING = "waiting"
    FAILED = "failed"


class Stage(StrEnum):
    """How far a turn is, for who reads along."""

    HEARD = "heard"
    WAITING_FOR_WORKER = "waiting_for_worker"
    ANSWERING = "answering"
    DONE = "done"
    INTERRUPTED = "interrupted"
    NOT_FOR_US = "not_for_us"
    NOTHING_HEARD = "nothing_heard"
    FAILED = "failed"


# -- facts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The service has heard words (all of them so far, not only the new ones)."""

    ask: int
    text: str
    language: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class Spoke:
    """A piece of the answer has come.

    Attributes:
        ask: Of which ask.
        text: The words that are new; may be empty.
        packets: Opus packets that are new, 20 ms each; may be empty.
        says: The words that these packets say; may be empty when the service does not tell.
        at_s: When.
    """

    ask: int
    text: str
    packets: tuple[bytes, ...]
    says: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The service is done with an ask: everything has come."""

    ask: int
    at_s: float


@dataclass(frozen=True, slots=True)
class AskFailed:
    """There will be no (more) answer.

    Attributes:
        ask: Of which ask.
        code: The error's code, for the words in the reader's language.
        at_s: When.
    """

    ask: int
    code: str
    at_s: float


@dataclass(frozen=True, slots=True)
class AskWaits:
    """No worker is up for it: a cold start."""

    ask: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """How far the loudspeaker is.

    Attributes:
        ask: Whose packets.
        packets: How many of them have left in all.
        drained: Nothing more of it is waiting to be played.
        at_s: When.
    """

    ask: int
    packets: int
    drained: bool
    at_s: float


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """Who is in the channel and has agreed to be heard: names by user id. Bots don't count.

    Attributes:
        names: Of those who agreed.
        others: How many more people are there.
        at_s: When.
    """

    names: dict[int, str]
    others: int
    at_s: float


@dataclass(frozen=True, slots=True)
class AttentionSet:
    """Somebody has chosen when to answer."""

    attention: Attention
    at_s: float


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody wrote a question instead of saying it; the answer that sounds is over."""

    user_id: int
    text: str
    at_s: float


@dataclass(frozen=True, slots=True)
class AnswerStopped:
    """Somebody wants no more of the answer that sounds: they pressed the talk key."""

    at_s: float


@dataclass(frozen=True, slots=True)
class AllStopped:
    """Somebody wants nothing more of what was asked so far, nor of what is being said."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time goes by; comes every 100 ms or so while anything is under way."""

    at_s: float


Fact: TypeAlias = (
    SpeechEvent
    | Transcribed
    | Spoke
    | Answered
    | AskFailed
    | AskWaits
    | Played
    | PeopleChanged
    | AttentionSet
    | Typed
    | AnswerStopped
    | AllStopped
    | Ticked
)

# -- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a turn to Penny.

    Attributes:
        ask: Its number.
        user_id: Who asks.
        clip: What they said; None with `text`.
        text: The words, where they are known already (they were transcribed before).
        answer: CONVERSE when true, TRANSCRIBE when only the words are wanted.
        eager: Sent at a pause, before it is known that the turn is over.
        turn: The number of the turn that it asks.
    """

    ask: int
    user_id: int
    clip: Clip | None
    text: str | None
    answer: bool
    eager: bool
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Cancel an ask's job; nothing more is wanted of it."""

    ask: int


@dataclass(frozen=True, slots=True)
class Play:
    """Give packets to the loudspeaker, after those that wait there."""

    ask: int
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """Stop the loudspeaker where it is; what waits there stays."""


@dataclass(frozen=True, slots=True)
class Release:
    """Let the loudspeaker go on where it stopped."""


@dataclass(frozen=True, slots=True)
class FlushPlayout:
    """Throw away what the loudspeaker still has."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Play a cue, unless the loudspeaker is busy."""

    cue: Cue


@dataclass(frozen=True, slots=True)
class TurnUpdate:
    """Let the text channel say how a turn stands; the newest state of a turn wins.

    Attributes:
        turn: The turn's number: asks of the same turn share it.
        user_id: Who asks.
        stage: How far it is.
        heard: What they said, as far as it is known.
        said: The answer so far; when interrupted, only what was really spoken.
        code: The error's code, when it failed.
    """

    turn: int
    user_id: int
    stage: Stage
    heard: str
    said: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Remember:
    """A turn is over: this is what goes into the history.

    Attributes:
        turn: The turn's number.
        user_id: Who asked.
        heard: What they said.
        said: What was really spoken of the answer; empty when nothing was.
        interrupted: Whether it was cut off.
    """

    turn: int
    user_id: int
    heard: str
    said: str
    interrupted: bool


Command: TypeAlias = (
    Ask | Withdraw | Play | Hold | Release | FlushPlayout | Sound | TurnUpdate | Remember
)

__all__ = [
    "AllStopped",
    "AnswerStopped",
    "Answered",
    "Ask",
    "AskFailed",
    "AskWaits",
    "Attention",
    "AttentionSet",
    "Clip",
    "Command",
    "Cue",
    "Fact",
    "FlushPlayout",
    "Hold",
    "PeopleChanged",
    "Play",
    "Played",
    "Release",
    "Remember",
    "Sound",
    "SpeechBegan",
    "SpeechEvent",
    "SpeechPaused",
    "SpeechResumed",
    "Spoke",
    "Stage",
    "Ticked",
    "Transcribed",
    "TurnEnded",
    "TurnUpdate",
    "Typed",
    "Withdraw",
]
