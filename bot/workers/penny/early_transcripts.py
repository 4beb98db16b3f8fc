"""Transcripts of clips that were recognised ahead, kept until their questions come."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from bot.contract import Request
from bot.languages import LanguageHints
from bot.workers.penny.stt import TranscriptSegment

_MAX_CLIPS: Final = 4
"""One for each person who speaks at the same time; older ones have gone on."""


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
    def of(cls, request: Request, hints: LanguageHints) -> "ClipKey":
        """Describe a request's clip."""
        digest = hashlib.sha256(str(request.input.data).encode()).digest()
        return cls(digest, request.source.system.assistant, repr(hints))


class EarlyTranscripts:
    """The latest clips that were recognised ahead, or still are."""

    def __init__(self) -> None:
        self._clips: OrderedDict[ClipKey, asyncio.Future[list[TranscriptSegment]]] = OrderedDict()

    async def recognize(
        self, key: ClipKey, segments: AsyncIterator[TranscriptSegment]
    ) -> list[TranscriptSegment]:
        """Recognise a clip, and keep the transcript.

        Raises:
            SkydeckError: Recognition failed.
        """
        future = self._clips[key] = asyncio.get_running_loop().create_future()
        while len(self._clips) > _MAX_CLIPS:
            self._clips.popitem(last=False)
        heard: list[TranscriptSegment] = []
        try:
            heard = [segment async for segment in segments]
        finally:
            future.set_result(heard)  # its question may wait for it
        return heard

    async def take(self, key: ClipKey) -> list[TranscriptSegment]:
        """Return a clip's transcript, and forget it; empty: it has to be recognised."""
        future = self._clips.pop(key, None)
        return [] if future is None else await asyncio.shield(future)
