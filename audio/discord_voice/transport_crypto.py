"""The encryption between client and voice server: Discord's two "rtpsize" modes.

The last four bytes of a packet are its nonce, to be filled up with zeros; what the header leaves
encrypted is authenticated together with the header.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as open_xchacha
from nacl.exceptions import CryptoError

from audio.discord_voice.rtp import Rtp
from audio.errors import AudioError

_COUNTER_BYTES: Final = 4
_KEY_BYTES: Final = 32
_XCHACHA_REST: Final = bytes(24 - _COUNTER_BYTES)
_GCM_REST: Final = bytes(12 - _COUNTER_BYTES)


class Mode(StrEnum):
    """The modes that Discord still offers. It asks for the first where both sides have it."""

    AES_GCM = "aead_aes256_gcm_rtpsize"
    XCHACHA = "aead_xchacha20_poly1305_rtpsize"


class Transport:
    """One connection's transport key.

    Args:
        mode: The mode agreed on.
        key: 32 bytes.

    Raises:
        AudioError: There is no such mode, or the key is of another length.
    """

    def __init__(self, mode: str, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise AudioError("A voice transport key has 32 bytes.")
        if mode == Mode.AES_GCM:
            self._open = _aes_gcm(key)
        elif mode == Mode.XCHACHA:
            self._open = _xchacha(key)
        else:
            raise AudioError(f"There is no voice transport mode {mode[:60]!r}.")

    def open(self, data: bytes, rtp: Rtp) -> bytes | None:
        """Decrypt what follows the clear part of a packet; None when it is not from the server."""
        clear = rtp.clear
        counter = data[-_COUNTER_BYTES:]
        try:
            return self._open(data[clear:-_COUNTER_BYTES], data[:clear], counter)
        except (CryptoError, InvalidTag):
            return None


def _xchacha(key: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
    def open_(sealed: bytes, clear: bytes, counter: bytes) -> bytes:
        return open_xchacha(sealed, clear, counter + _XCHACHA_REST, key)

    return open_


def _aes_gcm(key: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
    decrypt = AESGCM(key).decrypt

    def open_(sealed: bytes, clear: bytes, counter: bytes) -> bytes:
        return decrypt(counter + _GCM_REST, sealed, clear)

    return open_
