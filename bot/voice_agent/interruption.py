"""Barge-in: the one answer that may play, and the person speaking over it. Pure.

`options/barge_in.py` sets the thresholds.

    PLAYING ── they speak ──▶ paused ── long speech, or real words ──▶ INTERRUPTED
        ▲                        │
        └── "uh-huh", silence ───┘

Only the person being answered pauses the answer: in a group, the others talk to each other
meanwhile. Anybody's "stop" ends it; anybody else's question waits for its end.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from bot.voice_agent.events import Command, FlushPlayout, PausePlayout, Play, Played, ResumePlayout
from bot.voice_agent.options.barge_in import InterruptionOptions
from bot.voice_agent.turn_state import ActiveSpeech, TurnState, UserTurn


@dataclass(slots=True)
class PendingInterruption:
    """Somebody speaks over the answer; whether they want it to stop is not known yet.

    Attributes:
        paused_s: When the answer was paused.
        is_paused: It still is; else this was taken for a false interruption.
    """

    user_id: int
    paused_s: float
    is_paused: bool = True


@dataclass(slots=True)
class Floor:
    """The right to be played. One turn holds it, from waiting for its answer to the answer's end.

    The methods that return commands expect the caller to carry them out.
    """

    options: InterruptionOptions
    turn: UserTurn | None = None
    interruption: PendingInterruption | None = None
    _grants: Iterator[int] = field(default_factory=lambda: count(1))
    _latest_grants: dict[int, int] = field(default_factory=dict)  # by user

    @property
    def is_playing(self) -> bool:
        """Whether an answer has begun to play and may continue."""
        return self.turn is not None and self.turn.state is TurnState.PLAYING

    @property
    def has_penny(self) -> bool:
        """Whether an answer of Penny's has it, or is awaited."""
        return self.turn is not None and self.turn.commands is None

    def is_playing_to(self, user_id: int) -> bool:
        """Whether the answer to this person is playing."""
        return self.is_playing and self.turn is not None and self.turn.user_id == user_id

    def is_interrupted_by(self, user_id: int) -> bool:
        """Whether this person speaks over the answer."""
        return self.interruption is not None and self.interruption.user_id == user_id

    def is_ended_by(self, user_id: int, speech_ms: int) -> bool:
        """Whether so much speech over the answer is too much for a backchannel."""
        limit_ms = self.options.max_backchannel_duration_s * 1000
        return self.is_interrupted_by(user_id) and speech_ms > limit_ms

    def is_interrupted_in(self, turn: UserTurn) -> bool:
        """Whether a turn was spoken over the answer to an earlier one."""
        return self.turn is not turn and self.is_interrupted_by(turn.user_id)

    def next_turn(self, waiting: Iterable[UserTurn]) -> UserTurn | None:
        """The turn of the person who had the floor longest ago; None if nobody waits."""
        grants = self._latest_grants
        return min(
            waiting,
            key=lambda turn: (grants.get(turn.user_id, 0), turn.since_s, turn.turn_id),
            default=None,
        )

    def give_to(self, turn: UserTurn, now_s: float) -> None:
        """Let a turn have the floor."""
        self.turn, turn.state, turn.since_s = turn, TurnState.ANSWERING, now_s
        self._latest_grants[turn.user_id] = next(self._grants)

    def forget_all_but(self, user_ids: Container[int]) -> None:
        """Forget when people who are no longer there had the floor."""
        self._latest_grants = {u: n for u, n in self._latest_grants.items() if u in user_ids}

    def play(self) -> list[Command]:
        """Queue what has arrived of the answer."""
        if self.turn is None or self.turn.request_id is None:
            return []
        packets = self.turn.reply.dequeue()
        return [Play(self.turn.request_id, packets)] if packets else []

    def track_playout(self, fact: Played) -> bool:
        """Note how much has been played. Returns whether it was part of this answer."""
        if self.turn is None or self.turn.request_id != fact.utterance_id:
            return False
        reply = self.turn.reply
        reply.played = min(max(reply.played, fact.packets), reply.queued)
        reply.is_drained = fact.drained
        if reply.played:
            self.turn.state = TurnState.PLAYING
        return True

    def pause(self, user_id: int, now_s: float) -> list[Command]:
        """Pause the answer while somebody speaks over it."""
        was_paused = self.interruption is not None and self.interruption.is_paused
        self.interruption = PendingInterruption(user_id, now_s)
        return [] if was_paused else [PausePlayout()]

    def resume_false_interruption(self) -> list[Command]:
        """Play on; the interruption stays pending until the person's words are known."""
        if self.interruption is None or not self.interruption.is_paused:
            return []
        self.interruption.is_paused = False
        return [ResumePlayout()]

    def resume_after_timeout(
        self, speeches: Mapping[int, ActiveSpeech], now_s: float
    ) -> list[Command]:
        """Play on if the person is silent again and the answer has been paused for too long."""
        pending = self.interruption
        if pending is None or now_s - pending.paused_s <= self.options.false_interruption_timeout_s:
            return []
        speech = speeches.get(pending.user_id)
        if speech is not None and not speech.is_paused:
            return []
        return self.resume_false_interruption()

    def end_interruption(self) -> list[Command]:
        """Play on; nothing is pending any more."""
        commands = self.resume_false_interruption()
        self.interruption = None
        return commands

    def clear(self) -> list[Command]:
        """Take the floor from its turn, and drop what has not been played."""
        turn, self.turn = self.turn, None
        is_queued = turn is not None and turn.reply.queued > 0 and not turn.reply.is_drained
        return [*([FlushPlayout()] if is_queued else []), *self.end_interruption()]
