"""DAVE, the end-to-end encryption of a call: whose frame is this, and can it be understood?

davey (https://github.com/Snazzah/davey) keeps the MLS group and the keys; it tells its failures by
text alone, which is read here and nowhere else. In its passthrough mode, which discord.py turns on
while a call's encryption is being turned off or on, it hands back what it cannot decrypt as if it
were anybody's sound; such a frame is not believed.
"""

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any, Final, Protocol

_MARKER: Final = b"\xfa\xfa"
"""The end of every frame that is encrypted end to end."""


class DaveSession(Protocol):
    """A davey session, as far as listening needs one."""

    @property
    def ready(self) -> bool:
        """Whether there is a group, with keys."""
        ...

    def get_user_ids(self) -> Sequence[str]:
        """Who is in the group."""
        ...

    def decrypt(self, user_id: int, media_type: Any, packet: bytes, /) -> bytes:
        """Raises ValueError when it cannot be decrypted as that user's."""
        ...


class DecryptFailure(Enum):
    """Why a frame could not be opened.

    TOO_EARLY: There is no key that opens it. The frame may run ahead of the group's next epoch, and
    be opened when the commit has come; or it is damaged, a repetition, or somebody else's.
    UNENCRYPTED: It is in the clear, in a call that is encrypted. Nobody vouches for it.
    BROKEN: davey cannot read it.
    """

    TOO_EARLY = auto()
    UNENCRYPTED = auto()
    BROKEN = auto()


_REASONS: Final = {
    "NoValidCryptorFound": DecryptFailure.TOO_EARLY,
    "NoDecryptorForUser": DecryptFailure.TOO_EARLY,
    "UnencryptedWhenPassthroughDisabled": DecryptFailure.UNENCRYPTED,
}


def _why(error: Exception) -> DecryptFailure:
    text = str(error)  # such as "Failed to decrypt: DecryptionFailed(NoValidCryptorFound { … })"
    return next((why for name, why in _REASONS.items() if name in text), DecryptFailure.BROKEN)


class Dave:
    """Opens frames, with whatever the call's encryption is at the moment."""

    def __init__(self) -> None:
        self._session: DaveSession | None = None
        self._encrypted = True  # until it is known: better deaf for a moment than fooled
        self._audio: Any = None

    def use(self, session: DaveSession | None, protocol_version: int) -> None:
        """Take the call's session. Version 0: the call is not encrypted end to end."""
        self._session = session
        self._encrypted = protocol_version > 0
        if session is not None and self._audio is None:
            from davey import MediaType  # noqa: PLC0415  (a compiled module; not all calls need it)

            self._audio = MediaType.audio

    def open(self, user_id: int, frame: bytes) -> bytes | DecryptFailure:
        """Decrypt a frame of somebody's."""
        if not self._encrypted:
            return DecryptFailure.TOO_EARLY if frame.endswith(_MARKER) else frame
        if self._session is None or not self._session.ready:
            return DecryptFailure.TOO_EARLY
        try:
            opus = self._session.decrypt(user_id, self._audio, frame)
        except ValueError as error:
            return _why(error)
        except RuntimeError:  # the session is being changed on another thread this very moment
            return DecryptFailure.TOO_EARLY
        if opus == frame and frame.endswith(_MARKER):
            return DecryptFailure.TOO_EARLY  # it came through passthrough, and is nobody's
        return opus

    def identify_sender(self, frame: bytes, among: Iterable[int]) -> tuple[int, bytes] | None:
        """Find the sender of a frame, whose key alone opens it, and what it says."""
        if not self._encrypted or not frame.endswith(_MARKER):
            return None
        for user_id in among:
            opus = self.open(user_id, frame)
            if isinstance(opus, bytes):
                return user_id, opus
        return None

    def members(self) -> list[int]:
        """Who is in the group, the bot included; nobody when there is none."""
        if self._session is None or not self._session.ready:
            return []
        return [int(user_id) for user_id in self._session.get_user_ids()]
