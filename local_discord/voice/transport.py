"""RTP and its transport encryption, as Discord's voice servers do them: the two "rtpsize" modes.

In these modes the header, its CSRCs and the four bytes that announce an extension stay in the clear
and are authenticated; the extension's body and the payload are encrypted. The last four bytes of a
packet are its nonce's counter.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

import nacl.bindings
import nacl.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VOICE_TYPE = 0x78
VIDEO_TYPE = 0x65
KEY_BYTES = 32
HEADER = struct.Struct(">BBHII")
VERSION, EXTENDED, PADDED, CSRCS = 0x80, 0x10, 0x20, 0x0F
COUNTER_BYTES = 4
SMALLEST = HEADER.size + 16 + COUNTER_BYTES


class Mode(StrEnum):
    """The transport encryption modes that Discord still offers, the preferred one first."""

    AES_GCM = "aead_aes256_gcm_rtpsize"
    XCHACHA = "aead_xchacha20_poly1305_rtpsize"


class TransportError(ValueError):
    """A packet that no voice server would forward."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A packet before its transport encryption."""

    clear: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Rtp:
    """A packet after its transport encryption is off, without extension and padding."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class Transport:
    """One client's transport key, both ways."""

    def __init__(self, mode: Mode, key: bytes) -> None:
        self.mode = mode
        self.key = key
        self._aes = AESGCM(key)
        self._sent = 0

    def seal(self, datagram: Datagram) -> bytes:
        """Encrypt a packet to the client."""
        self._sent += 1
        counter = struct.pack(">I", self._sent & 0xFFFFFFFF)
        clear, body = datagram.clear, datagram.body
        if self.mode is Mode.AES_GCM:
            sealed = self._aes.encrypt(counter + bytes(8), body, clear)
        else:
            sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
                body, clear, counter + bytes(20), self.key
            )
        return clear + sealed + counter

    def open(self, packet: bytes) -> Rtp:
        """Decrypt a packet of the client.

        Raises:
            TransportError: It is no RTP, or not encrypted with this key.
        """
        if len(packet) < SMALLEST or packet[0] & 0xC0 != VERSION:
            raise TransportError("not an encrypted RTP packet")
        clear_size = HEADER.size + 4 * (packet[0] & CSRCS)
        extension = 0
        if packet[0] & EXTENDED:
            extension = 4 * int.from_bytes(packet[clear_size + 2 : clear_size + 4], "big")
            clear_size += 4
        body = self._decrypt(packet, clear_size)[extension:]
        if packet[0] & PADDED:
            body = body[: len(body) - body[-1]] if body else b""
        _, kind, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        return Rtp(kind & 0x7F, sequence, timestamp, ssrc, body)

    def _decrypt(self, packet: bytes, clear_size: int) -> bytes:
        clear, sealed = packet[:clear_size], packet[clear_size:-COUNTER_BYTES]
        counter = packet[-COUNTER_BYTES:]
        try:
            if self.mode is Mode.AES_GCM:
                return self._aes.decrypt(counter + bytes(8), sealed, clear)
            return bytes(
                nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                    sealed, clear, counter + bytes(20), self.key
                )
            )
        except (InvalidTag, nacl.exceptions.CryptoError, ValueError) as error:
            raise TransportError("encrypted with another key") from error
