"""The message of an answer: growing while it is written, and remembered at its end."""

import asyncio
import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import discord
from pydantic import JsonValue

from bot.contract import Audio, Response
from bot.discord_client import SkyDeck
from bot.errors import BadInput, JobCancelled, SkydeckError
from bot.i18n import Words, words_for
from bot.jobs.view import Requester
from bot.runpod.models import Update
from bot.store.records import Role, StoredMessage
from bot.store.repositories.recovery import Job, JobStage
from cogs.chat._pages import Draft, at_the_end, beginning, under_way
from cogs.chat._redelivery import find_reply
from cogs.chat._views import again_view
from cogs.shared.answering import FirstLine, find_answer, shown_line
from cogs.shared.error_messages import explain
from cogs.shared.live import NO_MESSAGE, LiveMessage, live_at
from cogs.shared.nonces import draw_nonce
from cogs.shared.page import Page
from cogs.shared.patience import persist
from cogs.shared.splitting import MESSAGE_LIMIT
from cogs.shared.stop_button import stop_view
from cogs.shared.voice_message import prepare

log = logging.getLogger(__name__)

KIND: Final = "chat"
"""Our jobs in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where an answer belongs in memory; all of it is in the journal's `place`.

    Attributes:
        question_id: The message (or interaction) that is answered; 0 when nothing is remembered.
        conversation_id: The thread, the DM, or the first message of the reply chain.
        guild_id: The server; None in a DM.
        user_id: Who asked.
        is_spoken: Whether the answer is spoken too.
        note: A line to stand under the answer.
        file: The name of a file for an answer that is longer than a message; empty: it is split.
        module: Which of Grace's modules answers; empty: Penny does.
        is_message: Whether the question is a message, and no command.
    """

    question_id: int
    conversation_id: int
    guild_id: int | None
    user_id: int
    is_spoken: bool = False
    note: str = ""
    file: str = ""
    module: str = ""
    is_message: bool = False

    def to_place(self) -> dict[str, JsonValue]:
        """As the journal keeps it; ids are strings, as in Discord's own JSON."""
        return {
            "question": str(self.question_id),
            "conversation": str(self.conversation_id),
            "guild": None if self.guild_id is None else str(self.guild_id),
            "user": str(self.user_id),
            "spoken": self.is_spoken,
            "note": self.note,
            "file": self.file,
            "module": self.module,
            "message_asked": self.is_message,
        }

    @classmethod
    def of_place(cls, place: Mapping[str, Any]) -> Self:
        """What `to_place` has written.

        Raises:
            KeyError, ValueError: Somebody else wrote it.
        """
        guild = place["guild"]
        return cls(
            question_id=int(place["question"]),
            conversation_id=int(place["conversation"]),
            guild_id=None if guild is None else int(guild),
            user_id=int(place["user"]),
            is_spoken=bool(place["spoken"]),
            note=str(place["note"]),
            file=str(place.get("file", "")),
            module=str(place.get("module", "")),
            is_message=bool(place.get("message_asked")),
        )


@dataclass(slots=True)
class ChatJobView:
    """A `bot.voice_agent.Show`: an answer of Penny's, with a Stop button while it grows.

    Attributes:
        bot: Whose answer it is.
        live: Its message.
        thread: Where it belongs.
        words: The person's language.
        begun: When it was asked for, on the wall clock.
        place: What the journal knows of it.
        line: Its first message, when that is still to be posted.
        draft: The answer so far.
    """

    bot: SkyDeck
    live: LiveMessage
    thread: Thread
    words: Words
    begun: float
    place: Mapping[str, JsonValue]
    line: FirstLine | None = None
    draft: Draft = field(default_factory=Draft)
    _stop: discord.ui.View | None = None

    async def started(self, journal_id: int) -> Mapping[str, JsonValue] | None:
        """The job is in the journal."""
        self._stop = stop_view(journal_id, self.words)
        if self.line is None:
            return None
        await self.line.show()
        return {**self.place, "message": str(self.live.message_id)}

    def update(self, update: Update) -> None:
        """Something new."""
        self.draft.take(update)

    async def refresh(self) -> None:
        """Show the answer so far."""
        elapsed_s = self.bot.clock.wall() - self.begun
        text = under_way(self.draft, self.words, elapsed_s)
        await self.live.refresh(Page(text=text, view=self._stop))

    async def done(self, response: Response) -> None:
        """Show the whole answer, remember it, and speak it if the question was spoken."""
        await asyncio.to_thread(self.draft.complete, response)
        await self._settle(self.thread.note)
        if self.thread.is_spoken and response.audio is not None and self.draft.text.strip():
            await self._speak(response.audio)

    async def failed(self, error: SkydeckError) -> None:
        """Keep what was written, and say why there is no more.

        An answer that was to be written anew stays: it is whole, and paid for.
        """
        self.draft.text = await self._answer_before() or self.draft.text
        if isinstance(error, JobCancelled):
            await self._settle(self.words("chat.stopped"))
        else:
            is_direct = self.thread.guild_id is None
            await self._settle(explain(error, self.words, privately=is_direct).text)

    async def _answer_before(self) -> str:
        """The answer that stood here before; empty: there was none."""
        remembered = await self.bot.store.conversations.get(self.live.message_id)
        is_answer = remembered is not None and remembered.role is Role.ASSISTANT
        return remembered.content if remembered is not None and is_answer else ""

    async def _settle(self, note: str) -> None:
        """Show it; it is remembered before, since a reply can come as soon as it is seen."""
        await self._remember()
        shown_before = (self.live.message_id, *self.live.parts)
        await self._show(note)
        if (self.live.message_id, *self.live.parts) != shown_before:
            await self._remember()  # it has grown over more messages

    async def _show(self, note: str) -> None:
        text = at_the_end(self.draft, self.words, notes=(note,) if note else ())
        view = self._again if self._can_repeat else None
        if self.thread.file and len(text) > MESSAGE_LIMIT:
            file = (self.thread.file, self.draft.text.strip().encode())
            await self.live.settle(Page(text=beginning(text), view=view, files=(file,)))
        else:
            await self.live.settle(Page(text=text, view=view))

    @property
    def _again(self) -> discord.ui.View:
        return again_view(self.thread.question_id, self.thread.module, self.words)

    @property
    def _can_repeat(self) -> bool:
        return self.thread.question_id != 0 and not self.draft.is_silent

    async def _remember(self) -> None:
        """Both sides of it: what was heard of a spoken question, and the answer."""
        thread, memory = self.thread, self.bot.store.conversations
        if thread.question_id == 0 or self.live.is_copy:
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
                conversation_id=thread.conversation_id,
                person_id=thread.user_id,
                author_id=own.id if own else 0,
                author_name=own.display_name if own else "",
                role=Role.ASSISTANT,
                content=text,
                created_at_ms=now_ms,
                parent_id=thread.question_id,
                guild_id=thread.guild_id,
                parts=parts,
            )
        )

    async def _remember_heard(self, now_ms: int) -> None:
        """What was heard of a spoken question, after the words that stood beside it."""
        memory, heard = self.bot.store.conversations, (self.draft.transcript or "").strip()
        asked = await memory.get(self.thread.question_id) if heard else None
        if asked is None or asked.content.endswith(heard):
            return
        both = "\n\n".join(filter(None, [asked.content, heard]))
        await memory.edit(asked.message_id, both, edited_at_ms=now_ms)

    async def _speak(self, audio: Audio) -> None:
        try:
            spoken = await prepare(audio)
        except BadInput:
            log.warning("an answer was not spoken: its sound cannot be used")
            return
        await self.live.speak(spoken)


def make_show(
    bot: SkyDeck,
    asker: Requester,
    live: LiveMessage,
    thread: Thread,
    *,
    line: FirstLine | None = None,
) -> ChatJobView:
    """The face of an answer that is about to be written."""
    place = place_of(asker, live, thread)
    return ChatJobView(bot, live, thread, words_for(asker.locale), bot.clock.wall(), place, line)


def place_of(asker: Requester, live: LiveMessage, thread: Thread) -> dict[str, JsonValue]:
    """What the journal is to know of it."""
    return {
        "kind": KIND,
        "channel": str(asker.channel_id),
        "message": str(live.message_id),
        "nonces": live.nonces.seed,
        "locale": asker.locale,
        **thread.to_place(),
    }


async def revive(bot: SkyDeck, job: Job) -> ChatJobView | None:
    """The face of an answer that another process had begun; None when nobody waits for it.

    Raises:
        KeyError, ValueError: Its place is not ours.
        OSError, TimeoutError: Discord does not answer now.
    """
    place = job.place
    thread = Thread.of_place(place)
    live = live_at(bot, place, thread.user_id)
    line = None
    if live.message_id == NO_MESSAGE and job.stage is not JobStage.UNDELIVERED:
        line = FirstLine(live, functools.partial(_reply_to, bot, thread, live))
        found = await _find_first(bot, job, thread, live)
        if found is not None:
            live.begin_at(found)
            line = shown_line(live)
        elif not thread.is_message:
            return None
    begun = job.created_at_ms / 1000
    stop = stop_view(job.journal_id, live.words)
    return ChatJobView(bot, live, thread, live.words, begun, place, line, _stop=stop)


async def _find_first(bot: SkyDeck, job: Job, thread: Thread, live: LiveMessage) -> int | None:
    """The working line of an answer, if the process that died has come so far."""
    if not thread.is_message:
        return await find_answer(bot, job)
    return await find_reply(bot, live.channel_id, thread.question_id)


async def _reply_to(bot: SkyDeck, thread: Thread, live: LiveMessage) -> int:
    """A working line under a question that has none."""
    asked = discord.MessageReference(
        message_id=thread.question_id, channel_id=live.channel_id, fail_if_not_exists=False
    )
    channel = bot.get_partial_messageable(live.channel_id, guild_id=thread.guild_id)
    words, nonce = live.words("common.working"), draw_nonce()
    sent = await persist(lambda: channel.send(words, reference=asked, nonce=nonce))
    return sent.id
