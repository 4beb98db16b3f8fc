"""The latency of spoken turns, split into phases: where does the time go? Pure.

Marks are seconds of the monotonic clock; everything derived from them is in milliseconds. A turn's
latency runs from the last packet of speech in the question to the first packet of the answer that
is played.
"""

import json
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

from audio.speech_events import SpeechEvent, TurnEnded
from bot.runpod.models import JobState, Update
from bot.voice_agent.events import SendRequest
from bot.voice_agent.latency_phase import Owner, Phase
from bot.voice_agent.options import DEFAULT_OPTIONS
from bot.voice_agent.options.latency import LatencyOptions


@dataclass(slots=True)
class TurnTrace:
    """The marks of one request.

    Attributes:
        last_packet: The last packet of speech in the question arrived.
        end_of_turn: The turn was found to be over.
        waited_ms: How much of the time between these two was a deliberate wait.
        request_sent: The request went to the client; before `end_of_turn` if it is preemptive.
        queued: The service accepted the job.
        first_partial: The service's first partial response.
        transcript: The first transcript.
        first_text: The answer's first words.
        first_audio: The answer's first audio arrived.
        first_packet_out: The answer's first packet was played.
        done: Everything has arrived.
        delay_ms: How long the job waited for a worker, according to the platform.
        service_ms: The service's own timings, from the start of its work.
        trace_id: The request's trace id: 32 hex digits.
    """

    request_id: int
    user_id: int
    last_packet: float | None = None
    end_of_turn: float | None = None
    waited_ms: float = 0.0
    request_sent: float | None = None
    queued: float | None = None
    first_partial: float | None = None
    transcript: float | None = None
    first_text: float | None = None
    first_audio: float | None = None
    first_packet_out: float | None = None
    done: float | None = None
    delay_ms: float | None = None
    service_ms: dict[str, float] = field(default_factory=dict)
    trace_id: str = ""

    def ended(self, last_packet: float, decided: float, waited_ms: float) -> None:
        """Note the end of the turn."""
        self.last_packet, self.end_of_turn, self.waited_ms = last_packet, decided, waited_ms

    def take(self, update: Update, at_s: float) -> None:
        """Note what the service sent; only the first of each kind counts."""
        if update.delay_ms is not None:
            self.delay_ms = update.delay_ms
        if self.queued is None and update.job_id is not None:
            self.queued = at_s
        response = update.response
        if response is not None:
            self.first_partial = self.first_partial or at_s
            if response.transcript is not None:
                self.transcript = self.transcript or at_s
            if response.text:
                self.first_text = self.first_text or at_s
            if response.audio is not None:
                self.first_audio = self.first_audio or at_s
            self.service_ms.update(response.timings_ms or {})
        if update.state is JobState.COMPLETED:
            self.done = at_s

    def split(self) -> tuple[Phase, ...]:
        """The latency as consecutive phases without a gap; empty while no answer plays.

        A preemptive request runs during the wait for the end of the turn. The part of the service's
        time that falls into the wait costs nobody anything and counts as wait.
        """
        if self.last_packet is None or self.end_of_turn is None or self.first_packet_out is None:
            return ()
        begin, decided = self.last_packet, self.end_of_turn
        wait_s = min(self.waited_ms / 1000, max(0.0, decided - begin))
        sent = max(self.request_sent or decided, decided)
        sounded = self.first_audio or self.first_partial or self.first_packet_out
        steps: list[tuple[str, Owner, float]] = [
            ("listening", Owner.WAIT, begin + wait_s),
            ("deciding", Owner.OURS, decided),
            ("asking", Owner.OURS, sent),
            ("recognizing", Owner.SERVICE, max(sent, self.transcript or sent)),
            ("thinking", Owner.SERVICE, max(sent, self.first_text or sounded)),
            ("speaking", Owner.SERVICE, max(sent, sounded)),
            ("playing", Owner.OURS, self.first_packet_out),
        ]
        ends = [begin]
        for _, _, end in steps:
            ends.append(min(max(end, ends[-1]), self.first_packet_out))
        return tuple(
            Phase(name, owner, (start - begin) * 1000, (end - start) * 1000)
            for (name, owner, _), (start, end) in zip(steps, pairwise(ends), strict=True)
        )

    @property
    def total_ms(self) -> float | None:
        """The whole latency."""
        if self.last_packet is None or self.first_packet_out is None:
            return None
        return (self.first_packet_out - self.last_packet) * 1000

    @property
    def own_ms(self) -> float | None:
        """Our own share, without the deliberate wait."""
        phases = self.split()
        return sum(p.lasts_ms for p in phases if p.owner is Owner.OURS) if phases else None

    def to_json(self) -> str:
        """One line for the log: the phases and the service's timings, without words or names."""
        line: dict[str, Any] = {
            "ask": self.request_id,
            "total_ms": _rounded(self.total_ms),
            "own_ms": _rounded(self.own_ms),
            "phases": {p.name: _rounded(p.lasts_ms) for p in self.split()},
            "owners": {p.name: p.owner.value for p in self.split()},
            "delay_ms": _rounded(self.delay_ms),
            "service_ms": self.service_ms,
        }
        return json.dumps(line)


class _TurnEnd(NamedTuple):
    """When a turn ended; nothing of its sound."""

    last_packet_s: float
    at_s: float
    waited_ms: int


@dataclass(slots=True)
class LatencyStopwatch:
    """Times the turns of a conversation. The caller says what happened when.

    Attributes:
        turns: The latest turns with a played answer, oldest first.
    """

    options: LatencyOptions = DEFAULT_OPTIONS.latency
    turns: deque[TurnTrace] = field(default_factory=deque)
    _open: dict[int, TurnTrace] = field(default_factory=dict)  # by request
    _ends: dict[int, _TurnEnd] = field(default_factory=dict)  # by user, of their latest turn

    def heard(self, event: SpeechEvent) -> None:
        """Note a speech event; the latency begins with the end of a turn."""
        if not isinstance(event, TurnEnded):
            return
        end = _TurnEnd(event.clip.ended_s, event.at_s, event.waited_ms)
        self._ends[event.user_id] = end
        for trace in self._open.values():
            if trace.user_id == event.user_id and trace.first_packet_out is None:
                trace.ended(*end)

    def requested(self, request: SendRequest, at_s: float, trace_id: str = "") -> None:
        """Start timing a request that is about to be sent."""
        trace = TurnTrace(request.request_id, request.user_id, request_sent=at_s, trace_id=trace_id)
        end, clip = self._ends.get(request.user_id), request.clip
        if end is not None and (clip is None or clip.ended_s <= end.last_packet_s):
            trace.ended(*end)
        self._open[request.request_id] = trace
        while len(self._open) > self.options.max_open_traces:
            del self._open[next(iter(self._open))]

    def received(self, request_id: int, update: Update, at_s: float) -> None:
        """Note what the service sent."""
        trace = self._open.get(request_id)
        if trace is not None:
            trace.take(update, at_s)

    def played(self, utterance_id: int, first_s: float) -> TurnTrace | None:
        """Note when an answer's first packet was played. Returns the trace the first time."""
        trace = self._open.get(utterance_id)
        if trace is None or trace.first_packet_out is not None:
            return None
        trace.first_packet_out = first_s
        self.turns.append(trace)
        while len(self.turns) > self.options.max_traces:
            self.turns.popleft()
        return trace

    def cancelled(self, request_id: int) -> None:
        """Stop timing a request."""
        self._open.pop(request_id, None)

    def forget(self, user_id: int) -> None:
        """Drop a person's turns."""
        self._ends.pop(user_id, None)
        self._open = {key: trace for key, trace in self._open.items() if trace.user_id != user_id}
        self.turns = deque(trace for trace in self.turns if trace.user_id != user_id)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile over a number of turns."""

    median_ms: float
    p95_ms: float
    turns: int


TOTAL: Final = "total"
OWN: Final = "own"


def summary(traces: Iterable[TurnTrace]) -> dict[str, Spread]:
    """The spread of each phase, of the `TOTAL`, and of our `OWN` share; empty without turns."""
    found: dict[str, list[float]] = {}
    for trace in traces:
        phases = trace.split()
        for phase in phases:
            found.setdefault(phase.name, []).append(phase.lasts_ms)
        if phases:
            found.setdefault(TOTAL, []).append(trace.total_ms or 0.0)
            found.setdefault(OWN, []).append(trace.own_ms or 0.0)
    return {name: _spread(sorted(values)) for name, values in found.items()}


def _spread(values: Sequence[float]) -> Spread:
    """By nearest rank."""
    ranks = (max(0, math.ceil(share * len(values)) - 1) for share in (0.5, 0.95))
    median, p95 = (values[rank] for rank in ranks)
    return Spread(median, p95, len(values))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
