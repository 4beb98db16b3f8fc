"""What the sender packs is what a receiver reads, and never leaves in the clear."""

import pytest

from audio.constants import FRAME_SAMPLES
from audio.discord_voice import rtp
from audio.discord_voice.sender import Sender
from audio.discord_voice.transport_crypto import Mode, Transport
from audio.errors import AudioError
from audio.silence_frames import SILENCE_FRAME
from tests.fakes.voice_room import BEN, Room

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
SSRC = 4711


def unpacked(datagram: bytes, mode: str, key: bytes = KEY) -> tuple[rtp.Rtp, bytes | None]:
    header = rtp.parse(datagram)
    assert header is not None
    body = Transport(mode, key).open(datagram, header)
    return header, None if body is None else rtp.payload(header, body)


def sender(mode: str = Mode.AES_GCM) -> Sender:
    sender = Sender()
    sender.set_transport_key(mode, KEY)
    sender.set_dave_session(None, protocol_version=0)
    return sender


@pytest.mark.parametrize("mode", Mode)
def test_a_receiver_reads_what_was_packed(mode):
    one = sender(mode)
    header, opus = unpacked(one.pack(SILENCE_FRAME, ssrc=SSRC), mode)
    assert (header.sequence, header.timestamp, header.ssrc) == (0, 0, SSRC)
    assert opus == SILENCE_FRAME
    assert unpacked(one.pack(b"opus", ssrc=SSRC), mode, OTHER_KEY)[1] is None


def test_time_passes_without_a_packet_and_both_numbers_wrap():
    one = sender()
    one.sequence, one.timestamp = 0xFFFF, 2**32 - 2 * FRAME_SAMPLES
    one.pack(b"opus", ssrc=SSRC)
    one.skip()
    header, _ = unpacked(one.pack(b"opus", ssrc=SSRC), Mode.AES_GCM)
    assert (header.sequence, header.timestamp) == (0, 0)


@pytest.mark.parametrize("mode", Mode)
def test_no_nonce_is_used_twice_with_a_key(mode):
    one = sender(mode)
    nonces = set()
    for _ in range(10):
        one.set_transport_key(mode, KEY)  # as before every packet
        nonces.add(one.pack(b"opus", ssrc=SSRC)[-4:])
    assert len(nonces) == 10


def test_a_new_key_is_used_at_once():
    one = sender()
    one.pack(b"opus", ssrc=SSRC)
    one.set_transport_key(Mode.XCHACHA, OTHER_KEY)
    assert unpacked(one.pack(b"opus", ssrc=SSRC), Mode.XCHACHA, OTHER_KEY)[1] == b"opus"
    with pytest.raises(AudioError, match="no voice transport mode"):
        one.set_transport_key("xsalsa20", KEY)


def test_nothing_leaves_without_its_keys():
    one = Sender()
    one.set_transport_key(Mode.AES_GCM, KEY)
    for version in (None, 1):  # not known yet; known, and no group
        if version:
            one.set_dave_session(None, protocol_version=version)
        with pytest.raises(ValueError, match="no key"):
            one.pack(b"opus", ssrc=SSRC)
    assert (one.sequence, one.timestamp) == (2, 2 * FRAME_SAMPLES)
    without = Sender()
    without.set_dave_session(None, protocol_version=0)
    with pytest.raises(ValueError, match="no key"):
        without.pack(b"opus", ssrc=SSRC)


def test_an_encrypted_call_gets_encrypted_packets():
    room = Room()
    room.join(BEN)
    one = sender()
    one.set_dave_session(room.bot.session, protocol_version=1)
    _, payload = unpacked(one.pack(b"\x78opus", ssrc=SSRC), Mode.AES_GCM)
    assert payload is not None
    assert payload != b"\x78opus"
    assert payload.endswith(b"\xfa\xfa")
