"""What a person does with voice channels."""

from __future__ import annotations

from .backend import Backend
from .values import Channel, User
from .voice import Speaker


class Caller:
    """The voice half of a `Person`."""

    _backend: Backend
    user: User

    async def joins(self, channel: Channel) -> Speaker:
        """Enter a voice channel, or change to it; returns once the others understand them.

        Raises:
            CannotDo: They may not.
        """
        return await self._backend.voice.joins(self.user, channel)

    async def leaves_voice(self) -> None:
        """Hang up, in the middle of a word if need be.

        Raises:
            CannotDo: They are in no voice channel.
        """
        self._backend.voice.leaves(self.user)
