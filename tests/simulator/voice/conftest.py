"""What the voice tests share: the simulator's fixtures, a voice channel, and a bot that listens."""

# mypy: ignore-errors

import struct
from pathlib import Path

import discord
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.simulator.voice import Mode
from tests.simulator.voice.transport import Transport

CLIPS = Path(__file__).parents[2] / "clips"


class Listening(discord.VoiceClient):
    """discord.py's own voice client, which keeps what it receives, in both transport modes."""

    supported_modes = tuple(mode.value for mode in Mode)

    def __init__(self, client, channel):
        super().__init__(client, channel)
        self.received = []
        self._connection.add_socket_listener(self.received.append)

    def _encrypt_aead_aes256_gcm_rtpsize(self, header, data):  # discord.py has no such mode
        counter = struct.pack(">I", self._incr_nonce)
        self.checked_add("_incr_nonce", 1, 4294967295)
        sealed = AESGCM(bytes(self.secret_key)).encrypt(
            counter + bytes(8), bytes(data), bytes(header)
        )
        return bytes(header) + sealed + counter

    def opened(self):
        """What was received, without its transport encryption."""
        transport = Transport(Mode(self.mode), bytes(self.secret_key))
        return [transport.open(p) for p in self.received if p[0] & 0xC0 == 0x80]

    @property
    def dave(self):
        """Its davey session."""
        return self._connection.dave_session

    @property
    def secured(self):
        """Whether it has a key that the others know."""
        return self._connection.can_encrypt


@pytest.fixture
def lounge(guild, channel):
    return guild.voice_channel("Lounge")


@pytest.fixture
async def online(sim, bot):
    async with sim.connect(bot):
        yield bot


@pytest.fixture
async def link(online, lounge):
    """The bot in the lounge."""
    client = await online.get_channel(lounge.id).connect(cls=Listening, timeout=5)
    yield client
    await client.disconnect(force=True)


@pytest.fixture
def question():
    """1.3 s of speech."""
    return CLIPS / "question.wav"


@pytest.fixture
def digits():
    """Three phrases with pauses."""
    return CLIPS / "vosk_test.wav"
