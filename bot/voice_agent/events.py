"""The values of a spoken conversation: facts go into the `TurnManager`, commands come out. Pure.

Times are seconds of the monotonic clock.

The manager numbers the requests that it sends to the service, and never uses a number twice: a late
response to a cancelled request cannot be mistaken for one to the current request. The answer to a
request is played as the utterance of that number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final, TypeAlias

from audio.speech_events import Clip, SpeechEvent
from audio.turn_end import Words
from bot.spoken_commands import CommandMatch

new_utterance_id: Final[Callable[[], int]] = count(1).__next__
"""Numbers everything that this process plays: answers, announcements and test tones."""


class Attention(StrEnum):
    """When the assistant answers in a voice channel.

    AUTO: always when alone with one person; in a group, when called by name or in a follow-up.
    ALWAYS: whatever is said.
    LISTEN_ONLY: never; speech is transcribed for `/minutes`.
    """

    AUTO = "auto"
    ALWAYS = "always"
    LISTEN_ONLY = "listen-only"


class Cue(StrEnum):
    """A soft sound that tells people what the assistant is doing.

    LISTENING: it has taken in your words. THINKING: the answer takes a while.
    WAITING: the service is starting up. FAILED: there is no answer.
    """

    LISTENING = "listening"
    THINKING = "thinking"
    WAITING = "waiting"
    FAILED = "failed"


class Stage(StrEnum):
    """The progress of a turn, as readers see it."""

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
    """The service has recognised speech. `text` is the whole transcript so far."""

    request_id: int
    text: str
    language: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class ReplyChunk:
    """A piece of the answer has arrived.

    Attributes:
        text: The new words; may be empty.
        packets: The new Opus packets, 20 ms each; may be empty.
        spoken_text: The words in `packets`; empty when the service does not say.
    """

    request_id: int
    text: str
    packets: tuple[bytes, ...]
    spoken_text: str
    at_s: float


@dataclass(frozen=True, slots=True)
class RequestCompleted:
    """The service has sent everything."""

    request_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """The request failed; no more of the answer will arrive."""

    request_id: int
    error: Exception
    at_s: float


@dataclass(frozen=True, slots=True)
class CommandsDeclined:
    """There is nothing here that the commands could mean: what was said is ordinary talk."""

    request_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class ColdStart:
    """No worker is running; the request waits until one has started."""

    request_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """How much of an utterance has been played.

    Attributes:
        packets: The number of its packets played so far.
        drained: None of its packets are waiting to be played.
    """

    utterance_id: int
    packets: int
    drained: bool
    at_s: float


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """People have joined, left, or changed their consent. Bots don't count.

    Attributes:
        names: The people who consented to being heard: names by user id.
        others: The number of other people in the channel.
    """

    names: dict[int, str]
    others: int
    at_s: float


@dataclass(frozen=True, slots=True)
class AttentionSet:
    """Somebody has chosen when the assistant answers."""

    attention: Attention
    at_s: float


@dataclass(frozen=True, slots=True)
class NamesChanged:
    """The assistant answers to other names from now on."""

    names: tuple[str, ...]
    at_s: float


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody typed a question; this interrupts the answer being played."""

    user_id: int
    text: str
    at_s: float


@dataclass(frozen=True, slots=True)
class ConfirmationNeeded:
    """Somebody is to be asked aloud whether to do what they have asked for.

    As soon as nobody speaks or is answered, CONFIRM is performed for them.

    Attributes:
        language: The code of the language that they spoke; None: unknown.
    """

    user_id: int
    language: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class AnswerStopped:
    """Somebody stopped the answer being played, by pressing the talk key."""

    at_s: float


@dataclass(frozen=True, slots=True)
class AllStopped:
    """Somebody cancelled all questions, answered or not, and the speech in progress."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed; sent about every 100 ms."""

    at_s: float


RequestNews: TypeAlias = Transcribed | ReplyChunk | ColdStart | RequestCompleted | RequestFailed
"""What the service can say about a request."""

Fact: TypeAlias = (
    SpeechEvent
    | RequestNews
    | CommandsDeclined
    | Played
    | PeopleChanged
    | AttentionSet
    | NamesChanged
    | Typed
    | ConfirmationNeeded
    | AnswerStopped
    | AllStopped
    | Ticked
)

# -- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Send a turn to Penny.

    Attributes:
        clip: What the person said; None when `text` is given.
        text: Their words, where they are already known.
        wants_answer: Ask for an answer (CONVERSE); else only for the transcript (TRANSCRIBE).
        preemptive: Sent at a pause, before the turn is known to be over.
    """

    request_id: int
    user_id: int
    clip: Clip | None
    text: str | None
    wants_answer: bool
    preemptive: bool
    turn_id: int = 0


@dataclass(frozen=True, slots=True)
class PerformCommands:
    """Do what a person has told the assistant to do; nothing is asked of Penny.

    What there is to say comes back as the answer to this request, or `CommandsDeclined`.

    Attributes:
        match: What they want.
        language: The code of the language of these, as far as it is known.
        overlaps_answer: They spoke over an answer of Penny's.
        is_written: They typed them.
        turn_id: Their turn.
    """

    request_id: int
    user_id: int
    match: CommandMatch
    transcript: str
    language: str | None
    overlaps_answer: bool
    is_written: bool = False
    turn_id: int = 0


@dataclass(frozen=True, slots=True)
class Prepare:
    """Let Penny take in what is known of a turn that is not over, so that its answer comes sooner.

    Attributes:
        clip: What the person has said so far; None: only the conversation before.
        is_urgent: It may be the whole turn, so nothing older may hold it up.
    """

    user_id: int
    clip: Clip | None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Cancel a request; its result is no longer needed."""

    request_id: int


@dataclass(frozen=True, slots=True)
class JudgedWords:
    """Tell the speech input how complete the words are that somebody has said up to a pause.

    Attributes:
        ended_s: When the last packet of speech before that pause arrived.
    """

    user_id: int
    ended_s: float
    words: Words


@dataclass(frozen=True, slots=True)
class Play:
    """Append packets to the playout queue."""

    utterance_id: int
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PausePlayout:
    """Stop playing, and keep what is queued."""


@dataclass(frozen=True, slots=True)
class ResumePlayout:
    """Play on from where playout was paused."""


@dataclass(frozen=True, slots=True)
class FlushPlayout:
    """Drop what is queued."""


@dataclass(frozen=True, slots=True)
class PlayCue:
    """Play a cue, unless something else is queued."""

    cue: Cue


@dataclass(frozen=True, slots=True)
class TurnUpdate:
    """The state of a turn, for readers. Each update replaces the one before.

    Attributes:
        turn_id: The same for all requests of a turn.
        transcript: What they said, as far as it is known.
        reply: The answer so far; after an interruption, only the words that were played.
    """

    turn_id: int
    user_id: int
    stage: Stage
    transcript: str
    reply: str
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Remember:
    """A turn is over: add it to the history.

    Attributes:
        transcript: What the person said.
        reply: The words of the answer that were played; empty when none were.
        interrupted: The answer was cut off.
    """

    turn_id: int
    user_id: int
    transcript: str
    reply: str
    interrupted: bool


Asked: TypeAlias = SendRequest | PerformCommands
"""What a turn asks for: an answer of Penny's, or something to be done."""

Command: TypeAlias = (
    SendRequest
    | PerformCommands
    | Prepare
    | CancelRequest
    | JudgedWords
    | Play
    | PausePlayout
    | ResumePlayout
    | FlushPlayout
    | PlayCue
    | TurnUpdate
    | Remember
)
