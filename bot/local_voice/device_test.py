"""Tests the devices: it plays a short tone, or records the person and plays that back."""

import asyncio
from typing import Final

import numpy as np

from audio import codec
from audio.constants import OPUS_RATE_HZ
from audio.devices.duplex import AudioState
from audio.earcons import chime
from audio.playout_queue import PlayoutQueue
from bot.clock import Clock
from bot.local_voice.audio_io import LocalAudioIO
from bot.voice_agent.events import new_utterance_id

_TEST_S: Final = 2.0
_SILENCE_DBFS: Final = -50.0
_TONE: Final = ((523.0, 180), (0.0, 40), (659.0, 260))


def trouble(state: AudioState) -> str:
    """Say what is wrong with the devices, and what to do; empty if nothing is."""
    return " ".join(end.message for end in (state.microphone, state.loudspeaker) if end.message)


async def try_loudspeaker(state: AudioState, playout: PlayoutQueue, clock: Clock) -> str:
    """Play a short tone; return the result in words."""
    if not state.loudspeaker.is_open:
        return trouble(state) or "No loudspeaker is open."
    playout.add(new_utterance_id(), await asyncio.to_thread(chime, _TONE, loudness=0.2))
    await clock.sleep(0.6)
    return "That was a short tone. If you did not hear it, choose another loudspeaker."


async def try_microphone(state: AudioState, transport: LocalAudioIO | None, clock: Clock) -> str:
    """Record two seconds and play them back; return the result in words."""
    if transport is None or not state.microphone.is_open:
        return trouble(state) or "The models are still being loaded."
    transport.tap()
    await clock.sleep(_TEST_S)
    blocks = transport.untap()
    if not blocks:
        return "The microphone delivered nothing at all. Choose another one."
    sound = np.concatenate(blocks)
    loudest = 20 * np.log10(max(1e-6, float(np.abs(sound).max())))
    packets = await asyncio.to_thread(codec.encode, sound, OPUS_RATE_HZ)
    transport.playout.add(new_utterance_id(), packets.packets)
    if loudest < _SILENCE_DBFS:
        return f"I heard hardly anything ({loudest:.0f} dB). Is the microphone muted?"
    return f"This is what I heard, at {loudest:.0f} dB."
