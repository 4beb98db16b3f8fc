"""RTP as Discord's voice servers send it (RFC 3550).

The port also carries keepalives, IP discovery answers, RTCP and video: none of them is voice. In
the "rtpsize" modes the header, its CSRCs and the four bytes that announce an extension are in the
clear, and authenticated; the extension's body and the payload are encrypted.
"""

import struct
from typing import Final, NamedTuple

from audio.constants import MAX_DATAGRAM_BYTES

VOICE_TYPE: Final = 0x78
"""The payload type of Opus."""

_HEADER: Final = struct.Struct(">BBHII")
_ANNOUNCEMENT: Final = struct.Struct(">HH")
_TAG_AND_COUNTER: Final = 16 + 4
_VERSION_BITS: Final = 0xC0
_VERSION: Final = 0x80
_PADDED: Final = 0x20
_EXTENDED: Final = 0x10
_CSRCS: Final = 0x0F
_TYPE_BITS: Final = 0x7F


class Rtp(NamedTuple):
    """A voice packet's header (a NamedTuple, for speed: one per packet).

    Attributes:
        sequence: 16 bits.
        timestamp: 32 bits, in samples at 48 kHz.
        ssrc: The stream's number.
        clear: How many bytes at the front are in the clear.
        extension: How many bytes at the front of the decrypted body are the extension's.
        padded: Whether the decrypted body ends in padding.
    """

    sequence: int
    timestamp: int
    ssrc: int
    clear: int
    extension: int
    padded: bool


def parse(data: bytes) -> Rtp | None:
    """Read the header of a voice packet; None for everything else on the port."""
    size = len(data)
    if not _HEADER.size + _TAG_AND_COUNTER <= size <= MAX_DATAGRAM_BYTES:
        return None
    flags, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if flags & _VERSION_BITS != _VERSION or kind & _TYPE_BITS != VOICE_TYPE:
        return None
    clear = _HEADER.size + 4 * (flags & _CSRCS)
    extension = 0
    if flags & _EXTENDED:
        if size < clear + _ANNOUNCEMENT.size:
            return None
        extension = 4 * _ANNOUNCEMENT.unpack_from(data, clear)[1]
        clear += _ANNOUNCEMENT.size
    if size < clear + extension + _TAG_AND_COUNTER:
        return None
    return Rtp(sequence, timestamp, ssrc, clear, extension, bool(flags & _PADDED))


def payload(rtp: Rtp, body: bytes) -> bytes | None:
    """Strip extension and padding from a decrypted body; empty if the packet was padding alone.

    Returns:
        None if the padding claims to be empty, or longer than there is room for.
    """
    if not rtp.padded:
        return body[rtp.extension :] if rtp.extension else body
    end = len(body) - body[-1] if body else -1
    if not rtp.extension <= end < len(body):
        return None
    return body[rtp.extension : end]


def build_header(sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The header of a voice packet without CSRCs, extension and padding."""
    return _HEADER.pack(_VERSION, VOICE_TYPE, sequence, timestamp, ssrc)
