"""One person's turn: what they said, and what has come of the answer."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from audio.constants import FRAME_MS
from audio.speech_events import Clip
from bot.voice_agent.events import Spoke, TurnUpdate
from bot.voice_agent.playback_transcript import Piece, spoken
from bot.voice_agent.utterance_intent import UtteranceIntent

MAX_CLIP_MS: Final = 120_000
"""Of a question put together from several stretches of speech the latest two minutes are kept: at
Discord's highest bit rate that still fits into a request."""
MAX_CHARS: Final = 4_000
"""The same for words; a little more than can be said in that time."""


class State(StrEnum):
    """How far a turn is; `bot.voice_agent.turn_manager` draws the ways between them."""

    SPEAKING = "speaking"
    HEARING = "hearing"
    WAITING = "waiting"
    ANSWERING = "answering"
    SOUNDING = "sounding"


class AddresseeMode(StrEnum):
    """How a person and the assistant stand.

    ALWAYS: they are alone with it, or it answers everything. FOLLOW_UP: it has just answered them,
    or is doing so. CALLED: it has to be called by name. NEVER: it only listens.
    """

    ALWAYS = "always"
    FOLLOW_UP = "follow_up"
    CALLED = "called"
    NEVER = "never"


WANTED: Final = {
    AddresseeMode.ALWAYS: frozenset(
        {
            UtteranceIntent.CALL,
            UtteranceIntent.ADDRESSED,
            UtteranceIntent.PLAIN,
            UtteranceIntent.ACK,
            UtteranceIntent.OTHER,
        }
    ),
    AddresseeMode.FOLLOW_UP: frozenset(
        {UtteranceIntent.CALL, UtteranceIntent.ADDRESSED, UtteranceIntent.PLAIN}
    ),
    AddresseeMode.CALLED: frozenset({UtteranceIntent.CALL, UtteranceIntent.ADDRESSED}),
    AddresseeMode.NEVER: frozenset[UtteranceIntent](),
}
"""What is answered."""


@dataclass(slots=True)
class ActiveSpeech:
    """Somebody is speaking, or pausing in the middle of it.

    Attributes:
        began_s: When its first packet came.
        latest_s: When something was last told of it.
        follows: Whether it began within a follow-up, or into the answer to them.
        is_aside: Whether it was spoken into an answer: "ok" then means "go on".
        is_paused: Whether they pause at the moment.
    """

    began_s: float
    latest_s: float
    follows: bool
    is_aside: bool = False
    is_paused: bool = False


@dataclass(slots=True)
class AgentReply:
    """What has come of an answer.

    Attributes:
        text: All of it so far.
        given: How many packets have been given to the loudspeaker.
        played: How many of them have left it.
        is_drained: Whether the loudspeaker has nothing more of it.
        is_whole: Nothing more will come.
        code: The error's code, when it broke off.
    """

    text: str = ""
    given: int = 0
    played: int = 0
    is_drained: bool = True
    is_whole: bool = False
    code: str | None = None
    _waiting: list[bytes] = field(default_factory=list)
    _pieces: list[Piece] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        """Whether anything of it has come."""
        return bool(self.text or self._pieces)

    @property
    def is_over(self) -> bool:
        """Whether all of it has come and been played."""
        return self.is_whole and self.is_drained and not self._waiting

    @property
    def spoken(self) -> str:
        """The words that were really played."""
        is_whole = self.is_whole and self.code is None
        return spoken(self._pieces, self.played, text=self.text, is_whole=is_whole)

    @property
    def said(self) -> str:
        """The same for an answer that is over: all its words, where it has no sound."""
        return self.spoken if self._pieces else self.text.strip()

    def take(self, piece: Spoke) -> None:
        """More of it has come."""
        self.text += piece.text
        if piece.packets:
            self._waiting += piece.packets
            self._pieces.append(Piece(len(piece.packets), piece.says))

    def give(self) -> tuple[bytes, ...]:
        """What the loudspeaker has not been given yet."""
        packets = tuple(self._waiting)
        if packets:
            self._waiting.clear()
            self.given += len(packets)
            self.is_drained = False
        return packets


@dataclass(slots=True)
class UserTurn:
    """A question on its way to its answer.

    Attributes:
        number: Its own.
        user_id: Whose.
        state: How far it is.
        words: What is known of it for good, from stretches that were transcribed.
        clip: Stretches of it that have ended and are not in `words`.
        asked: The clip of the present ask; None when words were asked.
        ask: The number of the present ask.
        is_asking: More may come of that ask.
        wants_answer: That ask wants an answer; else only the words.
        heard: What that ask's transcript says.
        follows: It began within a follow-up.
        is_aside: It was spoken into an answer.
        is_admitted: It is for the assistant.
        is_judged: That will not change any more.
        is_cold: Its ask waits for a worker.
        since_s: When it ended, or got the floor: from here on somebody waits for an answer.
        reply: What has come of the answer.
        shown: What readers were shown last.
    """

    number: int
    user_id: int
    state: State = State.SPEAKING
    words: str = ""
    clip: Clip | None = None
    asked: Clip | None = None
    ask: int | None = None
    is_asking: bool = False
    wants_answer: bool = False
    heard: str | None = None
    follows: bool = False
    is_aside: bool = False
    is_admitted: bool = False
    is_judged: bool = False
    is_cold: bool = False
    since_s: float = 0.0
    reply: AgentReply = field(default_factory=AgentReply)
    shown: TurnUpdate | None = None

    @property
    def transcript(self) -> str:
        """All that is known of what they said."""
        return joined(self.words, self.heard or "")

    @property
    def awaits_worker(self) -> bool:
        """Whether nothing can come of its ask before a service has been woken."""
        return self.is_cold and self.heard is None and not self.reply.has_begun

    def is_asked(self, clip: Clip) -> bool:
        """Whether the present ask has just this clip."""
        return self.ask is not None and self.asked is not None and same(self.asked, clip)

    def begin_ask(self, ask: int, clip: Clip | None, *, answer: bool) -> None:
        """Another ask is made of it."""
        self.ask, self.is_asking, self.asked, self.wants_answer = ask, True, clip, answer
        self.forget_answer()
        self.is_judged = clip is None  # words are asked only when they are known to be for us

    def drop_ask(self) -> None:
        """Nothing more of the present ask counts."""
        self.ask, self.is_asking, self.asked, self.is_judged = None, False, None, False
        self.forget_answer()

    def forget_answer(self) -> None:
        """Nothing that came of the present ask counts."""
        self.heard, self.is_cold, self.reply = None, False, AgentReply()


def merged(earlier: Clip | None, later: Clip) -> Clip:
    """Both as one clip, the latest two minutes of it."""
    whole = earlier.then(later) if earlier is not None else later
    most = MAX_CLIP_MS // FRAME_MS
    if len(whole.packets) <= most:
        return whole
    cut = len(whole.packets) - most
    return Clip(
        whole.user_id,
        whole.packets[cut:],
        min(whole.speech_ms, MAX_CLIP_MS),
        whole.began_s + cut * FRAME_MS / 1000,
        whole.ended_s,
        whole.channels,
    )


def same(one: Clip, other: Clip) -> bool:
    """Whether they have the same packets."""
    return one.packets == other.packets


def joined(earlier: str, later: str) -> str:
    """Both, the latest `MAX_CHARS` letters of it."""
    return " ".join(part for part in (earlier.strip(), later.strip()) if part)[-MAX_CHARS:]
