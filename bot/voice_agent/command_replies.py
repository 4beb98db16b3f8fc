"""Answers commands, and speaks every answer in the manner that a person wants.

No word of it comes from a model. Penny only reads the sentence aloud, if she does so in time;
readers see it at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from audio.manner import Manner
from audio.speech_effects import SpeechEffects
from bot.clock import Clock
from bot.errors import SkydeckError
from bot.voice_agent.command_performer import CommandOutcome, CommandPerformer
from bot.voice_agent.events import (
    CommandsDeclined,
    Fact,
    PerformCommands,
    ReplyChunk,
    RequestCompleted,
    RequestFailed,
)

log = logging.getLogger(__name__)


class Say(Protocol):
    """Has Penny read a text aloud."""

    def __call__(
        self,
        utterance_id: int,
        text: str,
        deliver: Callable[[Fact], None],
        *,
        language: str | None,
        user_id: int | None,
    ) -> Awaitable[None]:
        """Deliver what she says as facts.

        Raises:
            SkydeckError: It cannot be said.
        """


@dataclass(frozen=True, slots=True)
class CommandReplies:
    """Carries out `PerformCommands`, and brings the answer as facts.

    Attributes:
        say: Speaks what there is to tell.
    """

    performer: CommandPerformer
    say: Say
    put: Callable[[Fact], None]
    clock: Clock

    async def carry_out(self, order: PerformCommands) -> None:
        """Perform commands, and say what there is to say."""
        request_id = order.request_id
        try:
            outcome = await self.performer.perform(order)
        except Exception as e:
            if not isinstance(e, SkydeckError):
                log.exception("a spoken command failed unexpectedly")
            self.put(RequestFailed(request_id, e, self.clock.now()))
            return
        if outcome is None:
            self.put(CommandsDeclined(request_id, self.clock.now()))
            return
        if outcome.text:
            self.put(ReplyChunk(request_id, outcome.text, (), "", self.clock.now()))
            try:
                await self._speak(order, outcome)
            except (SkydeckError, TimeoutError) as e:
                log.info("what was said about a command is only shown: %s", type(e).__name__)
            except Exception:  # its words are there, and its end must come
                log.exception("what was said about a command could not be spoken")
        self.put(RequestCompleted(request_id, self.clock.now()))

    async def _speak(self, order: PerformCommands, outcome: CommandOutcome) -> None:
        if outcome.again is not None:
            styled = StyledSpeech(self.performer.manner_for(order.user_id))
            for packets, words in outcome.again.pieces:
                piece = ReplyChunk(order.request_id, "", tuple(packets), words, self.clock.now())
                self._put_all(await styled.take([piece]))
            self._put_all(await styled.finish(order.request_id, self.clock.now()))
            if outcome.then:
                await self._speak(order, CommandOutcome(outcome.then, outcome.language))
            return

        def deliver(fact: Fact) -> None:
            if isinstance(fact, ReplyChunk) and fact.packets:
                self.put(replace(fact, text=""))  # readers have it

        options = self.performer.options
        text = outcome.text[: options.max_text_chars]
        async with asyncio.timeout(options.spoken_within_s):
            await self.say(
                order.request_id,
                text,
                deliver,
                language=outcome.language,
                user_id=order.user_id,
            )

    def _put_all(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.put(fact)


class StyledSpeech:
    """Gives the sound of one answer the tempo and volume that a person wants.

    Args:
        heard: Called with each piece as it came from the service.
    """

    def __init__(self, manner: Manner, heard: Callable[[ReplyChunk], None] | None = None) -> None:
        self._heard = heard
        self._manner = manner
        self._effects: SpeechEffects | None = None

    async def take(self, facts: Sequence[Fact]) -> list[Fact]:
        """The facts with the changed sound, of which a little comes at the end."""
        taken: list[Fact] = []
        for fact in facts:
            if isinstance(fact, ReplyChunk) and self._heard is not None:
                self._heard(fact)
            if self._manner.is_plain:
                taken.append(fact)
            elif isinstance(fact, RequestCompleted):
                taken += [*await self.finish(fact.request_id, fact.at_s), fact]
            elif isinstance(fact, ReplyChunk) and fact.packets:
                packets = await asyncio.to_thread(self._change, fact.packets)
                taken.append(replace(fact, packets=packets))
            else:
                taken.append(fact)
        return taken

    async def finish(self, request_id: int, at_s: float) -> list[Fact]:
        """The rest of the sound, if there is any."""
        effects, self._effects = self._effects, None
        packets = () if effects is None else await asyncio.to_thread(effects.finish)
        return [ReplyChunk(request_id, "", packets, "", at_s)] if packets else []

    def _change(self, packets: Sequence[bytes]) -> tuple[bytes, ...]:
        """Blocks; for a thread."""
        if self._effects is None:
            self._effects = SpeechEffects(self._manner)
        return self._effects.take(packets)
