"""What the voice tests share: a voice channel, and a bot that listens."""

# mypy: ignore-errors

import struct
from contextlib import suppress

import davey
import discord
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from discord.voice_state import VoiceConnectionState

from local_discord.voice import Mode
from local_discord.voice.transport import Transport, TransportError
from tests.paths import CLIPS
from tests.waiting import HANGS_S, until


class Listening(discord.VoiceClient):
    """discord.py's own voice client, which keeps what it receives, in both transport modes."""

    supported_modes = tuple(mode.value for mode in Mode)

    def __init__(self, client, channel):
        self.received = []
        self.messages = []
        super().__init__(client, channel)
        self._connection.add_socket_listener(self.received.append)

    def create_connection_state(self):
        return VoiceConnectionState(self, hook=self._hook)

    async def _hook(self, ws, message):
        self.messages.append((message["op"], message["d"]))

    def told(self, op):
        """What the voice server has said with a JSON opcode."""
        return [data for one, data in self.messages if one == op]

    def _encrypt_aead_aes256_gcm_rtpsize(self, header, data):  # discord.py has no such mode
        counter = struct.pack(">I", self._incr_nonce)
        self.checked_add("_incr_nonce", 1, 4294967295)
        sealed = AESGCM(bytes(self.secret_key)).encrypt(
            counter + bytes(8), bytes(data), bytes(header)
        )
        return bytes(header) + sealed + counter

    def opened(self):
        """What was received under the present transport key, without its encryption."""
        transport = Transport(Mode(self.mode), bytes(self.secret_key))
        opened = []
        for packet in self.received:
            with suppress(TransportError):
                opened.append(transport.open(packet))
        return opened

    @property
    def dave(self):
        """Its davey session."""
        return self._connection.dave_session

    @property
    def secured(self):
        """Whether it has a key that the others know."""
        return self._connection.can_encrypt


def understood(link, speaker):
    """A speaker's frames as the bot decrypts them."""
    mine = [rtp.payload for rtp in link.opened() if rtp.ssrc == speaker.ssrc]
    return [link.dave.decrypt(speaker.user_id, davey.MediaType.audio, p) for p in mine]


async def arrived(link, speaker, packets):
    """Wait until so many different packets of a speaker's have come, and give them as they came."""

    def came():
        mine = [rtp for rtp in link.opened() if rtp.ssrc == speaker.ssrc]
        return mine if len({rtp.sequence for rtp in mine}) >= packets else None

    return await until(came)


@pytest.fixture
def lounge(guild, channel):
    return guild.voice_channel("Lounge")


@pytest.fixture
async def online(sim, bot, lounge):
    async with sim.connect(bot):
        yield bot


@pytest.fixture
async def link(online, lounge):
    """The bot in the lounge."""
    client = await online.get_channel(lounge.id).connect(cls=Listening, timeout=HANGS_S)
    yield client
    if client.is_connected():
        await client.disconnect()


@pytest.fixture
def question():
    """1.3 s of speech."""
    return CLIPS / "question.wav"


@pytest.fixture
def digits():
    """Three phrases with pauses."""
    return CLIPS / "vosk_test.wav"


@pytest.fixture
def noise():
    """Four seconds that are loud throughout."""
    return np.random.default_rng(0).uniform(-0.3, 0.3, 4 * 48_000).astype(np.float32)


@pytest.fixture
def monologue(noise):
    """As long as a test may take: whoever speaks it is to be stopped."""
    return np.tile(noise, 20)
