"""One spoken turn as marks on a clock, and the split of its latency: whose time was it? Pure.

Marks are seconds of the monotonic clock; everything derived from them is in milliseconds. The
question ends with its last packet of speech; the answer begins with the first packet that leaves.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from bot.runpod.models import JobState, Update


class Owner(StrEnum):
    """Whose time a phase is.

    OURS: what this program takes. WAIT: the deliberate wait for more speech. SERVICE: the queue,
    the models and the way there and back.
    """

    OURS = "ours"
    WAIT = "wait"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a turn.

    Attributes:
        name: Which.
        owner: Whose time it is.
        begins_ms: From the question's last packet.
        lasts_ms: How long.
    """

    name: str
    owner: Owner
    begins_ms: float
    lasts_ms: float


@dataclass(slots=True)
class TurnTrace:
    """The marks of one ask.

    Attributes:
        ask: Its number.
        user_id: Whose.
        last_packet: The question's last packet of speech came.
        end_of_turn: It was decided that the turn is over.
        waited_ms: How much of the time between was a deliberate wait.
        contract_out: The contract was handed to the client. Before the end of the turn when eager.
        queued: The service has taken the job.
        first_partial: The service's first word.
        transcript: What was heard is known.
        first_text: The answer's first word.
        first_audio: The answer's first sound has come.
        first_packet_out: The answer's first packet has left.
        done: Everything has come.
        delay_ms: What the platform says that the job waited for a worker.
        service_ms: The service's own marks, from the start of its work.
        trace_id: The contract's: 32 hex digits.
    """

    ask: int
    user_id: int
    last_packet: float | None = None
    end_of_turn: float | None = None
    waited_ms: float = 0.0
    contract_out: float | None = None
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
        """The turn is over."""
        self.last_packet, self.end_of_turn, self.waited_ms = last_packet, decided, waited_ms

    def take(self, update: Update, at_s: float) -> None:
        """The service has said something; only the first of each kind counts."""
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
        """The turn from the question's last packet to the answer's first, without a gap.

        An eager ask is on its way before the end of the turn is decided: the service's time that
        lies in the wait is then nobody's loss, and counts as wait.
        """
        if self.last_packet is None or self.end_of_turn is None or self.first_packet_out is None:
            return ()
        begin, decided = self.last_packet, self.end_of_turn
        wait_s = min(self.waited_ms / 1000, max(0.0, decided - begin))
        sent = max(self.contract_out or decided, decided)
        sounded = self.first_audio or self.first_partial or self.first_packet_out
        steps: list[tuple[str, Owner, float]] = [
            ("listening", Owner.WAIT, begin + wait_s),
            ("deciding", Owner.OURS, decided),
            ("asking", Owner.OURS, sent),
            ("recognising", Owner.SERVICE, max(sent, self.transcript or sent)),
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
        """From the question's last packet to the answer's first."""
        if self.last_packet is None or self.first_packet_out is None:
            return None
        return (self.first_packet_out - self.last_packet) * 1000

    @property
    def own_ms(self) -> float | None:
        """Our own share of that, without the deliberate wait."""
        phases = self.split()
        return sum(p.lasts_ms for p in phases if p.owner is Owner.OURS) if phases else None

    def to_json(self) -> str:
        """One line: the split, and the service's own marks. No words and no names."""
        line: dict[str, Any] = {
            "ask": self.ask,
            "total_ms": _rounded(self.total_ms),
            "own_ms": _rounded(self.own_ms),
            "phases": {p.name: _rounded(p.lasts_ms) for p in self.split()},
            "owners": {p.name: p.owner.value for p in self.split()},
            "delay_ms": _rounded(self.delay_ms),
            "service_ms": self.service_ms,
        }
        return json.dumps(line)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile, in milliseconds, over `turns` turns."""

    median_ms: float
    p95_ms: float
    turns: int


TOTAL: Final = "total"
OWN: Final = "own"


def summary(traces: Iterable[TurnTrace]) -> dict[str, Spread]:
    """The spread of each phase, of the `TOTAL`, and of our `OWN` share; empty without a turn."""
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
