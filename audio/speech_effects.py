"""Makes speech slower or faster, and louder or quieter: Opus packets in, Opus packets out.

FFmpeg's `atempo` keeps the pitch; its limiter keeps what is louder from clipping.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from audio.codec import OpusEncoder
from audio.constants import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.errors import AudioError
from audio.manner import Manner
from audio.samples import Samples

_CEILING: Final = 0.9
"""Of full scale; what is made louder stays below it."""


class SpeechEffects:
    """Changes one utterance, piece by piece and without a seam. Its methods block: 1 ms a packet.

    Args:
        manner: How it should sound.
    """

    def __init__(self, manner: Manner) -> None:
        from audio.opus import OpusDecoder  # noqa: PLC0415  (loads libopus)

        self._decoder = OpusDecoder(OPUS_RATE_HZ)
        self._encoder = OpusEncoder(OPUS_RATE_HZ)
        self._graph, self._source, self._sink = _graph_of(manner)
        self._taken = 0

    def take(self, packets: Iterable[bytes]) -> tuple[bytes, ...]:
        """The packets that are ready after these, of 20 ms each; a little comes later."""
        for packet in packets:
            self._source.push(self._frame(self._decoded(packet)))
        return self._ready()

    def finish(self) -> tuple[bytes, ...]:
        """The rest."""
        if self._taken == 0:
            return ()
        self._source.push(None)
        return (*self._ready(), *self._encoder.finish().packets)

    def _ready(self) -> tuple[bytes, ...]:
        import av  # noqa: PLC0415

        packets: list[bytes] = []
        while True:
            try:
                frame = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return tuple(packets)
            packets += self._encoder.encode(frame.to_ndarray().reshape(-1)).packets

    def _decoded(self, packet: bytes) -> Samples:
        try:
            return self._decoder.decode(packet)
        except AudioError:
            return np.zeros(FRAME_SAMPLES, np.float32)  # silence in place of what is damaged

    def _frame(self, samples: Samples) -> Any:
        import av  # noqa: PLC0415

        array: Any = np.ascontiguousarray(samples, np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(array, format="flt", layout="mono")
        frame.sample_rate, frame.pts = OPUS_RATE_HZ, self._taken
        self._taken += len(samples)
        return frame


def _graph_of(manner: Manner) -> tuple[Any, Any, Any]:
    from av.filter import Graph  # noqa: PLC0415

    graph = Graph()
    source = graph.add_abuffer(format="flt", sample_rate=OPUS_RATE_HZ, layout="mono")
    steps = [source, graph.add("atempo", f"{manner.tempo:.3f}")]
    steps.append(graph.add("volume", f"{manner.gain_db:.1f}dB"))
    steps.append(graph.add("alimiter", f"limit={_CEILING}:level=0"))
    steps.append(graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"))
    sink = graph.add("abuffersink")
    for before, after in zip(steps, [*steps[1:], sink], strict=True):
        before.link_to(after)
    graph.configure()
    return graph, source, sink
