"""Who has the loudspeaker: the one answer that may sound, and who is speaking into it."""

from dataclasses import dataclass
from typing import Final

from bot.voice_agent.events import Command, FlushPlayout, Hold, Play, Played, Release
from bot.voice_agent.turn_state import ActiveSpeech, State, UserTurn

SHORT_S: Final = 0.8
"""Speech into an answer that lasts longer is no "uh-huh": it interrupts."""
EARNEST_S: Final = 1.2
"""Who has spoken for so long, and no pause was told, is no longer short. It is more than `SHORT_S`
by what hearing may lag behind on a busy machine; meanwhile the answer is silent anyway."""
MAX_HOLD_S: Final = 4.0
"""An answer held for so long goes on: what was said into it cannot be understood in time."""


@dataclass(slots=True)
class PendingInterruption:
    """Somebody speaks into an answer; it is not known yet whether they want it to end.

    Attributes:
        user_id: Who.
        began_s: When their speech began.
        held_s: Since when the answer is held.
        is_holding: Whether it is held now; else it was taken for an "uh-huh", or took too long.
    """

    user_id: int
    began_s: float
    held_s: float
    is_holding: bool = True

    def is_earnest(self, speech: ActiveSpeech | None, now_s: float) -> bool:
        """Whether they have been speaking for too long to have meant "uh-huh"."""
        return speech is not None and not speech.is_paused and now_s - self.began_s > EARNEST_S

    def is_stale(self, speech: ActiveSpeech | None, now_s: float) -> bool:
        """Whether they are silent, and the answer has been held for too long."""
        is_silent = speech is None or speech.is_paused
        return self.is_holding and is_silent and now_s - self.held_s > MAX_HOLD_S


@dataclass(slots=True)
class Floor:
    """The loudspeaker. One turn has it at a time, from the moment its answer is awaited.

    Attributes:
        turn: Whose it is.
        challenge: Who is speaking into it.
    """

    turn: UserTurn | None = None
    challenge: PendingInterruption | None = None

    @property
    def is_sounding(self) -> bool:
        """Whether something of an answer has been heard, and more may come."""
        return self.turn is not None and self.turn.state is State.SOUNDING

    def is_challenged_by(self, user_id: int) -> bool:
        """Whether this person speaks into the answer."""
        return self.challenge is not None and self.challenge.user_id == user_id

    def take(self, turn: UserTurn, now_s: float) -> None:
        """It is a turn's from now on."""
        self.turn, turn.state, turn.since_s = turn, State.ANSWERING, now_s

    def speak(self) -> list[Command]:
        """Give what has come to the loudspeaker."""
        if self.turn is None or self.turn.ask is None:
            return []
        packets = self.turn.reply.give()
        return [Play(self.turn.ask, packets)] if packets else []

    def played(self, fact: Played) -> bool:
        """Take in how far the loudspeaker is; whether it is news of the turn that has it."""
        if self.turn is None or self.turn.ask != fact.ask:
            return False
        reply = self.turn.reply
        reply.played = min(max(reply.played, fact.packets), reply.given)
        reply.is_drained = fact.drained
        if reply.played:
            self.turn.state = State.SOUNDING
        return True

    def hold(self, user_id: int, began_s: float, now_s: float) -> list[Command]:
        """Stop while somebody speaks into it."""
        was_holding = self.challenge is not None and self.challenge.is_holding
        self.challenge = PendingInterruption(user_id, began_s, now_s)
        return [] if was_holding else [Hold()]

    def relent(self) -> list[Command]:
        """Go on, although what was said into it is not known for certain."""
        if self.challenge is None or not self.challenge.is_holding:
            return []
        self.challenge.is_holding = False
        return [Release()]

    def release(self) -> list[Command]:
        """Go on: nobody wanted it to stop."""
        commands = self.relent()
        self.challenge = None
        return commands

    def leave(self) -> list[Command]:
        """It is nobody's from now on; what has not been played is thrown away."""
        turn, self.turn = self.turn, None
        is_loaded = turn is not None and turn.reply.given > 0 and not turn.reply.is_drained
        return [*([FlushPlayout()] if is_loaded else []), *self.release()]
