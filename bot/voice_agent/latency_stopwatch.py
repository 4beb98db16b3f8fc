"""How long each spoken turn took, from the last packet of the question to the first of the answer.

Pure: it is told what happened when, in seconds of the monotonic clock.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from audio.speech_events import SpeechEvent, TurnEnded
from bot.runpod.models import Update
from bot.voice_agent.events import Ask
from bot.voice_agent.turn_latency import TurnTrace

KEPT: Final = 200
"""How many turns are kept."""
_OPEN: Final = 64
"""How many asks can be under way; one that is never told to be over is dropped then."""


@dataclass(slots=True)
class LatencyStopwatch:
    """Keeps the latest turns' marks.

    Attributes:
        turns: Those whose answer has begun to sound, oldest first.
    """

    turns: deque[TurnTrace] = field(default_factory=lambda: deque(maxlen=KEPT))
    _open: dict[int, TurnTrace] = field(default_factory=dict)
    _ended: dict[int, TurnEnded] = field(default_factory=dict)

    def heard(self, event: SpeechEvent) -> None:
        """Something was heard of a person: the end of a turn is what a wait begins with."""
        if not isinstance(event, TurnEnded):
            return
        self._ended[event.user_id] = event
        for trace in self._open.values():
            if trace.user_id == event.user_id and trace.first_packet_out is None:
                trace.ended(event.clip.ended_s, event.at_s, event.waited_ms)

    def asked(self, ask: Ask, at_s: float, trace_id: str = "") -> None:
        """A contract is about to be sent."""
        trace = TurnTrace(ask.ask, ask.user_id, contract_out=at_s, trace_id=trace_id)
        ended = self._ended.get(ask.user_id)
        if ended is not None and (ask.clip is None or ask.clip.ended_s <= ended.clip.ended_s):
            trace.ended(ended.clip.ended_s, ended.at_s, ended.waited_ms)
        self._open[ask.ask] = trace
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]

    def told(self, ask: int, update: Update, at_s: float) -> None:
        """The service has said something."""
        trace = self._open.get(ask)
        if trace is not None:
            trace.take(update, at_s)

    def sounded(self, ask: int, first_s: float) -> TurnTrace | None:
        """The answer's first packet has left; the turn's trace, the first time that is told."""
        trace = self._open.get(ask)
        if trace is None or trace.first_packet_out is not None:
            return None
        trace.first_packet_out = first_s
        self.turns.append(trace)
        return trace

    def drop(self, ask: int) -> None:
        """It was withdrawn."""
        self._open.pop(ask, None)

    def forget(self, user_id: int) -> None:
        """Drop a person's turns."""
        self._ended.pop(user_id, None)
        self._open = {ask: t for ask, t in self._open.items() if t.user_id != user_id}
        kept: Sequence[TurnTrace] = [t for t in self.turns if t.user_id != user_id]
        self.turns = deque(kept, maxlen=KEPT)
