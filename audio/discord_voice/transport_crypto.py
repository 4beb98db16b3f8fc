"""The encryption between client and voice server: Discord's two "rtpsize" modes.

The last four bytes of a packet are a counter; padded with zeros, it is the nonce. The header is in
the clear, and authenticated together with what is encrypted.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as open_xchacha
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as seal_xchacha
from nacl.exceptions import CryptoError

from audio.discord_voice.rtp import Rtp
from audio.errors import AudioError

_COUNTER_BYTES: Final = 4
_MAX_COUNTER: Final = (1 << 8 * _COUNTER_BYTES) - 1
_KEY_BYTES: Final = 32
_XCHACHA_PADDING: Final = bytes(24 - _COUNTER_BYTES)
_GCM_PADDING: Final = bytes(12 - _COUNTER_BYTES)

_Cipher = Callable[[bytes, bytes, bytes], bytes]
"""(text, clear, counter) to text."""


class Mode(StrEnum):
    """The modes that Discord still offers. It asks for the first if both sides have it."""

    AES_GCM = "aead_aes256_gcm_rtpsize"
    XCHACHA = "aead_xchacha20_poly1305_rtpsize"


class Transport:
    """One connection's transport key, for one direction.

    Args:
        mode: The mode agreed on.
        key: 32 bytes.

    Raises:
        AudioError: The mode is unknown, or the key has the wrong length.
    """

    def __init__(self, mode: str, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise AudioError("A voice transport key must be 32 bytes long.")
        if mode == Mode.AES_GCM:
            self._open, self._seal = _aes_gcm(key)
        elif mode == Mode.XCHACHA:
            self._open, self._seal = _xchacha(key)
        else:
            raise AudioError(f"There is no voice transport mode '{mode[:60]}'.")
        self._counter = 0

    def open(self, data: bytes, rtp: Rtp) -> bytes | None:
        """Decrypt the body of a packet; None if the server did not encrypt it."""
        clear = rtp.clear
        counter = data[-_COUNTER_BYTES:]
        try:
            return self._open(data[clear:-_COUNTER_BYTES], data[:clear], counter)
        except (CryptoError, InvalidTag):
            return None

    def seal(self, header: bytes, payload: bytes) -> bytes:
        """A packet with the payload encrypted."""
        counter = self._counter.to_bytes(_COUNTER_BYTES, "big")
        self._counter = (self._counter + 1) & _MAX_COUNTER
        return header + self._seal(payload, header, counter) + counter


def _xchacha(key: bytes) -> tuple[_Cipher, _Cipher]:
    def open_(sealed: bytes, clear: bytes, counter: bytes) -> bytes:
        return open_xchacha(sealed, clear, counter + _XCHACHA_PADDING, key)

    def seal(payload: bytes, clear: bytes, counter: bytes) -> bytes:
        return seal_xchacha(payload, clear, counter + _XCHACHA_PADDING, key)

    return open_, seal


def _aes_gcm(key: bytes) -> tuple[_Cipher, _Cipher]:
    cipher = AESGCM(key)

    def open_(sealed: bytes, clear: bytes, counter: bytes) -> bytes:
        return cipher.decrypt(counter + _GCM_PADDING, sealed, clear)

    def seal(payload: bytes, clear: bytes, counter: bytes) -> bytes:
        return cipher.encrypt(counter + _GCM_PADDING, payload, clear)

    return open_, seal
