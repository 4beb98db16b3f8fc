"""Transcripts of clips that were recognised ahead, kept until their questions come."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from bot.contract import Request
from bot.contract.persona import assistant_of
from bot.languages import LanguageHints
from bot.workers.penny.stt import TranscriptSegment

_MAX_CLIPS: Final = 4
"""One for each person who speaks at the same time; older ones have gone on."""
_KEEP_S: Final = 10.0
"""A question comes within a second of its clip, unless others are being answered. What nobody asks
about is forgotten then: they have gone on, have left, or no longer agree to be heard."""


@dataclass(frozen=True, slots=True)
class ClipKey:
    """What a transcript depends on.

    Attributes:
        sound: The digest of the recording.
        name: The name given to the recogniser as a hint.
        hints: What was known about the language, as text.
    """

    sound: bytes
    name: str
    hints: str

    @classmethod
    def of(cls, sound: bytes, request: Request, hints: LanguageHints) -> "ClipKey":
        """Describe a request's clip."""
        return cls(sound, assistant_of(request), repr(hints))


@dataclass(slots=True)
class _Early:
    """A transcript that is there or will be, and what forgets it."""

    transcript: asyncio.Future[list[TranscriptSegment]]
    expiry: asyncio.TimerHandle | None = None


class EarlyTranscripts:
    """The latest clips that were recognised ahead, or still are."""

    def __init__(self) -> None:
        self._clips: OrderedDict[ClipKey, _Early] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._clips)

    async def recognize(
        self, key: ClipKey, segments: AsyncIterator[TranscriptSegment]
    ) -> list[TranscriptSegment]:
        """Recognise a clip, and keep the transcript for a while.

        Raises:
            SkydeckError: Recognition failed.
        """
        loop = asyncio.get_running_loop()
        self._forget(key)
        early = self._clips[key] = _Early(loop.create_future())
        while len(self._clips) > _MAX_CLIPS:
            self._forget(next(iter(self._clips)))
        heard: list[TranscriptSegment] = []
        try:
            heard = [segment async for segment in segments]
        finally:
            early.transcript.set_result(heard)  # its question may wait for it
            if self._clips.get(key) is early:
                if heard:
                    early.expiry = loop.call_later(_KEEP_S, self._forget, key)
                else:
                    self._forget(key)
        return heard

    async def take(self, key: ClipKey) -> list[TranscriptSegment]:
        """Return a clip's transcript, and forget it; empty: it has to be recognised."""
        early = self._forget(key)
        return [] if early is None else await asyncio.shield(early.transcript)

    def close(self) -> None:
        """Forget all."""
        for key in list(self._clips):
            self._forget(key)

    def _forget(self, key: ClipKey) -> _Early | None:
        early = self._clips.pop(key, None)
        if early is not None and early.expiry is not None:
            early.expiry.cancel()
        return early
