"""A speaker's parts by themselves: microphone, RTP, network."""

# mypy: ignore-errors

import numpy as np
import pytest

from audio.errors import NotAudioError
from local_discord.voice import Microphone, Mode, Network
from local_discord.voice.clips import prepare
from local_discord.voice.member import SILENCE
from local_discord.voice.stream import RtpStream
from local_discord.voice.transport import Datagram, Transport, TransportError

KEY = bytes(range(32))


def loud(frames):
    return np.random.default_rng(1).uniform(-0.3, 0.3, frames * 960).astype(np.float32)


def quiet(frames):
    return np.zeros(frames * 960, np.float32)


def shape(clip):
    """A letter for each 20 ms: Voiced, open, silence, or nothing."""
    letters = []
    for frame in clip.frames:
        if frame is None:
            letters.append(".")
        elif frame.opus == SILENCE:
            letters.append("s")
        else:
            letters.append("V" if frame.voiced else "o")
    return "".join(letters)


async def test_the_microphone_opens_before_speech_and_closes_after():
    sound = np.concatenate([quiet(10), loud(5), quiet(30), loud(3)])
    clip = await prepare(sound, Microphone(leading=2, trailing=4))
    expected = (
        "." * 8 + "oo" + "V" * 5 + "oooo" + "sssss" + "." * 19 + "oo" + "VVV" + "oooo" + "sssss"
    )
    assert shape(clip) == expected
    assert [i for i in range(len(clip.frames)) if clip.frames[i] and clip.starts(i)] == [8, 43]


async def test_a_short_pause_does_not_close_it():
    sound = np.concatenate([loud(2), quiet(4), loud(2)])
    clip = await prepare(sound, Microphone(leading=1, trailing=3))
    assert shape(clip) == "VVooooVVooosssss"


async def test_push_to_talk_sends_everything():
    clip = await prepare(quiet(6), Microphone(threshold_db=None))
    assert shape(clip) == "V" * 6 + "sssss"


async def test_silence_is_never_sent():
    clip = await prepare(quiet(50), Microphone())
    assert clip.frames == ()


async def test_a_clip_is_encoded_once():
    assert await prepare(loud(5), Microphone()) is await prepare(loud(5), Microphone())


async def test_a_file_without_sound_is_refused():
    with pytest.raises(NotAudioError):
        await prepare(b"no sound", Microphone())


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("padded", [0.0, 1.0])
def test_what_is_sealed_is_opened_without_extension_and_padding(mode, padded):
    stream = RtpStream(77, seed=5, padded=padded)
    there, here = Transport(mode, KEY), Transport(mode, KEY)
    first = here.open(there.seal(stream.voice(b"a frame", 0, 30)))
    second = here.open(there.seal(stream.voice(b"another", 960, 30)))
    assert (first.payload, second.payload) == (b"a frame", b"another")
    assert (first.ssrc, first.payload_type) == (77, 0x78)
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 960


@pytest.mark.parametrize("mode", list(Mode))
def test_a_changed_packet_is_refused(mode):
    transport = Transport(mode, KEY)
    packet = transport.seal(Datagram(b"\x80\x78" + bytes(10), b"a frame"))
    for position in (1, 5, 14, len(packet) - 1):
        changed = bytearray(packet)
        changed[position] ^= 1
        with pytest.raises(TransportError):
            transport.open(bytes(changed))
    for size in range(len(packet)):
        with pytest.raises(TransportError):
            transport.open(packet[:size])


def test_a_network_is_the_same_with_the_same_seed():
    def run(seed):
        network = Network(loss=0.2, reorder=0.2, duplicate=0.2, jitter_ms=10, seed=seed)
        return [network.arrivals(i * 0.02) for i in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_jitter_alone_keeps_the_order():
    network = Network(jitter_ms=80)
    arrivals = [at for i in range(500) for at in network.arrivals(i * 0.02)]
    assert arrivals == sorted(arrivals)
    assert len(arrivals) == 500
