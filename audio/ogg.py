"""Opus packets into an Ogg file and back, without decoding them.

Sources: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), RFC 6716 section 3.1 (the packet's TOC byte).
Granule positions and durations are samples at 48 kHz, whatever the coded bandwidth.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audio.constants import LIBOPUS_PRE_SKIP, MAX_PACKET_SAMPLES, OPUS_RATE_HZ
from audio.errors import AudioError

_PAGE_SAMPLES = OPUS_RATE_HZ
"""One page per second, the maximum that RFC 7845 section 3 advises."""
_MAX_SEGMENTS = 255
_MAX_PACKET_BYTES = 61_440
"""48 frames of 1275 bytes, RFC 6716 section 3.4. Larger comments are skipped."""
MAX_STREAM_S = 4 * 3600
"""A longer file is refused; packets of 2.5 ms would take twenty times its size in memory."""
_HEADER = struct.Struct("<4sBBqIIIB")
_OPUS_HEAD = struct.Struct("<8sBBHIhB")
_CONTINUED, _FIRST, _LAST = 1, 2, 4


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits reversed."""


def _crc(page: bytes) -> int:
    """RFC 3533 section 6: polynomial 0x04c11db7, no reflection, initial value 0.

    zlib's checksum is the same with all bits reversed, and inverted before and after.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "big").translate(_MIRRORED), "little")


def packet_samples(packet: bytes) -> int:
    """How long an Opus packet lasts, in samples at 48 kHz, from its TOC byte.

    Raises:
        AudioError: The packet is empty, or violates RFC 6716's rules on length.
    """
    if not packet:
        raise AudioError("An Opus packet cannot be empty.")
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:  # SILK  # noqa: PLR2004  (the table of RFC 6716 section 3.1)
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:  # hybrid  # noqa: PLR2004
        frame = (480, 960)[config & 1]
    else:  # CELT
        frame = (120, 240, 480, 960)[config & 3]
    if code == 3:  # noqa: PLR2004
        if len(packet) < 2:  # noqa: PLR2004
            raise AudioError("An Opus packet ends before its frame count.")
        count = packet[1] & 63
    else:
        count = 1 if code == 0 else 2
    if not 0 < frame * count <= MAX_PACKET_SAMPLES:
        raise AudioError("An Opus packet lasts at most 120 ms.")
    return frame * count


@dataclass(frozen=True, slots=True)
class OpusStream:
    """The content of an Ogg Opus file.

    Attributes:
        packets: The Opus packets, without the two header packets.
        channels: 1 or 2.
        pre_skip: Samples at 48 kHz to discard at the start.
        end_trim: Samples at 48 kHz to discard at the end.
    """

    packets: tuple[bytes, ...]
    channels: int = 1
    pre_skip: int = LIBOPUS_PRE_SKIP
    end_trim: int = 0

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        samples = sum(map(packet_samples, self.packets)) - self.pre_skip - self.end_trim
        return max(0, samples * 1000 // OPUS_RATE_HZ)


def mux(stream: OpusStream, *, serial: int = 1) -> bytes:
    """Write an Ogg Opus file.

    Raises:
        AudioError: A packet is not an Opus packet.
    """
    muxer = Muxer(channels=stream.channels, pre_skip=stream.pre_skip, serial=serial)
    muxer.write(stream.packets)
    return muxer.finish(end_trim=stream.end_trim)


class Muxer:
    """Writes an Ogg Opus file incrementally; memory holds the file and one page of packets.

    Args:
        channels: 1 or 2.
        pre_skip: Samples at 48 kHz to discard at the start.
        serial: The number of the logical stream.
    """

    def __init__(
        self, *, channels: int = 1, pre_skip: int = LIBOPUS_PRE_SKIP, serial: int = 1
    ) -> None:
        self._serial = serial
        self._file = bytearray()
        self._pages = 0
        self._packets: list[bytes] = []
        self._segments = self._samples = self._granule = 0
        head = _OPUS_HEAD.pack(b"OpusHead", 1, channels, pre_skip, OPUS_RATE_HZ, 0, 0)
        vendor = b"skydeck"
        tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
        self._add_page([head], 0, _FIRST)
        self._add_page([tags], 0, 0)

    def write(self, packets: Iterable[bytes]) -> None:
        """Append packets, in pages of at most a second and 255 segments.

        Raises:
            AudioError: One is not an Opus packet.
        """
        for packet in packets:
            needed = len(packet) // 255 + 1
            full = self._segments + needed > _MAX_SEGMENTS or self._samples >= _PAGE_SAMPLES
            if self._packets and full:
                self._close_page(0, 0)
            lasting = packet_samples(packet)
            self._packets.append(packet)
            self._segments += needed
            self._samples += lasting
            self._granule += lasting

    def finish(self, *, end_trim: int = 0) -> bytes:
        """The complete file. Its last page says how many samples at the end to discard."""
        if self._packets:
            self._close_page(end_trim, _LAST)
        return bytes(self._file)

    def _close_page(self, end_trim: int, flags: int) -> None:
        self._add_page(self._packets, self._granule - end_trim, flags)
        self._packets = []
        self._segments = self._samples = 0

    def _add_page(self, packets: Sequence[bytes], granule: int, flags: int) -> None:
        self._file += _page(packets, self._serial, self._pages, granule, flags)
        self._pages += 1


def _page(packets: Sequence[bytes], serial: int, number: int, granule: int, flags: int) -> bytes:
    lacing = bytearray()
    for packet in packets:
        lacing += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    if len(lacing) > _MAX_SEGMENTS:
        raise AudioError("An Opus packet is too large for a page.")
    header = _HEADER.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    page = bytearray(header + lacing + b"".join(packets))
    page[22:26] = struct.pack("<I", _crc(bytes(page)))
    return bytes(page)


def demux(data: bytes, *, check_crc: bool = True) -> OpusStream:
    """Read an Ogg Opus file; if it has several logical streams, read the first Opus one.

    If the file ends within a page, the result has everything before that page.

    Args:
        data: The file.
        check_crc: Verify every page's checksum.

    Raises:
        AudioError: It is not plain Ogg Opus of one or two channels, or a page is damaged.
    """
    reader = _PageReader(check_crc=check_crc)
    offset = data.find(b"OggS")
    while offset >= 0 and offset + _HEADER.size <= len(data):
        used = reader.page(data, offset)
        if used == 0:
            break
        offset = data.find(b"OggS", offset + used)
    return reader.finish()


class _PageReader:
    """Collects the packets of one logical stream."""

    def __init__(self, *, check_crc: bool) -> None:
        self._check_crc = check_crc
        self._serial: int | None = None
        self._packets: list[bytes] = []
        self._partial = bytearray()
        self._granule = 0
        self._samples = 0

    def page(self, data: bytes, offset: int) -> int:
        """Read the page at `offset`. Returns its length in bytes, 0 if it is truncated."""
        _, _, flags, granule, serial, number, crc, segments = _HEADER.unpack_from(data, offset)
        lacing = data[offset + _HEADER.size : offset + _HEADER.size + segments]
        body = offset + _HEADER.size + segments
        end = body + sum(lacing)
        if len(lacing) < segments or end > len(data):
            return 0
        if data[body : body + 8] == b"OpusHead":
            self._begin(serial)
        if serial == self._serial:
            if self._check_crc:
                blank = data[offset : offset + 22] + b"\0\0\0\0" + data[offset + 26 : end]
                if _crc(blank) != crc:
                    raise AudioError(f"Page {number} of the Ogg file is damaged.")
            self._segments(data, body, lacing, continued=bool(flags & _CONTINUED))
            if granule >= 0:
                self._granule = granule
        return int(end - offset)

    def _begin(self, serial: int) -> None:
        if self._samples:
            raise AudioError("The Ogg file has several recordings, one after another.")
        if self._serial is None:
            self._serial = serial

    def _segments(self, data: bytes, offset: int, lacing: bytes, *, continued: bool) -> None:
        if not continued:
            self._partial.clear()
        for length in lacing:
            self._partial += data[offset : offset + length]
            offset += length
            if length < 255:  # noqa: PLR2004  (RFC 3533: 255 continues the packet)
                self._packet(bytes(self._partial))
                self._partial.clear()
            elif len(self._partial) > _MAX_PACKET_BYTES:
                if len(self._packets) != 1:
                    raise AudioError("A packet is too large for Opus.")
                self._partial.clear()  # a picture in the comments

    def _packet(self, packet: bytes) -> None:
        if len(self._packets) > 1:
            if not packet:
                return
            self._samples += packet_samples(packet)
            if self._samples > MAX_STREAM_S * OPUS_RATE_HZ:
                raise AudioError("The Ogg file is too long.")
        self._packets.append(packet)

    def finish(self) -> OpusStream:
        """The stream, after the last page."""
        if not self._packets or len(self._packets[0]) < _OPUS_HEAD.size:
            raise AudioError("This is not an Ogg Opus file.")
        _, _, channels, pre_skip, _, gain, family = _OPUS_HEAD.unpack_from(self._packets[0])
        if family or gain:  # several parallel decoders, or an output gain
            raise AudioError("This is not a plain Ogg Opus file.")
        packets = tuple(self._packets[2:])
        return OpusStream(packets, channels, pre_skip, max(0, self._samples - self._granule))


def join(streams: Iterable[OpusStream]) -> OpusStream:
    """Join consecutive pieces from one encoder."""
    pieces = list(streams)
    if not pieces:
        return OpusStream(())
    return OpusStream(
        tuple(packet for piece in pieces for packet in piece.packets),
        pieces[0].channels,
        pieces[0].pre_skip,
        pieces[-1].end_trim,
    )
