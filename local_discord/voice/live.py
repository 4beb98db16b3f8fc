"""Somebody who is in a call now, with a microphone and a loudspeaker, not with a clip.

What they say goes through the same Opus, DAVE and RTP as a clip's (`Speaker`); what the others and
the bot say comes back the same way (`Ears`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from audio.samples import Pcm, Samples, from_pcm, to_pcm

from .clips import FRAME_S, FRAME_SAMPLES, RATE_HZ, Frame, Microphone, StereoEncoder, levels_db
from .gate import Gate, Passed
from .hearing import Ears
from .network import Network
from .speaker import QUIET, Speaker

APART_SAMPLES: Final = RATE_HZ // 5
"""How far the microphone's clock may be from ours before it is set again: a tab may sleep."""
PUSH_TO_TALK: Final = Microphone(threshold_db=None)

Changed = Callable[[], None]


class LiveClient:
    """One client in one call, and in those that follow it.

    Args:
        speaker: Whose; in the call already.
        play: Takes what they hear: 20 ms of mono PCM at 48 kHz, as often as it comes.
        changed: Told that others speak than before; `speaking` says who.
    """

    def __init__(self, speaker: Speaker, play: Callable[[Pcm], None], changed: Changed) -> None:
        self.speaker = speaker
        self.dropped = 0
        """Frames of theirs that could not be sent, for want of a key or a server."""
        self._changed = changed
        self._gate: Gate[Samples] = Gate(speaker.microphone)
        self._encoder = StereoEncoder()
        self._sample = 0
        self._stretch = 0
        self._turn = asyncio.Lock()
        self._ears = Ears(
            speaker.dave,
            lambda samples: play(to_pcm(samples)),
            speaker.clock,
            lambda _: changed(),
        )
        speaker.ears = self._ears

    # --- how they are there ----------------------------------------------------------------------

    @property
    def speaking(self) -> frozenset[int]:
        """Who speaks now, they themselves included, by user id."""
        own = frozenset({self.speaker.user_id} if self._gate.is_open else ())
        return self._ears.speaking | own

    @property
    def lost(self) -> int:
        """Packets that did not reach them."""
        return self._ears.lost

    def uses(self, microphone: Microphone) -> None:
        """Change between voice activity and push-to-talk."""
        self.closes()
        self.speaker.microphone = microphone
        self._gate = Gate(microphone)

    def deafens(self, *, deaf: bool) -> None:
        """Hear nothing, or hear again."""
        self._ears.deaf = deaf
        if deaf:
            self._ears.close()

    def suffers(self, network: Network) -> None:
        """Put a network between them and the voice server, both ways."""
        self.speaker.network = network
        self._ears.network = replace(network, seed=network.seed + 1)

    # --- speaking --------------------------------------------------------------------------------

    async def says(self, pcm: Pcm) -> None:
        """Take the next 20 ms of the microphone.

        Args:
            pcm: `FRAME_SAMPLES` of mono PCM at 48 kHz.
        """
        async with self._turn:  # an encoder takes one frame after the other
            await self._says(pcm)

    async def _says(self, pcm: Pcm) -> None:
        stretch, was_open = self._stretch, self._gate.is_open
        samples = from_pcm(pcm)
        level = float(levels_db(samples[None, :])[0])
        sample = self._next_sample()
        passed = self._gate.take(samples, level)
        if self._gate.is_open and not was_open:
            self.speaker.begins()
        if self._gate.is_open != was_open:
            self._changed()
        if len(passed) > 1:  # a millisecond and more; one alone takes a quarter of that
            frames = await asyncio.to_thread(lambda: [self._encoded(one) for one in passed])
        else:
            frames = [self._encoded(one) for one in passed]
        if stretch != self._stretch:  # muted meanwhile
            return
        for one, frame in zip(passed, frames, strict=True):
            self._send(frame, sample - one.ago * FRAME_SAMPLES)

    def closes(self) -> None:
        """Fall silent at once: they mute themselves, let go of the key, or are gone."""
        self._stretch += 1
        for _ in range(self._gate.close()):
            self._sample += FRAME_SAMPLES
            self._send(QUIET, self._sample)
        self._changed()

    def hangs_up(self) -> None:
        """Neither speak nor hear any more; the call itself is left by `Person.leaves_voice`."""
        self.closes()
        self._ears.close()
        if self.speaker.ears is self._ears:
            self.speaker.ears = None

    def _next_sample(self) -> int:
        """Where the frame that just came begins, on the client's clock.

        The microphone counts for itself, however unevenly its frames come.
        """
        following = self._sample + FRAME_SAMPLES
        expected = self.speaker.sample_at(self.speaker.clock.now() - FRAME_S)
        is_near = abs(following - expected) <= APART_SAMPLES
        self._sample = following if is_near else expected
        return self._sample

    def _encoded(self, one: Passed[Samples]) -> Frame:
        if one.frame is None:
            return QUIET
        level = float(levels_db(one.frame[None, :])[0])
        return Frame(self._encoder.encode(one.frame), int(-level), one.voiced)

    def _send(self, frame: Frame, sample: int) -> None:
        if self.speaker.send(frame, sample) is None:
            self.dropped += 1
