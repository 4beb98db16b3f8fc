"""Does what people ask for in a sentence: checks the service's action, and hands it to its cog.

Whatever a service answers is only a proposal. It must have been offered with the question, its
parameters must fit, and the person must be allowed to ask here and now. What it works on is read
from the person's own words, never from what the service says it is.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import discord

from bot.actions.asked import chosen_in, reference_of
from bot.actions.offering import Refusal, offer
from bot.actions.reading import Reading, read
from bot.actions.subject import Around, Unsure, resolve
from bot.background import Background
from bot.contract import Response, Service
from bot.contract.actions import ACTIONS, OWN_WORDS, OfferedAction
from bot.contract.penny import PennyModule
from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotAllowed, NotPossible, SkydeckError, TooSoon
from bot.i18n import Words
from bot.jobs.view import Requester, Undeliverable
from bot.rate_limits import action_limiter
from bot.spoken_commands import Agreement
from bot.voice_agent.confirmations import YesNoQuestion
from cogs.chat._action_buttons import ActionAnswer, action_view
from cogs.chat._action_subject import is_own_voice, subject_in_answer, subject_of
from cogs.chat._open_questions import OpenQuestions
from cogs.chat._question import Question
from cogs.chat._waiting import ActionPlace, Waiting
from cogs.shared.actions import AskedAction, SpokenRequest, actor_of, begin_action, services_here
from cogs.shared.answering import give_reason
from cogs.shared.asking import Asking
from cogs.shared.gone import reply_to
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.message_content import MessageContent
from cogs.shared.page import Page
from cogs.shared.requester import readmit, require_allowed, settings_of, words_of
from cogs.shared.said import check_text
from cogs.shared.subjects import read_subject

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a service's action; with neither, its own job shows itself in the message.

    Attributes:
        note: A line under its answer that says why nothing was done.
        page: What to show in place of its answer: a question to the person.
    """

    note: str = ""
    page: Page | None = None


def _names(requester: Requester) -> tuple[str, ...]:
    """What people may call the assistant there."""
    return (requester.assistant, requester.system.assistant)


def _place_of(asking: Asking) -> ActionPlace:
    return ActionPlace(asking.channel, asking.permissions, asking.question_id)


class Acting:
    """Does actions that are asked for in messages."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._background = Background("an action")
        self.questions = OpenQuestions(
            bot.clock, lambda waiting: self._background.start(self._leave(waiting))
        )
        self._limiter = action_limiter(bot.clock)

    async def forget_person(self, user_id: int, channel_id: int | None = None) -> None:
        """Take back what a person was asked, in one channel or everywhere."""
        await self.questions.forget_person(user_id, channel_id)

    async def close(self) -> None:
        """Stop what runs beside the conversation; the jobs themselves stay in the journal."""
        await self._background.close()

    # -- with the question -----------------------------------------------------------------------

    async def offered(self, guild: discord.Guild | None) -> list[OfferedAction]:
        """What may be asked for on a server, or in a DM.

        Raises:
            StoreFailed: The server's settings cannot be read.
        """
        settings = await settings_of(self.bot, guild)
        if not (self.bot.settings.skydeck_actions and settings.actions):
            return []
        return offer(self.bot.grace, services_here(self.bot))

    async def offer_with(
        self,
        guild: discord.Guild | None,
        question: Question,
        content: MessageContent | None,
        requester: Requester,
    ) -> dict[str, Any]:
        """The parameters that offer actions with a question; none if its words ask for none.

        Args:
            guild: The server.
            question: What is asked.
            content: What its message says; None: it only points at another one's message.
            requester: The person who asks.
        """
        offered = await self.offered(guild)
        if content is None or not offered:
            return {}
        listed = {ACTIONS: [one.to_wire() for one in offered]}
        if question.is_spoken:  # its words are known only to the service
            return listed if is_own_voice(content) and not question.is_quoted else {}
        own_words = content.question
        if self._read(own_words, offered, requester).is_talk:
            return {}
        return {**listed, OWN_WORDS: own_words}

    @staticmethod
    def _read(own_words: str, offered: Sequence[OfferedAction], requester: Requester) -> Reading:
        return read(own_words, offered, names=_names(requester))

    # -- with the answer -------------------------------------------------------------------------

    async def take(
        self,
        response: Response,
        asking: Asking,
        live: LiveMessage,
        *,
        is_offered: bool,
    ) -> Taken | None:
        """Take the action of an answer; None: it has none.

        Args:
            response: The complete answer.
            asking: The question.
            live: The answer's message.
            is_offered: Whether actions were offered with the question.

        Raises:
            SkydeckError: It cannot be done, or not here, or not now.
        """
        own_words = asking.content.question or response.transcript or ""
        offered = await self.offered(asking.guild) if is_offered else []
        if response.output is None or response.output.action is None:
            return None
        requester = await readmit(self.bot, asking.occasion)
        requester = replace(requester, channel_id=asking.channel_id)
        chosen = chosen_in(response, offered, self.bot.grace, own_words, _names(requester))
        if chosen is None:
            return None
        words = words_of(requester)
        if isinstance(chosen, Refusal):
            return Taken(note=f"-# ⚠ {words(f'actions.refused.{chosen}')}")
        reference = reference_of(chosen, own_words, offered, _names(requester))
        subject = await subject_of(self.bot, reference, asking)
        waiting = Waiting(chosen, requester, _place_of(asking), live, asking=asking)
        if isinstance(subject, Unsure):
            self.questions.put(waiting)
            return Taken(page=Page(text=words(f"actions.what.{subject}")))
        waiting = await self._priced(replace(waiting, subject=subject))
        if waiting.has_to_ask:
            return Taken(page=self._question(waiting))
        await self._begin(waiting, once=asking.question_id or live.message_id)
        return Taken()

    async def take_spoken(self, response: Response, spoken: SpokenRequest) -> None:
        """Take the action of an answer in a voice conversation; its chat shows what comes of it.

        Raises:
            NotAllowed: The server does not allow the assistant to answer them there.
            discord.HTTPException: Nothing can be posted there.
        """
        requester = spoken.requester
        offered = await self.offered(spoken.channel.guild)
        words = words_of(requester)
        names = _names(requester)
        chosen = chosen_in(response, offered, self.bot.grace, spoken.own_words, names)
        if chosen is None:
            return
        if isinstance(chosen, Refusal):
            await spoken.channel.send(f"-# ⚠ {words(f'actions.refused.{chosen}')}")
            return
        guild, member = spoken.channel.guild, spoken.member
        await require_allowed(self.bot, guild, spoken.channel, member, words)
        reference = reference_of(chosen, spoken.own_words, offered, names)
        posted = await spoken.channel.send(words("common.working"))
        live = LiveMessage(
            self.bot, requester.channel_id, posted.id, requester.user_id, words=words
        )
        place = ActionPlace(spoken.channel, spoken.permissions)
        try:
            subject = resolve(reference, Around(is_spoken=True))
            if isinstance(subject, Unsure):
                raise BadInput(words(f"actions.what.{subject}"))
            source = spoken.read(chosen, subject)
            check_text(source.text, words)
        except SkydeckError as e:
            await give_reason(live, e, words)
            return
        waiting = await self._priced(
            Waiting(chosen, requester, place, live, subject=subject, source=source, spoken=spoken)
        )
        if not waiting.has_to_ask:
            await self._begin_or_explain(waiting, once=posted.id)
            return
        try:
            await live.settle(self._question(waiting))
        except BaseException:
            self.questions.take(posted.id)  # nobody sees the question
            raise
        answer = partial(self._answered_in_words, posted.id)
        is_build = chosen.service is Service.FACTORY
        needs = Agreement.BUILD if is_build else Agreement.PLAIN
        spoken.ask(YesNoQuestion(partial(self._spoken_question, posted.id), answer, needs))

    # -- with a yes or a no in words ---------------------------------------------------------------

    def _spoken_question(self, asked_in: int, words: Words) -> str | None:
        """The question aloud whether to go ahead; None: it is settled."""
        waiting = self.questions.get(asked_in)
        return None if waiting is None else waiting.spoken_question(words)

    async def answered_in_words(
        self, channel_id: int, user_id: int, is_yes: bool, words: Words
    ) -> str | None:
        """A person has written yes or no; returns what to say. None: there is no question."""
        asked_in = self.questions.take_yes_no(channel_id, user_id)
        return None if asked_in is None else await self._answered_in_words(asked_in, is_yes, words)

    async def _answered_in_words(self, asked_in: int, is_yes: bool, words: Words) -> str | None:
        """Go ahead, or not; returns what to say. None: it was settled in another way meanwhile."""
        waiting = self.questions.take(asked_in)
        if waiting is None:
            return None
        if not is_yes:
            await self._leave(waiting)
            return words("actions.left")
        try:
            await self._require_present(waiting)
        except SkydeckError as e:
            await give_reason(waiting.live, e, words_of(waiting.requester))
            return words("actions.not_begun")
        is_begun = await self._begin_or_explain(waiting, once=asked_in)
        return words("actions.doing" if is_begun else "actions.chat_says_why")

    async def _require_present(self, waiting: Waiting) -> None:
        """Check that who has asked aloud may still do so there; who writes was admitted just now.

        Raises:
            NotAllowed: They may not.
            StoreFailed: The server's settings cannot be read.
        """
        if waiting.spoken is None:
            return
        words, channel = words_of(waiting.requester), waiting.spoken.channel
        member = channel.guild.get_member(waiting.requester.user_id)
        if member is None:
            raise NotAllowed(words("actions.not_begun"))
        await require_allowed(self.bot, channel.guild, channel, member, words)

    async def _leave(self, waiting: Waiting) -> None:
        """Show that it is not done."""
        left = words_of(waiting.requester)("actions.left")
        try:
            await waiting.live.settle(Page(text=left))
        except (OSError, TimeoutError, Undeliverable) as e:
            log.warning("it is not shown that an action was left: %s", type(e).__name__)

    async def _priced(self, waiting: Waiting) -> Waiting:
        """Note whether an action may cost more than a person's dearest call so far."""
        chosen, requester = waiting.chosen, waiting.requester
        ledger = self.bot.store.ledger
        costs = [await ledger.typical(step.service, step.module) for step in chosen.steps]
        cost = sum(one or 0 for one in costs)
        if not cost:
            return waiting
        usual = await ledger.dearest_of(requester.user_id)
        if usual is None:
            usual = await ledger.typical(Service.PENNY, PennyModule.CONVERSE)
        return replace(waiting, is_costly=cost > (usual or 0))

    # -- asking the person -------------------------------------------------------------------------

    def _question(self, waiting: Waiting) -> Page:
        """Ask whether to go ahead."""
        words, live = words_of(waiting.requester), waiting.live
        self.questions.put_yes_no(waiting)
        view = action_view(waiting.place.question_id or live.message_id, words)
        return Page(text=waiting.question(words), view=view)

    async def decide(self, interaction: discord.Interaction[SkyDeck], answer: ActionAnswer) -> None:
        """A button under such a question was pressed.

        Raises:
            NotPossible: The question is forgotten, or was answered.
            NotAllowed: It was put to somebody else, or they may no longer ask here.
        """
        requester = await readmit(self.bot, interaction)
        words = words_of(requester)
        asked_in = interaction.message.id if interaction.message is not None else NO_MESSAGE
        waiting = self.questions.get(asked_in)
        if waiting is None:
            raise NotPossible(words("actions.forgotten"))
        if waiting.requester.user_id != interaction.user.id:
            raise NotAllowed(words("actions.not_yours"))
        self.questions.take(asked_in)
        if answer is ActionAnswer.LEAVE:
            left = words("actions.left")
            await interaction.response.edit_message(content=left, view=None)
            return
        await interaction.response.defer()
        await self._begin_or_explain(waiting, once=interaction.id)

    async def answered(
        self, message: discord.Message, requester: Requester, content: MessageContent
    ) -> bool:
        """Whether a message answers the question what to work on; if so, it is acted upon."""
        key = message.channel.id, requester.user_id
        waiting = self.questions.of(*key)
        if waiting is None or waiting.subject is not None:
            return False
        own_words = content.question
        reading = self._read(own_words, await self.offered(message.guild), requester)
        subject = subject_in_answer(message, content, waiting.live.message_id)
        if reading.wishes or reading.candidates or (reading.is_open and subject is None):
            self.questions.drop(*key)  # they ask for something else
            return False
        if subject is None:
            return False
        self.questions.take(waiting.live.message_id)
        words = words_of(requester)
        posted = await reply_to(message, words("common.working"))
        live = LiveMessage(self.bot, message.channel.id, posted.id, requester.user_id, words=words)
        asking = Asking.in_message(message, content, skipped=waiting.shown_in)
        waiting = replace(
            waiting,
            chosen=replace(waiting.chosen, is_unsure=False),  # who says what to work on means it
            requester=requester,
            place=_place_of(asking),
            live=live,
            subject=subject,
            asking=asking,
        )
        waiting = await self._priced(waiting)
        if waiting.has_to_ask:
            await live.settle(self._question(waiting))
        else:
            await self._begin_or_explain(waiting, once=message.id)
        return True

    # -- doing it ----------------------------------------------------------------------------------

    async def _begin_or_explain(self, waiting: Waiting, *, once: int) -> bool:
        """Begin an action whose message is there already; that message says why it cannot."""
        try:
            await self._require_offered(waiting)
            await self._begin(waiting, once=once)
        except (SkydeckError, discord.HTTPException) as e:
            await give_reason(waiting.live, e, words_of(waiting.requester))
            return False
        return True

    async def _require_offered(self, waiting: Waiting) -> None:
        """Refuse what a server has switched off while it waited.

        Raises:
            NotPossible: It may not be asked for any more.
            StoreFailed: The server's settings cannot be read.
        """
        requester = waiting.requester
        guild = None if requester.guild_id is None else self.bot.get_guild(requester.guild_id)
        offered = {(one.service, one.module) for one in await self.offered(guild)}
        if any((step.service, step.module) not in offered for step in waiting.chosen.steps):
            raise NotPossible(words_of(requester)("actions.switched_off"))

    async def _begin(self, waiting: Waiting, *, once: int) -> None:
        """Begin an action, and return as soon as the journal has it.

        Raises:
            SkydeckError: It did not begin.
        """
        requester, words = waiting.requester, words_of(waiting.requester)
        if any(one in self.bot.deleted.messages for one in waiting.shown_in):
            raise NotPossible(words("actions.forgotten"))
        wait_s = self._limiter.take(requester.user_id, requester.guild_id)
        if wait_s > 0:
            raise TooSoon(wait_s=wait_s)
        actor = actor_of(self.bot, waiting.chosen.service)
        if actor is None:
            raise NotPossible(words("actions.refused.not_offered"))
        source = waiting.source
        if source is None and waiting.subject is not None and waiting.asking is not None:
            source = await read_subject(self.bot, waiting.subject, waiting.asking, words)
        if source is None:
            raise NotPossible(words("actions.forgotten"))
        asked = AskedAction(
            steps=waiting.chosen.steps,
            source=source,
            requester=requester,
            channel=waiting.place.channel,
            permissions=waiting.place.permissions,
            question_id=waiting.place.question_id,
            live=waiting.live,
            once=once,
        )
        if waiting.spoken is not None:
            asked = replace(asked, done=waiting.spoken.done)
        await begin_action(actor, asked, self._background)


class Acts(Protocol):
    """The cog that holds it, as other parts need it."""

    acting: Acting
