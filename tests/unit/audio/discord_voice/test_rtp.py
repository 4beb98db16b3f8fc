"""Headers and transport encryption on packets written down byte by byte."""

import struct

import pytest

from audio.constants import MAX_DATAGRAM_BYTES
from audio.discord_voice import rtp
from audio.discord_voice.transport_crypto import Mode, Transport
from audio.errors import AudioError

KEY = bytes(range(32))
HEADER = bytes.fromhex("b178abcddeadbeef112233440a0b0c0dbede0001")
"""Version 2, padding, extension, one CSRC; type 0x78; then one word of extension."""
SEALED = {
    Mode.AES_GCM: "31e74d5c6ffe080488c7e7dad3abd21af01f59d77263747abd5269f727ddf88cf0189301020304",
    Mode.XCHACHA: "66da804de605326af5c305e6933241843c4557bfe8b3058c6b15263e9a688e70fb66fd01020304",
}
BODY = bytes.fromhex("10b29001") + b"\x78opus packet" + b"\0\0\3"


def header(flags=0x80, kind=0x78, rest=b"", size=32):
    return (struct.pack(">BBHII", flags, kind, 7, 960, 5) + rest).ljust(size, b"\0")


@pytest.mark.parametrize("mode", list(Mode))
def test_a_packet_of_each_mode(mode):
    packet = HEADER + bytes.fromhex(SEALED[mode])
    parsed = rtp.parse(packet)
    assert parsed == rtp.Rtp(0xABCD, 0xDEADBEEF, 0x11223344, 20, 4, True)
    body = Transport(mode, KEY).open(packet, parsed)
    assert body == BODY
    assert rtp.payload(parsed, body) == b"\x78opus packet"


@pytest.mark.parametrize("mode", list(Mode))
def test_a_packet_that_was_changed_anywhere_is_refused(mode):
    packet = HEADER + bytes.fromhex(SEALED[mode])
    transport = Transport(mode, KEY)
    for i in range(len(packet)):
        changed = packet[:i] + bytes([packet[i] ^ 4]) + packet[i + 1 :]
        parsed = rtp.parse(changed)
        assert parsed is None or transport.open(changed, parsed) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(8),  # a keepalive
        b"\0\2\0\x46" + bytes(70),  # IP discovery's answer
        header(kind=200),  # an RTCP sender report
        header(kind=0x65),  # video
        header(flags=0x40),  # version 1
        header(size=31),  # no room for a tag
        header(flags=0x8F),  # fifteen CSRCs that are not there
        header(flags=0x90, rest=struct.pack(">HH", 0xBEDE, 500)),  # extension beyond the end
        header(flags=0x9F, size=74),
        header(size=MAX_DATAGRAM_BYTES + 1),
    ],
    ids=range(11),
)
def test_what_is_no_voice_is_refused(data):
    assert rtp.parse(data) is None


def test_the_marker_bit_is_no_part_of_the_type():
    assert rtp.parse(header(kind=0xF8)) == rtp.Rtp(7, 960, 5, 12, 0, False)


@pytest.mark.parametrize(
    ("body", "carried"),
    [
        (b"extnopus\3\2\3", b"opus"),
        (b"extn\0\0\3", b""),
        (b"extn\1", b""),
        (b"extn\0", None),
        (b"extnopus\x09", None),
        (b"ext\1", None),
        (b"", None),
    ],
)
def test_padding(body, carried):
    assert rtp.payload(rtp.Rtp(0, 0, 0, 12, 4, True), body) == carried


def test_without_padding_the_end_is_left_alone():
    assert rtp.payload(rtp.Rtp(0, 0, 0, 12, 4, False), b"extnopus\3") == b"opus\3"
    assert rtp.payload(rtp.Rtp(0, 0, 0, 12, 0, False), b"opus") == b"opus"


@pytest.mark.parametrize(("mode", "key"), [("xsalsa20_poly1305", KEY), (Mode.XCHACHA, KEY[:16])])
def test_modes_and_keys_that_do_not_exist(mode, key):
    with pytest.raises(AudioError):
        Transport(mode, key)
