"""Shows an answer: it grows while it is written, and is remembered at its end."""

import asyncio
import contextlib
import functools
import logging
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

import discord

from audio.manner import PLAIN, Manner
from bot.contract import Audio, Response
from bot.discord_client import SkyDeck
from bot.errors import BadInput, JobCancelled, NotPossible, SkydeckError
from bot.jobs.view import Requester
from bot.runpod.models import Update
from bot.store.records import Role, StoredMessage
from bot.store.repositories.recovery import Job, JobStage
from cogs.chat._acting import Acts, Taken
from cogs.chat._job_message import ChatMessage, Thread
from cogs.chat._pages import Draft, at_the_end, beginning, under_way
from cogs.chat._redelivery import fetch_question, find_reply
from cogs.chat._views import COG, again_view
from cogs.shared.answering import Placeholder, find_answer, posted_placeholder
from cogs.shared.asking import Asking
from cogs.shared.error_messages import explain
from cogs.shared.files import notes_of
from cogs.shared.follow_up_buttons import COG as FOLLOW_UPS_COG
from cogs.shared.follow_up_buttons import FollowUpButton, offers_of
from cogs.shared.follow_ups import FollowUp
from cogs.shared.gone import is_gone, reply_to
from cogs.shared.job_message import MessageView
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.message_content import read_message
from cogs.shared.page import Page
from cogs.shared.splitting import MESSAGE_LIMIT
from cogs.shared.voice_message import prepare

_LONG_CHARS: Final = 200
"""An answer that is shorter has no buttons for a shorter one or a translation."""

log = logging.getLogger(__name__)

Asked = discord.Message | Asking
"""A question: a message, which is read only if its answer has an action, or a command."""


@dataclass(slots=True)
class ChatJobView(MessageView[ChatMessage]):
    """Shows an answer, with a Stop button while it grows, and remembers it at its end.

    Attributes:
        draft: The answer so far.
        manner: How it is spoken; after a restart, as usual.
        asked: The question, if this process got it.
    """

    draft: Draft = field(default_factory=Draft)
    manner: Manner = PLAIN
    asked: Asked | None = None
    _offers: list[FollowUp] = field(default_factory=list, init=False)

    @classmethod
    async def revive(cls, bot: SkyDeck, job: Job, place: ChatMessage, **more: Any) -> Self | None:
        """The view of an answer that another process began; None when nobody waits for it.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        live, placeholder = place.live(bot), None
        if live.message_id == NO_MESSAGE and job.stage is not JobStage.UNDELIVERED:
            placeholder = Placeholder(live, functools.partial(_reply_to, bot, place, live))
            found = await _find_first(bot, job, place)
            if found is not None:
                live.begin_at(found)
                placeholder = posted_placeholder(live)
            elif not place.is_message:
                return None
        return cls._restored(bot, job, place, live, placeholder, **more)

    def update(self, update: Update) -> None:
        """Add to the draft."""
        self.draft.take(update)

    async def refresh(self) -> None:
        """Show the answer so far."""
        elapsed_s = self.bot.clock.wall() - self.place.begun
        text = under_way(self.draft, self.words, elapsed_s)
        await self.live.refresh(Page(text=text, view=self.controls))

    async def done(self, response: Response) -> None:
        """Show the whole answer, remember it, and speak it if the question was spoken.

        An action that comes with it is done instead, or the person is asked about it.
        """
        await asyncio.to_thread(self.draft.complete, response)
        taken = await self._act(response)
        if taken is None or taken.note:
            self._offers = [] if taken else await self._follow_ups(response)
            note = taken.note if taken is not None else ""
            await self._settle(self.place.note, *notes_of(response, self.words), note)
        else:
            await self._remember_heard(int(self.bot.clock.wall() * 1000))
            if taken.page is not None:
                await self.live.settle(taken.page)
        if self.place.is_spoken and response.audio is not None and self.draft.text.strip():
            await self._speak(response.audio)

    async def _act(self, response: Response) -> Taken | None:
        """Take the answer's action; None: there is none, or nobody who could have asked for it."""
        has_action = response.output is not None and response.output.action is not None
        cog = self.bot.get_cog(COG)
        if not has_action or cog is None:
            return None
        acting = cast("Acts", cog).acting
        try:
            asking = await self._asking()
            if asking is None:
                return None
            return await acting.take(response, asking, self.live, is_offered=self.place.offers)
        except (SkydeckError, discord.HTTPException) as e:
            self.draft.text = ""  # it says that the action is being done
            is_private = self.place.is_private
            return Taken(note=explain(e, self.words, privately=is_private).text)

    async def _asking(self) -> Asking | None:
        """The question as it was asked; None: it is gone, or is not this person's question.

        Raises:
            NotPossible: It was a command, which only the process that got it knows.
        """
        if isinstance(self.asked, Asking):
            return self.asked
        if not self.place.is_message:
            if not self.place.offers:
                return None
            raise NotPossible(self.words("actions.forgotten"))
        message = self.asked or await fetch_question(self.bot, self.place)
        if message is None:
            return None
        return Asking.in_message(message, await read_message(self.bot, message))

    async def failed(self, error: SkydeckError) -> None:
        """Keep the draft, and say why it is not complete.

        If an earlier answer was being regenerated, that one stays: it is complete, and paid for.
        """
        before = await self._answer_before()
        self.draft.text = before or self.draft.text
        if await self.told_alone(error):
            await (self._settle() if before else self.live.withdraw())
        elif isinstance(error, JobCancelled):
            await self._settle(self.words("chat.stopped"))
        else:
            is_private = self.place.is_private
            await self._settle(explain(error, self.words, privately=is_private).text)

    async def question_is_gone(self, job: Job) -> bool:
        """Ask Discord whether the question is gone."""
        place = self.place
        if place.question_id in self.bot.deleted.messages:
            return True
        if not place.is_message:
            return await MessageView.question_is_gone(self, job)
        channel = self.bot.get_partial_messageable(place.channel_id)
        return await is_gone(lambda: channel.fetch_message(place.question_id))

    async def withdrawn(self) -> None:
        """Take back what is shown and remembered; an answer that was complete before stays."""
        memory = self.bot.store.conversations
        await memory.delete({self.place.question_id})
        self.draft.text = await self._answer_before()
        if self.draft.text:
            with contextlib.suppress(discord.HTTPException):
                await self.live.refresh(Page(text=at_the_end(self.draft, self.words)))
            return
        await MessageView.withdrawn(self)
        await memory.delete({self.live.message_id, *self.live.parts})

    async def _answer_before(self) -> str:
        """The earlier answer in this message; empty: there was none."""
        remembered = await self.bot.store.conversations.get(self.live.message_id)
        is_answer = remembered is not None and remembered.role is Role.ASSISTANT
        return remembered.content if remembered is not None and is_answer else ""

    async def _settle(self, *notes: str) -> None:
        """Remember the answer, then show it: people can reply as soon as they see it."""
        await self._remember()
        shown_before = (self.live.message_id, *self.live.parts)
        await self._show(notes)
        shown = (self.live.message_id, *self.live.parts)
        if shown != shown_before:
            await self._remember()  # it fills more messages now
        if any(one in self.bot.deleted.messages for one in shown):  # while it was being shown
            await self.bot.store.conversations.delete(shown)

    async def _show(self, notes: tuple[str, ...]) -> None:
        text = at_the_end(self.draft, self.words, notes=notes)
        view = self._buttons() if self._can_repeat else None
        if self.place.file and len(text) > MESSAGE_LIMIT:
            file = (self.place.file, self.draft.text.strip().encode())
            await self.live.settle(Page(text=beginning(text), view=view, files=(file,)))
        else:
            await self.live.settle(Page(text=text, view=view))

    async def _follow_ups(self, response: Response) -> list[FollowUp]:
        """What else its buttons offer; a line or two are translated by the menu of any message."""
        is_short = len(self.draft.text) < _LONG_CHARS
        if self.live.is_copy or is_short or self.bot.get_cog(FOLLOW_UPS_COG) is None:
            return []
        offers = await offers_of(self.bot, self.journal_id, response)
        return [one for one in offers if one is not FollowUp.AGAIN]  # Regenerate does that

    def _buttons(self) -> discord.ui.View:
        view = again_view(self.place.question_id, self.place.module, self.words)
        for offer in self._offers:
            view.add_item(FollowUpButton(offer, self.journal_id, self.words))
        return view

    @property
    def _can_repeat(self) -> bool:
        return self.place.question_id != 0 and not self.draft.is_silent

    async def _remember(self) -> None:
        """Remember the transcript of a spoken question, and the answer."""
        place, memory = self.place, self.bot.store.conversations
        if place.question_id == 0 or self.live.is_copy:
            return
        now_ms = int(self.bot.clock.wall() * 1000)
        await self._remember_heard(now_ms)
        text, parts = self.draft.text.strip(), tuple(self.live.parts)
        if not text:
            return
        first = self.live.message_id
        if await memory.replace(first, text, parts=parts, edited_at_ms=now_ms):
            return
        own = self.bot.user
        await memory.add(
            StoredMessage(
                message_id=first,
                conversation_id=place.conversation_id,
                person_id=place.user_id,
                author_id=own.id if own else 0,
                author_name=own.display_name if own else "",
                role=Role.ASSISTANT,
                content=text,
                created_at_ms=now_ms,
                parent_id=place.question_id,
                guild_id=place.guild_id,
                parts=parts,
            )
        )

    async def _remember_heard(self, now_ms: int) -> None:
        """Append the transcript of a spoken question to the text that was written beside it."""
        memory, heard = self.bot.store.conversations, (self.draft.transcript or "").strip()
        asked = await memory.get(self.place.question_id) if heard else None
        if asked is None or asked.content.endswith(heard):
            return
        both = "\n\n".join(filter(None, [asked.content, heard]))
        await memory.edit(asked.message_id, both, edited_at_ms=now_ms)

    async def _speak(self, audio: Audio) -> None:
        try:
            spoken = await prepare(audio, self.manner)
        except BadInput:
            log.warning("an answer was not spoken: its audio cannot be used")
            return
        await self.live.speak(spoken)


def make_view(
    bot: SkyDeck,
    requester: Requester,
    live: LiveMessage,
    thread: Thread,
    *,
    placeholder: Placeholder | None = None,
    manner: Manner = PLAIN,
    asked: Asked | None = None,
) -> ChatJobView:
    """The view of an answer that is about to be written."""
    place = ChatMessage.at(live, requester, thread, begun=bot.clock.wall())
    return ChatJobView(bot, place, live, placeholder, manner=manner, asked=asked)


async def _find_first(bot: SkyDeck, job: Job, place: ChatMessage) -> int | None:
    """The placeholder of an answer, if the dead process posted it."""
    if not place.is_message:
        return await find_answer(bot, job)
    return await find_reply(bot, place.channel_id, place.question_id)


async def _reply_to(bot: SkyDeck, place: ChatMessage, live: LiveMessage) -> int:
    """Post a placeholder under a question that has none."""
    channel = bot.get_partial_messageable(live.channel_id, guild_id=place.guild_id)
    asked = channel.get_partial_message(place.question_id)
    return (await reply_to(asked, live.words("common.working"))).id
