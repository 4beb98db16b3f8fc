"""Tests the devices: it plays a short tone, or records the person and plays that back."""

import asyncio
from typing import Final

import numpy as np

from audio import codec
from audio.constants import OPUS_RATE_HZ
from audio.devices.device_errors import Fault
from audio.devices.duplex import AudioState, SlotState
from audio.earcons import chime
from audio.playout_queue import PlayoutQueue
from bot.clock import Clock
from bot.extras import extra_command
from bot.i18n import Words
from bot.local_voice.audio_io import LocalAudioIO
from bot.sanitize import clean_excerpt
from bot.voice_agent.events import new_utterance_id

_TEST_S: Final = 2.0
_SILENCE_DBFS: Final = -50.0
_TONE: Final = ((523.0, 180), (0.0, 40), (659.0, 260))


def trouble(state: AudioState, words: Words, *, is_starting: bool = False) -> str:
    """Say what is wrong with the devices, and what to do; empty if nothing is.

    Args:
        state: The state of both.
        words: The person's language.
        is_starting: Whether models are being loaded: then a device that falls silent for a moment
            has not failed, since the whole machine is busy.
    """
    ends = (("microphone", state.microphone), ("loudspeaker", state.loudspeaker))
    told = (_fault(what, end, words) for what, end in ends if not (is_starting and _stalled(end)))
    return " ".join(dict.fromkeys(one for one in told if one))


def _stalled(end: SlotState) -> bool:
    return end.fault is Fault.STALLED


def _fault(what: str, end: SlotState, words: Words) -> str:
    if end.fault is None:
        return ""
    name = words("talk.device.microphone" if what == "microphone" else "talk.device.loudspeaker")
    if end.missing is not None:
        return words("talk.device.fallback", what=name, name=clean_excerpt(end.missing, limit=60))
    if end.fault is Fault.NO_DEVICE:
        is_input = what == "microphone"
        return words("talk.device.no_microphone" if is_input else "talk.device.no_loudspeaker")
    if end.fault is Fault.NO_PACKAGE:
        return words("talk.device.no_package", command=extra_command("mic"))
    return words(f"talk.device.{end.fault}", what=name)


async def try_loudspeaker(
    state: AudioState, playout: PlayoutQueue, clock: Clock, words: Words
) -> str:
    """Play a short tone; return the result in words."""
    if not state.loudspeaker.is_open:
        name = words("talk.device.loudspeaker")
        return trouble(state, words) or words("talk.device.not_open", what=name)
    playout.add(new_utterance_id(), await asyncio.to_thread(chime, _TONE, loudness=0.2))
    await clock.sleep(0.6)
    return words("talk.device.tone")


async def try_microphone(
    state: AudioState, transport: LocalAudioIO | None, clock: Clock, words: Words
) -> str:
    """Record two seconds and play them back; return the result in words."""
    if transport is None or not state.microphone.is_open:
        return trouble(state, words) or words("talk.still_loading")
    transport.tap()
    await clock.sleep(_TEST_S)
    blocks = transport.untap()
    if not blocks:
        return words("talk.device.nothing")
    sound = np.concatenate(blocks)
    loudest = 20 * np.log10(max(1e-6, float(np.abs(sound).max())))
    packets = await asyncio.to_thread(codec.encode, sound, OPUS_RATE_HZ)
    transport.playout.add(new_utterance_id(), packets.packets)
    if loudest < _SILENCE_DBFS:
        return words("talk.device.hardly", level=f"{loudest:.0f}")
    return words("talk.device.played", level=f"{loudest:.0f}")
