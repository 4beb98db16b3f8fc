"""A short storm each time the tests are run; `fuzz.py` runs long ones."""

# mypy: ignore-errors

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.discord_voice.receiver import Receiver
from audio.discord_voice.rtp import parse, payload
from local_discord.voice.stream import RtpStream
from local_discord.voice.transport import Datagram
from tests.fakes.voice_room import ANA, Room
from tests.unit.audio.discord_voice.fuzz import Storm


@pytest.mark.parametrize("seed", range(4))
def test_nothing_gets_through_that_raises_or_piles_up(seed):
    storm = Storm(seed)
    storm.run(5000)
    assert storm.frames["SpeechPacket"] > 200


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_a_datagram(data):
    receiver = Receiver(may_hear=lambda user_id: True)
    receiver.receive(data, 0.0)
    receiver.receive(b"\x80\x78" + data, 0.0)
    assert receiver.pull(1.0) == []


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 63), st.binary(max_size=80))
def test_any_header_and_any_body(start, flags, body):
    data = bytes([0x80 | flags, 0x78]) + start.ljust(42, b"\0") + bytes(20)
    parsed = parse(data)
    if parsed is not None:
        assert parsed.clear + parsed.extension + 20 <= len(data)
        carried = payload(parsed, body)
        assert carried is None or carried in body


room = Room()
ana = room.join(ANA)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=80), st.booleans(), st.integers(0, 9))))
def test_any_frames_of_somebody_in_the_call(frames):
    receiver = room.receiver()
    receiver.map_ssrc(ANA, 4711)
    stream, now = RtpStream(4711, seed=1), 0.0
    for frame, marked, silence in frames:
        now += 0.02 * (1 + silence)
        voice = stream.voice(frame + b"\xfa\xfa" * marked, round(now * 48_000), 0)
        receiver.receive(room.transport.seal(Datagram(voice.clear, voice.body)), now)
        receiver.pull(now)
    receiver.pull(now + 5.0)
    assert receiver.health.get(ANA) is None or receiver.health[ANA].waiting == 0
