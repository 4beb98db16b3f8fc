"""pipecat's own analyzers on given streams; run by another Python, in which pipecat-ai is.

    python pipecat_peer.py STREAMS.npz > decisions.json

Every class is pipecat's, with the parameters that it gives itself: `SileroVADAnalyzer` (start and
stop 0.2 s), `LocalSmartTurnAnalyzerV3` (stop 3 s) and `TurnAnalyzerUserTurnStopStrategy`, its
default. That one would also wait for a transcript; it is not made to, which is in its favour. The
frames come in the order of its `LLMUserAggregator`. The audio is fed as fast as it goes: where
pipecat looks at the clock to find the audio's age, it is given the audio's own time. What its turn
model takes of its thread is measured and added to its decision.
"""

import asyncio
import json
import sys
import time
from types import SimpleNamespace

import numpy as np
from loguru import logger
from pipecat.audio.turn.smart_turn import base_smart_turn
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.utils.asyncio.task_manager import TaskManager

RATE = 16_000
CHUNK = RATE // 50


class Analyzer(LocalSmartTurnAnalyzerV3):
    """The same, with a stopwatch."""

    took_s = 0.0

    def _predict_endpoint(self, audio_array):
        started = time.thread_time()
        try:
            return super()._predict_endpoint(audio_array)
        finally:
            self.took_s = time.thread_time() - started


class Listener:
    """One speaker."""

    def __init__(self, setup) -> None:
        self.now_s = 0.0
        base_smart_turn.time = SimpleNamespace(
            monotonic=lambda: self.now_s + 1.0, perf_counter=time.perf_counter
        )
        self.vad = SileroVADAnalyzer()
        self.vad.set_sample_rate(RATE)
        self.analyzer = Analyzer()
        self.strategy = TurnAnalyzerUserTurnStopStrategy(
            turn_analyzer=self.analyzer, wait_for_transcript=False
        )
        self.strategy.add_event_handler("on_user_turn_stopped", self.stopped)
        self.setup = setup
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.in_turn = False
        self.speaking = False
        self.vad_s = 0.0

    async def stopped(self, *_args) -> None:
        if self.in_turn:
            self.in_turn = False
            self.ends.append(self.now_s + self.analyzer.took_s)
            await self.strategy.handle_user_turn_stopped()

    async def hear(self, pcm: bytes) -> None:
        self.now_s += CHUNK / RATE
        self.analyzer.took_s = 0.0
        started = time.perf_counter()
        state = self.vad._run_analyzer(pcm)
        self.vad_s += time.perf_counter() - started
        await self.strategy.process_frame(InputAudioRawFrame(pcm, RATE, 1))
        if state == VADState.SPEAKING and not self.speaking:
            self.speaking = True
            if not self.in_turn:
                self.in_turn = True
                self.starts.append(self.now_s)
                await self.strategy.handle_user_turn_started()
            await self.strategy.process_frame(VADUserStartedSpeakingFrame(start_secs=0.2))
        elif state == VADState.QUIET and self.speaking:
            self.speaking = False
            await self.strategy.process_frame(VADUserStoppedSpeakingFrame(stop_secs=0.2))


async def main(path: str) -> None:
    logger.remove()
    tasks = TaskManager()
    setup = SimpleNamespace(task_manager=tasks, audio_in_sample_rate=RATE)
    streams = np.load(path)
    starts, ends, vad_s, chunks = [], [], 0.0, 0
    for name in streams.files:
        listener = Listener(setup)
        await listener.strategy.setup(setup)
        pcm = (np.clip(streams[name], -1, 1) * 32767).astype(np.int16)
        for start in range(0, len(pcm) - CHUNK, CHUNK):
            await listener.hear(pcm[start : start + CHUNK].tobytes())
            chunks += 1
        starts.append(listener.starts)
        ends.append(listener.ends)
        vad_s += listener.vad_s
        await listener.strategy.cleanup()
        await listener.vad.cleanup()
    print(json.dumps({"starts": starts, "ends": ends, "vad_us": vad_s / chunks * 1e6}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
