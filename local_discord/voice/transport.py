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
MIN_PACKET_BYTES = HEADER.size + 16 + COUNTER_BYTES


class Mode(StrEnum):
    """The transport encryption modes that Discord still offers, the preferred one first."""

    AES_GCM = "aead_aes256_gcm_rtpsize"
    XCHACHA = "aead_xchacha20_poly1305_rtpsize"


class TransportError(ValueError):
    """A packet that no voice server would forward."""


@dataclass(frozen=True, slots=True)
class Rtp:
    """A packet after its transport encryption is off, without extension and padding."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Datagram:
    """A packet without its transport encryption.

    Attributes:
        clear: What is never encrypted: the header, and the four bytes that announce an extension.
        body: The extension, the payload, the padding.
    """

    clear: bytes
    body: bytes

    @property
    def rtp(self) -> Rtp:
        """Its numbers and its payload."""
        flags, kind, sequence, timestamp, ssrc = HEADER.unpack_from(self.clear)
        extension = 4 * int.from_bytes(self.clear[-2:], "big") if flags & EXTENDED else 0
        body = self.body[extension:]
        if flags & PADDED:
            body = body[: len(body) - body[-1]] if body else b""
        return Rtp(kind & 0x7F, sequence, timestamp, ssrc, body)


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
        """Decrypt a packet of the client and read it.

        Raises:
            TransportError: It is no RTP, or not encrypted with this key.
        """
        return self.unseal(packet).rtp

    def unseal(self, packet: bytes) -> Datagram:
        """Decrypt a packet of the client.

        Raises:
            TransportError: It is no RTP, or not encrypted with this key.
        """
        if len(packet) < MIN_PACKET_BYTES or packet[0] & 0xC0 != VERSION:
            raise TransportError("not an encrypted RTP packet")
        clear_size = HEADER.size + 4 * (packet[0] & CSRCS) + (4 if packet[0] & EXTENDED else 0)
        return Datagram(packet[:clear_size], self._decrypt(packet, clear_size))

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
