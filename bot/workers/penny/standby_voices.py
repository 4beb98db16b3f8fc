"""A server's voices, for which the local ones stand in."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from bot.clock import Clock
from bot.errors import BadInput, SkydeckError, WeightsError
from bot.workers.penny.openai_tts import OpenAIVoices, UnknownVoiceError
from bot.workers.penny.outage import Outage, is_outage
from bot.workers.penny.tts import LocalVoices, Sound


class StandbyVoices:
    """A `Synthesizer` that asks a server, and speaks with the local voices while it is down.

    A phrase that breaks off is said again from its beginning, so no word is lost. A voice that only
    the local ones have is theirs.

    Args:
        clock: Measures how long a server that is down is left alone.
    """

    def __init__(self, server: OpenAIVoices, local: LocalVoices, clock: Clock) -> None:
        self._server = server
        self._local = local
        self._outage = Outage(clock, instead="A local voice speaks meanwhile.")

    async def stream(
        self, text: str, *, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        """Speak `text`; see `OpenAIVoices.stream`."""
        failure: SkydeckError | None = None
        if not self._outage.is_on:
            try:
                async with contextlib.aclosing(
                    self._ask(text, language=language, voice=voice)
                ) as sounds:
                    async for sound in sounds:
                        yield sound
            except SkydeckError as e:
                if not self._helps(e, voice):
                    raise
                failure = e
            else:
                return
        is_ours = isinstance(failure, UnknownVoiceError) or await self._is_local(voice)
        sounds = self._stand_in(text, language, voice if is_ours else None, failure)
        async with contextlib.aclosing(sounds):
            async for sound in sounds:
                yield sound

    async def warm_up(self) -> None:
        """Load the SDK and ask for the voices; the local ones load when they are needed."""
        await self._server.warm_up()

    async def close(self) -> None:
        """Close the connections, and unload the local voices."""
        await self._server.close()
        await self._local.close()

    def _helps(self, error: SkydeckError, voice: str | None) -> bool:
        """Whether a local voice is to speak instead: if it was asked for, or in an outage."""
        if is_outage(error):
            self._outage.begin(error)
            return True
        return isinstance(error, UnknownVoiceError) and voice is not None

    async def _is_local(self, voice: str | None) -> bool:
        """Whether somebody chose a voice of this machine; in an outage, too, it is theirs."""
        return voice is not None and await asyncio.to_thread(self._local.knows, voice)

    async def _ask(
        self, text: str, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        sounds = self._server.stream(text, language=language, voice=voice)
        async with contextlib.aclosing(sounds):
            async for sound in sounds:
                yield sound
        self._outage.end()

    async def _stand_in(
        self, text: str, language: str, voice: str | None, failure: SkydeckError | None
    ) -> AsyncGenerator[Sound, None]:
        """Speak with a local voice; where its file is missing, with eSpeak's of the language."""
        try:
            yield Sound(*await self._local.synthesize(text, language=language, voice=voice))
        except WeightsError:
            if voice is not None:
                raise
            yield Sound(*await self._local.synthesize(text, language=language, voice=language))
        except BadInput:
            if failure is None:
                raise
            raise failure from None
