"""The state of a conversation: who is there, who is speaking, and each person's turn. Pure.

    speech begins
         │      ┌────────── they speak again: the request is cancelled ─────────────┐
         ▼      ▼                                                                   │
       SPEAKING ── ended, surely for us ──▶ WAITING ── has the floor ──▶ ANSWERING ─┤
         │      ▲                              ▲  │                         │       │
         │      │                              │  └── they speak again ─────│───────┘
         │      └─ for us, and they speak ───┐ │                   first packet
         │                                   │ │                            ▼
         └─ ended, perhaps for us ─▶ TRANSCRIBING ┴ for us               PLAYING
                                          │                                 │
                    NOT_FOR_US, NOTHING_HEARD                       DONE, INTERRUPTED

Any state can end in FAILED, and ANSWERING ends in DONE when the answer has no sound. The request of
TRANSCRIBING may have been sent in SPEAKING already, at a pause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from audio.constants import FRAME_MS
from audio.speech_events import Clip, TurnEnded
from bot.spoken_commands import CONFIRMATION, CommandMatch
from bot.voice_agent.events import (
    Attention,
    ColdStart,
    PerformCommands,
    Prepare,
    Remember,
    ReplyChunk,
    RequestCompleted,
    RequestFailed,
    RequestNews,
    SendRequest,
    Stage,
    Transcribed,
    TurnUpdate,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.playback_transcript import Piece, played_text


class TurnState(StrEnum):
    """The progress of a turn.

    SPEAKING: the person is speaking, or their speech has not been sent yet. TRANSCRIBING: the
    transcript decides whether the turn is answered. WAITING: it waits for the floor. ANSWERING: it
    has the floor, and waits for the first packet to be played. PLAYING: its answer is being played.
    """

    SPEAKING = "speaking"
    TRANSCRIBING = "transcribing"
    WAITING = "waiting"
    ANSWERING = "answering"
    PLAYING = "playing"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody was just answered: what they say next is for the assistant.

    Attributes:
        until_s: They must begin to speak by then.
        answers_question: The assistant asked them something, so "yes" needs a response.
    """

    until_s: float
    answers_question: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody was asked whether to do what they had asked for.

    Attributes:
        until_s: Until when they may answer.
        needs_name: Others have spoken or written meanwhile: a "yes" without a name may be for
            them.
    """

    until_s: float
    needs_name: bool


@dataclass(slots=True)
class Participants:
    """The people in the channel, and their open follow-ups.

    Attributes:
        names: The people who consented to being heard.
        follow_ups: The open follow-ups, by user id.
        confirming: Those who were asked whether to do what they had asked for, by user id.
        is_for_one: All ids are one person's, who speaks and types.
    """

    follow_up_window_s: float
    confirmed_within_s: float = DEFAULT_OPTIONS.commands.confirmed_within_s
    names: Mapping[int, str] = field(default_factory=dict)
    others: int = 0
    attention: Attention = Attention.AUTO
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    confirming: dict[int, Confirmation] = field(default_factory=dict)
    is_for_one: bool = False

    @classmethod
    def of(cls, options: VoiceAgentOptions) -> "Participants":
        """Nobody yet."""
        return cls(
            options.follow_up.window_s,
            options.commands.confirmed_within_s,
            is_for_one=options.commands.is_for_one,
        )

    def __contains__(self, user_id: int) -> bool:
        """Whether this person is there, and consented to being heard."""
        return user_id in self.names

    @property
    def is_one_to_one(self) -> bool:
        """Whether exactly one person is there."""
        return len(self.names) == 1 and self.others == 0

    def others_than(self, user_id: int) -> list[str]:
        """The names of the other people who consented to being heard."""
        return [name for user, name in self.names.items() if user != user_id]

    def update(self, names: Mapping[int, str], others: int) -> None:
        """Replace the people; those who left lose their follow-up, and answer nothing later."""
        self.names, self.others = dict(names), others
        if not (names and self.is_for_one):
            self.confirming = {user: c for user, c in self.confirming.items() if user in names}
        self.follow_ups = {user: f for user, f in self.follow_ups.items() if user in names}

    def is_follow_up(self, user_id: int, began_s: float) -> bool:
        """Whether speech that began then is a follow-up."""
        follow_up = self.follow_ups.get(user_id)
        return follow_up is not None and began_s <= follow_up.until_s

    def open_follow_up(self, user_id: int, now_s: float, *, answers_question: bool) -> None:
        """Start the follow-up window of a person who was answered or has called the assistant."""
        if user_id in self.names:
            until_s = now_s + self.follow_up_window_s
            self.follow_ups[user_id] = FollowUp(until_s, answers_question)

    def was_asked(self, user_id: int) -> bool:
        """Whether the assistant's latest answer to this person asked them something."""
        follow_up = self.follow_ups.get(user_id)
        return follow_up is not None and follow_up.answers_question

    def await_confirmation(self, user_id: int, now_s: float, *, others_speak: bool) -> None:
        """The assistant has asked this person whether to do what they asked for."""
        before = self.confirmation_of(user_id)
        needs_name = others_speak or (before is not None and before.needs_name)
        needs_name = needs_name and not self.is_for_one
        until_s = now_s + self.confirmed_within_s
        self.confirming[self._key(user_id)] = Confirmation(until_s, needs_name)

    def confirmation_of(self, user_id: int) -> Confirmation | None:
        """What a person was asked, and may still answer."""
        return self.confirming.get(self._key(user_id))

    def end_confirmation(self, user_id: int) -> None:
        """A person has answered, or said something else."""
        self.confirming.pop(self._key(user_id), None)

    def _key(self, user_id: int) -> int:
        return 0 if self.is_for_one else user_id

    def note_words_of(self, user_id: int) -> None:
        """Somebody speaks or writes: perhaps to those who were asked something."""
        for asked, confirmation in self.confirming.items():
            if asked != self._key(user_id):
                self.confirming[asked] = replace(confirmation, needs_name=True)

    def expire_confirmations(self, now_s: float) -> None:
        """Take no answers to questions that were asked too long ago."""
        if self.confirming:
            self.confirming = {u: c for u, c in self.confirming.items() if c.until_s >= now_s}

    def close_follow_up(self, user_id: int) -> None:
        """End the follow-up of a person who now talks to somebody else."""
        self.follow_ups.pop(user_id, None)

    def close_other_follow_ups(self, user_id: int) -> None:
        """End everybody else's follow-up: the assistant now attends to this person."""
        self.follow_ups = {u: f for u, f in self.follow_ups.items() if u == user_id}


@dataclass(slots=True)
class ActiveSpeech:
    """Speech in progress, pauses included.

    Attributes:
        began_s: When its first packet arrived.
        latest_s: When its latest event arrived.
        is_follow_up: It began in a follow-up, or during the answer to this person.
        overlaps_answer: It began during the answer to this person: "ok" then means "go on".
        overlaps_penny: That answer was Penny's, not what was said about a command.
    """

    user_id: int
    began_s: float
    latest_s: float
    is_follow_up: bool
    overlaps_answer: bool
    overlaps_penny: bool = False
    is_paused: bool = False


@dataclass(slots=True)
class AgentReply:
    """The answer to a request, as far as it has arrived and been played.

    Attributes:
        text: All text so far.
        queued: How many packets were given to the playout queue.
        played: How many of those were played.
        is_drained: The playout queue holds none of them.
        is_complete: No more will arrive.
    """

    chars_per_s: float = DEFAULT_OPTIONS.speech_chars_per_s
    text: str = ""
    queued: int = 0
    played: int = 0
    is_drained: bool = True
    is_complete: bool = False
    error: Exception | None = None
    _packets: list[bytes] = field(default_factory=list)
    _pieces: list[Piece] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        """Whether any of it has arrived."""
        return bool(self.text or self._pieces)

    @property
    def is_over(self) -> bool:
        """Whether all of it has arrived and been played."""
        return self.is_complete and self.is_drained and not self._packets

    @property
    def played_text(self) -> str:
        """The words that were played."""
        return played_text(
            self._pieces,
            self.played,
            text=self.text,
            is_complete=self.is_complete and self.error is None,
            chars_per_s=self.chars_per_s,
        )

    @property
    def delivered_text(self) -> str:
        """The words that were played, or all words of an answer without sound."""
        return self.played_text if self._pieces else self.text.strip()

    def append(self, chunk: ReplyChunk) -> None:
        """Add a piece that has arrived."""
        self.text += chunk.text
        if chunk.packets:
            self._packets += chunk.packets
            self._pieces.append(Piece(len(chunk.packets), chunk.spoken_text))

    def dequeue(self) -> tuple[bytes, ...]:
        """Take the packets that are not in the playout queue yet."""
        packets = tuple(self._packets)
        if packets:
            self._packets.clear()
            self.queued += len(packets)
            self.is_drained = False
        return packets


@dataclass(slots=True)
class UserTurn:
    """One person's question and its answer.

    A turn has at most one request at a time. Cancelling it discards all that it brought.

    Attributes:
        words: Transcripts that are final; their audio is no longer needed.
        clip: The audio that has ended and is not in `words`.
        is_follow_up: It began in a follow-up.
        overlaps_answer: It was spoken over an answer.
        overlaps_penny: That answer was Penny's.
        is_accepted: It is for the assistant.
        commands: What it tells the assistant to do, instead of being talk.
        is_talk: It has turned out to be talk, although its words could be commands.
        is_written: It was typed.
        since_s: When it ended or got the floor: somebody has been waiting since then.
        end: How it ended; the latest end if they went on.
        taken_back: How often they went on after it had ended.
        is_requesting: The service may still send more for that request.
        wants_answer: That request is for an answer; else only for a transcript.
        requested_clip: Its audio; None when it carries words.
        heard_s: When the latest words of that arrived.
        language: The language of that, if the service has told it.
        is_cold_start: It waits for a worker to start.
        is_decided: Whether it is answered is final.
        last_update: What readers were shown last.
    """

    turn_id: int
    user_id: int
    options: VoiceAgentOptions = DEFAULT_OPTIONS
    state: TurnState = TurnState.SPEAKING
    words: str = ""
    clip: Clip | None = None
    is_follow_up: bool = False
    overlaps_answer: bool = False
    overlaps_penny: bool = False
    is_accepted: bool = False
    commands: CommandMatch | None = None
    is_talk: bool = False
    is_written: bool = False
    since_s: float = 0.0
    end: TurnEnded | None = None
    taken_back: int = 0
    request_id: int | None = None
    is_requesting: bool = False
    wants_answer: bool = False
    requested_clip: Clip | None = None
    heard: str | None = None
    heard_s: float = 0.0
    language: str | None = None
    is_cold_start: bool = False
    is_decided: bool = False
    reply: AgentReply = field(default_factory=AgentReply)
    last_update: TurnUpdate | None = None

    @property
    def is_question(self) -> bool:
        """Whether they have said nothing: the assistant asks them whether to do something."""
        return self.commands == CONFIRMATION

    @property
    def transcript(self) -> str:
        """Everything that is known about what they said."""
        return self._joined(self.heard or "")

    @property
    def is_over_since_s(self) -> float:
        """Since when the turn is surely over, if nobody speaks: their silence is long enough."""
        options = self.options.thinking_sound
        doublings = min(self.taken_back, 10)  # far above the limit; 2.0**1024 is no number
        silence_s = options.surely_over_after_s * 2.0**doublings
        ended_s = self.end.clip.ended_s if self.end is not None else self.since_s
        return max(self.since_s, ended_s + min(silence_s, options.max_surely_over_s))

    @property
    def awaits_worker(self) -> bool:
        """Whether the request cannot bring anything before a worker has started."""
        return self.is_cold_start and self.heard is None and not self.reply.has_begun

    def has_settled(self, now_s: float) -> bool:
        """Whether a transcript, which may come in pieces, has words, and no more are expected."""
        return bool(self.heard) and now_s - self.heard_s >= self.options.commands.settles_s

    def inherit(self, origin: "ActiveSpeech | UserTurn") -> None:
        """Copy how the speech relates to the answer before it."""
        self.is_follow_up = self.is_follow_up or origin.is_follow_up
        self.overlaps_answer = self.overlaps_answer or origin.overlaps_answer
        self.overlaps_penny = self.overlaps_penny or origin.overlaps_penny

    def with_clip(self, later: Clip) -> Clip:
        """The turn's audio with a later clip, cut to its latest part."""
        whole = self.clip.then(later) if self.clip is not None else later
        limit_ms = self.options.limits.max_question_audio_ms
        excess = len(whole.packets) - limit_ms // FRAME_MS
        if excess <= 0:
            return whole
        return replace(
            whole,
            packets=whole.packets[excess:],
            speech_ms=min(whole.speech_ms, limit_ms),
            began_s=whole.began_s + excess * FRAME_MS / 1000,
        )

    def add_words(self, text: str) -> None:
        """Append a final transcript, or typed text."""
        self.words = self._joined(text)

    def is_requested(self, clip: Clip) -> bool:
        """Whether the current request carries exactly this audio."""
        requested = self.requested_clip
        return requested is not None and requested.packets == clip.packets

    def prepare(self, clip: Clip | None, *, is_urgent: bool) -> list[Prepare]:
        """What the service should take in of what was said so far: nothing of a long turn."""
        is_new = self.state is TurnState.SPEAKING and not self.words
        whole = clip and self.with_clip(clip)
        is_short = whole is None or whole.duration_ms <= self.options.max_partial_s * 1000
        return [Prepare(self.user_id, whole, is_urgent)] if is_new and is_short else []

    def begin_request(
        self, request_id: int, clip: Clip | None, wants_answer: bool, preemptive: bool
    ) -> SendRequest:
        """Start a request for a clip, or for the words where it is None."""
        self.drop_request()
        self.request_id, self.is_requesting = request_id, True
        self.requested_clip, self.wants_answer = clip, wants_answer
        self.is_decided = clip is None  # words are sent only once they are known to be for us
        text = self.words if clip is None else None
        return SendRequest(
            request_id, self.user_id, clip, text, wants_answer, preemptive, self.turn_id
        )

    def begin_commands(self, request_id: int, commands: CommandMatch, said: str) -> PerformCommands:
        """Have the commands in what they said performed, instead of a request to the service."""
        self.words, self.clip, self.commands = said, None, commands
        self.request_id, self.is_requesting = request_id, True
        self.wants_answer = self.is_decided = True
        return PerformCommands(
            request_id,
            self.user_id,
            commands,
            said,
            self.language,
            self.overlaps_penny,
            self.is_written,
            self.turn_id,
        )

    def drop_request(self) -> None:
        """Discard the current request and all that it brought."""
        self.request_id, self.is_requesting, self.requested_clip = None, False, None
        self.is_decided, self.heard, self.is_cold_start = False, None, False
        self.reply = AgentReply(self.options.speech_chars_per_s)

    def receive(self, news: RequestNews) -> None:
        """Take in what the service said about the current request."""
        match news:
            case Transcribed(_, text, language):
                if self.requested_clip is not None:
                    self.heard, self.language, self.heard_s = text, language, news.at_s
            case ReplyChunk():
                if self.wants_answer:
                    self.reply.append(news)
            case ColdStart():
                self.is_cold_start = True
            case RequestCompleted():
                self.is_requesting, self.reply.is_complete = False, True
            case RequestFailed(_, error):
                self.is_requesting, self.reply.is_complete = False, True
                self.reply.error = error

    def update(self, stage: Stage, reply: str = "") -> TurnUpdate:
        """The state of the turn, for readers."""
        error = self.reply.error if stage is Stage.FAILED else None
        return TurnUpdate(self.turn_id, self.user_id, stage, self.transcript, reply, error)

    def record(self, last: TurnUpdate) -> Remember:
        """The turn as it goes into the history, given the last state that readers see."""
        was_cut = last.stage is Stage.INTERRUPTED or (last.stage is Stage.FAILED and last.reply)
        return Remember(self.turn_id, self.user_id, last.transcript, last.reply, bool(was_cut))

    def progress(self, *, has_floor: bool, is_awaited: bool) -> TurnUpdate | None:
        """The state of a turn that is not over; None while readers need not know of it."""
        if self.is_accepted and self.is_decided and has_floor and self.reply.text:
            return self.update(Stage.ANSWERING, self.reply.text)
        if self.awaits_worker and is_awaited:
            return self.update(Stage.WAITING_FOR_WORKER)
        if self.is_accepted and self.transcript:
            return self.update(Stage.HEARD)
        return None

    def _joined(self, text: str) -> str:
        both = " ".join(part for part in (self.words.strip(), text.strip()) if part)
        return both[-self.options.limits.max_question_chars :]
