"""Speech as a Discord voice message, with a waveform and a play button."""

import base64
import io
import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import discord
import numpy as np

from audio import codec, ogg
from audio.constants import LIBOPUS_PRE_SKIP, OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.errors import AudioError
from audio.manner import PLAIN, Manner
from audio.pool import SoundPool
from audio.samples import Pcm
from audio.speech_effects import SpeechEffects
from audio.stopping import Stop
from bot.contract import Audio
from bot.discord_client import SkyDeck
from bot.errors import BadInput
from cogs.shared.discord_retry import Nonces, is_passing

_VOICE_FLAG: Final = 1 << 13
"""IS_VOICE_MESSAGE. Source: Discord's reference, "Message Flags" and "Voice Messages"."""
_MAX_POINTS: Final = 256
_POINTS_PER_SECOND: Final = 10
_STEPS_PER_SECOND: Final = 50
_RATE_HZ: Final = OPUS_RATE_HZ
_MAX_S: Final = 1200.0
_MAX_BYTES: Final = 8 * 1024 * 1024
"""For a reply; `_MAX_S` at 32 kbit/s are 4.6 MiB. Discord accepts 10 MiB."""
VOICE_FILE: Final = "voice-message.ogg"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A spoken reply.

    Attributes:
        data: An Ogg Opus file, 48 kHz.
        seconds: Its duration.
        waveform: Its loudness for the picture, in base64: one byte per point, at most 256 points.
    """

    data: bytes
    seconds: float
    waveform: str


async def prepare(audio: Audio, manner: Manner = PLAIN) -> Spoken:
    """Convert a service's audio to what Discord plays, off the event loop.

    Args:
        audio: The service's.
        manner: The tempo and volume that the person wants.

    Raises:
        BadInput: It is not audio.
    """
    return await _sound.run(partial(_prepared, audio, manner))


_sound: Final = SoundPool(2)


def _prepared(audio: Audio, manner: Manner, stop: Stop) -> Spoken:
    data = audio.file()
    if not manner.is_plain and len(data) <= _MAX_BYTES and _is_opus(data):
        data = _in_manner(data, manner)
    loudness = _Loudness()
    try:
        if len(data) <= _MAX_BYTES and _is_opus(data):
            for piece in codec.decode_stream(data, limit_s=_MAX_S, stop=stop):
                loudness.take(piece)
        else:
            pieces = codec.decode_stream(data, rate_hz=_RATE_HZ, limit_s=_MAX_S, stop=stop)
            loudness = _Loudness(_RATE_HZ)
            data = codec.encode_to_ogg(map(loudness.take, pieces), _RATE_HZ)
    except AudioError as e:
        raise BadInput(f"The reply's audio cannot be used: {e}") from e
    return Spoken(data, loudness.seconds, base64.b64encode(loudness.waveform()).decode())


def _in_manner(data: bytes, manner: Manner) -> bytes:
    effects = SpeechEffects(manner)
    packets = effects.take(ogg.demux(data).packets)
    return ogg.mux(ogg.OpusStream((*packets, *effects.finish()), 1, LIBOPUS_PRE_SKIP, 0))


def _is_opus(data: bytes) -> bool:
    """Whether Discord can play it as it is."""
    try:
        return bool(ogg.demux(data).packets)
    except AudioError:
        return False


class _Loudness:
    """Measures the loudness of audio that passes through.

    Args:
        rate_hz: The sample rate.
    """

    def __init__(self, rate_hz: int = SPEECH_RATE_HZ) -> None:
        self._rate_hz = rate_hz
        self._step = rate_hz // _STEPS_PER_SECOND
        self._taken = 0
        self._energies: list[float] = []

    @property
    def seconds(self) -> float:
        """The duration of the audio."""
        return self._taken / self._rate_hz

    def take(self, piece: Pcm) -> Pcm:
        """Measure a block, and pass it on."""
        self._taken += len(piece)
        for at in range(0, len(piece), self._step):
            part = piece[at : at + self._step].astype(np.float32)
            self._energies.append(float(np.mean(np.square(part))))
        return piece

    def waveform(self) -> bytes:
        """The loudness of equal sections; the loudest is 255."""
        points = max(1, min(_MAX_POINTS, int(self.seconds * _POINTS_PER_SECOND)))
        stretches = np.array_split(np.asarray(self._energies or [0.0]), points)
        loudness = [float(np.sqrt(np.mean(piece))) if len(piece) else 0.0 for piece in stretches]
        loudest = max(loudness) or 1.0
        return bytes(round(value / loudest * 255) for value in loudness)


async def send_voice_message(
    bot: SkyDeck, channel_id: int, spoken: Spoken, *, reply_to: int, nonces: Nonces, name: str
) -> None:
    """Post it as a reply to a message; as a plain file where Discord accepts no voice message.

    Args:
        bot: The client.
        channel_id: The channel.
        spoken: The audio.
        reply_to: The message to reply to; 0 for none.
        nonces: The nonces of the job's posts.
        name: The name of this post among them.

    Raises:
        discord.HTTPException: Discord accepts neither.
    """

    async def send(nonce: str) -> None:
        await bot.http.send_message(channel_id, params=_parameters(spoken, reply_to, nonce))

    try:
        await nonces.post(name, send)
    except discord.HTTPException as e:
        if is_passing(e):
            raise
        # A channel without voice messages answers 400 with code 50173, not 403.
        await _send_file(bot, channel_id, spoken, reply_to=reply_to, nonces=nonces, name=f"{name}f")


async def _send_file(
    bot: SkyDeck, channel_id: int, spoken: Spoken, *, reply_to: int, nonces: Nonces, name: str
) -> None:
    channel = bot.get_partial_messageable(channel_id)
    more: dict[str, Any] = {}
    if reply_to:
        more["reference"] = discord.MessageReference(
            message_id=reply_to, channel_id=channel_id, fail_if_not_exists=False
        )

    async def send(nonce: str) -> None:
        file = discord.File(io.BytesIO(spoken.data), VOICE_FILE)
        await channel.send(file=file, mention_author=False, nonce=nonce, **more)

    await nonces.post(name, send)


def _parameters(spoken: Spoken, reply_to: int, nonce: str) -> discord.http.MultipartParameters:
    """The request, for which discord.py 2.7 has no method."""
    entry = {
        "id": "0",
        "filename": VOICE_FILE,
        "duration_secs": round(spoken.seconds, 3),
        "waveform": spoken.waveform,
    }
    payload: dict[str, Any] = {
        "flags": _VOICE_FLAG,
        "attachments": [entry],
        "allowed_mentions": {"parse": [], "replied_user": False},
        "nonce": nonce,
        "enforce_nonce": True,
    }
    if reply_to:
        payload["message_reference"] = {"message_id": str(reply_to), "fail_if_not_exists": False}
    file = discord.File(io.BytesIO(spoken.data), VOICE_FILE)
    form: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(payload)},
        {
            "name": "files[0]",
            "value": file.fp,
            "filename": VOICE_FILE,
            "content_type": "audio/ogg",
        },
    ]
    return discord.http.MultipartParameters(payload=None, multipart=form, files=[file])
