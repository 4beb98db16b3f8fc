"""What one conversation plays: carries out pauses and cues, and sees how far an answer has come."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from audio.playout_queue import PlayoutProgress
from bot.clock import Clock
from bot.voice_agent.events import Cue, FlushPlayout, PausePlayout, PlayCue, Played, ResumePlayout
from bot.voice_agent.overlaps import Overlap, OverlapTracker
from bot.voice_agent.ports import VoiceTransport
from bot.voice_agent.turn_latency import LatencyStopwatch, TurnTrace

log = logging.getLogger(__name__)

PlayoutCommand: TypeAlias = PausePlayout | ResumePlayout | FlushPlayout | PlayCue


@dataclass(slots=True, kw_only=True)
class Playback:
    """Carries out the turn manager's commands to the playout, and sees what has been played.

    Attributes:
        clock: The clock that the transport uses, too.
        latency: Measures when an answer begins to play.
        overlaps: Follows how speech over an answer ends.
        on_turn: Called with the latency of each turn when its answer begins to play; must not wait.
        on_overlap: Called with how each speech over an answer ended; must not wait.
        is_playing: Something is queued or plays, as far as is known.
    """

    transport: VoiceTransport
    clock: Clock
    cues: Mapping[Cue, Sequence[bytes]]
    latency: LatencyStopwatch
    overlaps: OverlapTracker
    on_turn: Callable[[TurnTrace], None] | None
    on_overlap: Callable[[Overlap], None] | None
    is_playing: bool = False
    _progress: PlayoutProgress = field(default_factory=PlayoutProgress)

    def add(self, utterance_id: int, packets: Sequence[bytes]) -> None:
        """Play packets after those that are queued."""
        self.transport.playout.add(utterance_id, packets)
        self.is_playing = True

    def carry_out(self, command: PlayoutCommand) -> None:
        """Pause, resume, drop, or play a cue."""
        playout, now = self.transport.playout, self.clock.now()
        ended = self.overlaps.take(command, played_s=self._progress.first_s or now, now_s=now)
        if ended is not None and self.on_overlap is not None:
            self.on_overlap(ended)
        match command:
            case PausePlayout():
                playout.hold()
            case ResumePlayout():
                playout.release()
            case FlushPlayout():
                playout.flush()
            case PlayCue(cue):
                playout.cue(self.cues[cue])

    def news(self, now: float) -> Played | None:
        """What has been played since the last call; None: nothing more."""
        progress = self.transport.playout.progress()
        self.is_playing = not progress.drained
        if progress == self._progress or progress.utterance_id is None:
            return None
        self._progress = progress
        if progress.first_s is not None:
            trace = self.latency.played(progress.utterance_id, progress.first_s)
            if trace is not None:
                log.info("turn %s", trace.to_json(), extra={"trace_id": trace.trace_id})
                if self.on_turn is not None:
                    self.on_turn(trace)
        return Played(progress.utterance_id, progress.packets, progress.drained, now)
