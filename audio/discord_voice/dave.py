"""DAVE, the end-to-end encryption of a call.

davey (https://github.com/Snazzah/davey) keeps the MLS group and the keys. Its errors differ in
their text alone, which only this module reads. In its passthrough mode, which discord.py turns on
while a call's encryption starts or stops, davey returns a payload that it cannot decrypt
unchanged, whoever sent it; this module rejects such a payload.
"""

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any, Final, Protocol

_MARKER: Final = b"\xfa\xfa"
"""The end of every payload that is encrypted end to end."""


class DaveSession(Protocol):
    """The part of a davey session that voice needs."""

    @property
    def ready(self) -> bool:
        """Whether there is a group, with keys."""

    def get_user_ids(self) -> Sequence[str]:
        """The members of the group."""

    def decrypt(self, user_id: int, media_type: Any, packet: bytes, /) -> bytes:
        """Raises ValueError if this user's key does not decrypt it."""

    def encrypt_opus(self, packet: bytes, /) -> bytes:
        """Encrypt one of the bot's own packets."""


class DecryptFailure(Enum):
    """Why a payload could not be decrypted.

    TOO_EARLY: No key fits. The packet may be ahead of the group's next epoch, so that it can be
    decrypted once the commit has arrived; or it is damaged, a repetition, or somebody else's.
    UNENCRYPTED: It is in the clear, in an encrypted call, so anybody may have sent it.
    BROKEN: davey cannot parse it.
    """

    TOO_EARLY = auto()
    UNENCRYPTED = auto()
    BROKEN = auto()


_REASONS: Final = {
    "NoValidCryptorFound": DecryptFailure.TOO_EARLY,
    "NoDecryptorForUser": DecryptFailure.TOO_EARLY,
    "UnencryptedWhenPassthroughDisabled": DecryptFailure.UNENCRYPTED,
}


def _failure_of(error: Exception) -> DecryptFailure:
    text = str(error)  # such as "Failed to decrypt: DecryptionFailed(NoValidCryptorFound { … })"
    return next((why for name, why in _REASONS.items() if name in text), DecryptFailure.BROKEN)


class Dave:
    """Decrypts and encrypts with the call's current session."""

    def __init__(self) -> None:
        self._session: DaveSession | None = None
        self._encrypted = True  # until the version is known, a packet in the clear may be forged
        self._audio: Any = None

    def use(self, session: DaveSession | None, protocol_version: int) -> None:
        """Use this session from now on. Version 0: the call is not encrypted end to end."""
        self._session = session
        self._encrypted = protocol_version > 0
        if session is not None and self._audio is None:
            from davey import MediaType  # noqa: PLC0415  (a compiled module; not all calls need it)

            self._audio = MediaType.audio

    def open(self, user_id: int, payload: bytes) -> bytes | DecryptFailure:
        """Decrypt a person's payload to an Opus packet."""
        if not self._encrypted:
            return DecryptFailure.TOO_EARLY if payload.endswith(_MARKER) else payload
        if self._session is None or not self._session.ready:
            return DecryptFailure.TOO_EARLY
        try:
            opus = self._session.decrypt(user_id, self._audio, payload)
        except ValueError as error:
            return _failure_of(error)
        except RuntimeError:  # another thread is changing the session at this very moment
            return DecryptFailure.TOO_EARLY
        if opus == payload and payload.endswith(_MARKER):
            return DecryptFailure.TOO_EARLY  # passed through
        return opus

    def seal(self, opus: bytes) -> bytes | None:
        """Encrypt one of the bot's Opus packets; None while an encrypted call has no key yet."""
        if not self._encrypted:
            return opus
        if self._session is None or not self._session.ready:
            return None
        return self._session.encrypt_opus(opus)

    def identify_sender(self, payload: bytes, among: Iterable[int]) -> tuple[int, bytes] | None:
        """Find the person whose key decrypts a payload, and its Opus packet."""
        if not self._encrypted or not payload.endswith(_MARKER):
            return None
        for user_id in among:
            opus = self.open(user_id, payload)
            if isinstance(opus, bytes):
                return user_id, opus
        return None

    def members(self) -> list[int]:
        """The members of the group, the bot included; none without a group."""
        if self._session is None or not self._session.ready:
            return []
        return [int(user_id) for user_id in self._session.get_user_ids()]
