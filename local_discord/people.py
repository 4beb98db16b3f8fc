"""The people of this Discord. They do and see what Discord's client lets them do and see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from . import permissions, polls, posting, threads, wire
from .backend import Backend
from .caller import Caller
from .client_words import Phrase
from .dialogs import choose, fill_modal, press
from .errors import TOO_LONG, CannotDo
from .files import WAVEFORM, File
from .installs import owners_behind, owners_of
from .intake import NOT_SYSTEM
from .interactions import Interaction, Kind
from .options import Resolved, check_allowed, commands_here, fill_in, find_command, named
from .posting import Draft, visible_messages
from .reply import Modal, Reply
from .typed import with_mentions
from .validate_message import check_message
from .values import Channel, Guild, Intent, Json, Message, MessageFlag, Permission, User
from .waiting import PATIENCE

WORDS_MAX = 2000

T = TypeVar("T")
What = str | Callable[[Message], bool]


class Person(Caller):
    """Somebody at their keyboard, in one guild or only in their direct messages.

    `here` is the channel they look at: where they last acted, at first the guild's first one.
    What they wait for is what comes after their own last act, so an old answer is never taken
    for a new one.
    """

    def __init__(self, backend: Backend, user: User, guild: Guild | None) -> None:
        self._backend = backend
        self._world = backend.world
        self.user = user
        self.guild = guild
        self._acted = 0
        self._acted_at = 0.0
        self._here: Channel | None = None

    def __repr__(self) -> str:
        return f"<Person {self.user.name}>"

    @property
    def id(self) -> int:
        """Their user id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """The text that mentions them."""
        return self.user.mention

    @property
    def dm(self) -> Channel:
        """Their direct messages with the bot."""
        return self._world.dm(self.user)

    @property
    def here(self) -> Channel:
        """The channel they look at."""
        if self._here is None:
            channels = list(self.guild.channels.values()) if self.guild else []
            self._here = channels[0] if channels else self.dm
        return self._here

    # --- chatting ------------------------------------------------------------------------------

    async def says(
        self,
        text: str = "",
        in_: Channel | None = None,
        *,
        reply_to: Message | None = None,
        files: Sequence[File] = (),
    ) -> Message:
        """Send a message; `@Name`, `@Role` and `#channel` become mentions."""
        needed = [Permission.ATTACH_FILES] if files else []
        channel = self._go(in_, Permission.SEND_MESSAGES, *needed)
        if len(text) > WORDS_MAX:
            raise CannotDo(TOO_LONG, length=len(text), most=WORDS_MAX)
        draft = Draft(with_mentions(self._world, text, channel), reply_to=reply_to)
        draft.attachments = [file.store(self._world, channel) for file in files]
        if not draft.content.strip() and not draft.attachments:
            raise CannotDo("an empty message cannot be sent")
        return posting.post(self._world, channel, self.user, draft)

    async def forwards(
        self, message: Message, to: Channel | None = None, *, text: str = ""
    ) -> Message:
        """Forward a message that they see; it names the original, wherever that is.

        Discord's client sends words beside it as a message of their own; `text` puts them into the
        same one, as somebody's own client might.
        """
        self._may(message.channel, Permission.VIEW_CHANNEL)
        if message.poll is not None or message.type not in NOT_SYSTEM:
            raise CannotDo("a poll or a system message cannot be forwarded")
        channel = self._go(to, Permission.SEND_MESSAGES)
        draft = Draft(with_mentions(self._world, text, channel), forward_of=message)
        return posting.post(self._world, channel, self.user, draft)

    async def asks(
        self, question: str, *answers: str, in_: Channel | None = None, multiple: bool = False
    ) -> Message:
        """Send a poll."""
        channel = self._go(in_, Permission.SEND_MESSAGES)
        media = [{"poll_media": {"text": text}} for text in answers]
        body: Json = {"question": {"text": question}, "answers": media}
        body["allow_multiselect"] = multiple
        check_message({"poll": body}, {})
        return posting.post(
            self._world, channel, self.user, Draft(poll=polls.read(body, self._world.clock.wall()))
        )

    async def votes(self, number: int, *, on: Message) -> None:
        """Vote for a poll's answer; the first is 1."""
        self._may(on.channel, Permission.VIEW_CHANNEL)
        polls.vote(self._world, on, self.user, number)

    async def ends_poll(self, on: Message) -> Message:
        """End an own poll; the message with its result."""
        if on.author is not self.user:
            raise CannotDo("{name} did not ask that", name=self.user.name)
        return polls.end(self._world, on)

    async def sends_sticker(self, name: str, in_: Channel | None = None) -> Message:
        """Send a sticker."""
        channel = self._go(in_, Permission.SEND_MESSAGES)
        sticker = {"id": str(self._world.new_id()), "name": name, "format_type": 1}
        return posting.post(self._world, channel, self.user, Draft(stickers=[sticker]))

    async def posts(
        self,
        content: str = "",
        in_: Channel | None = None,
        *,
        embeds: Sequence[Json] = (),
        components: Sequence[Json] = (),
        files: Sequence[File] = (),
        layout: bool = False,
    ) -> Message:
        """Send what only applications can: embeds and components; `layout` for Components V2.

        Raises:
            ApiError: Discord would refuse it.
        """
        if not self.user.bot:
            raise CannotDo("people send neither embeds nor components")
        channel = self._go(in_, Permission.SEND_MESSAGES)
        flags = MessageFlag.IS_COMPONENTS_V2 if layout else MessageFlag(0)
        body: Json = {"embeds": [*embeds], "components": [*components], "flags": int(flags)}
        listed = [{"id": str(number), "filename": f.name} for number, f in enumerate(files)]
        body |= {"attachments": listed} if files else {}
        body |= {"content": content} if content else {}
        check_message(body, {number: len(f.data) for number, f in enumerate(files)})
        draft = Draft(content, [*embeds], [*components], flags=flags)
        draft.attachments = [file.store(self._world, channel) for file in files]
        return posting.post(self._world, channel, self.user, draft)

    async def says_aloud(
        self,
        sound: bytes,
        in_: Channel | None = None,
        *,
        seconds: float = 1.0,
        waveform: str = WAVEFORM,
    ) -> Message:
        """Send a voice message: Ogg Opus, as Discord's phone clients record it."""
        channel = self._go(in_, Permission.SEND_VOICE_MESSAGES)
        file = File(
            "voice-message.ogg", sound, "audio/ogg", duration_secs=seconds, waveform=waveform
        )
        draft = Draft(flags=MessageFlag.IS_VOICE_MESSAGE)
        draft.attachments = [file.store(self._world, channel)]
        return posting.post(self._world, channel, self.user, draft)

    async def edits(self, message: Message, text: str) -> None:
        """Change an own message."""
        if message.author is not self.user:
            raise CannotDo("{name} did not write that", name=self.user.name)
        self._act()
        words = with_mentions(self._world, text, message.channel)
        posting.edit(self._world, message, {"content": words}, None)

    async def deletes(self, message: Message) -> None:
        """Take an own message away, or anybody's with the permission to."""
        if message.author is not self.user:
            self._may(message.channel, Permission.MANAGE_MESSAGES)
        posting.delete(self._world, message)

    async def purges(self, *messages: Message) -> None:
        """Take many messages away in one step, as moderation bots do."""
        self._may(messages[0].channel, Permission.MANAGE_MESSAGES)
        posting.delete_many(self._world, messages)

    async def reacts(self, emoji: str, *, on: Message) -> None:
        """Add a reaction."""
        self._may(on.channel, Permission.ADD_REACTIONS)
        self._act()
        posting.react(self._world, on, self.user, emoji)

    async def types(self, in_: Channel | None = None) -> None:
        """Start to type."""
        posting.start_typing(self._world, self._go(in_, Permission.SEND_MESSAGES), self.user)

    async def starts_thread(
        self,
        name: str,
        *,
        on: Message | None = None,
        in_: Channel | None = None,
        private: bool = False,
    ) -> Channel:
        """Start a thread, on a message or alone."""
        needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
        channel = self._go(on.channel if on else in_, needed)
        return threads.start(self._world, channel, self.user, name, on=on, private=private)

    async def brings(self, who: Person | User, thread: Channel) -> None:
        """Bring somebody, or the bot, into a thread."""
        self._may(thread, Permission.VIEW_CHANNEL)
        threads.join(self._world, thread, who.user if isinstance(who, Person) else who)

    async def archives(self, thread: Channel) -> None:
        """Archive a thread: an own one, or any with the permission to."""
        if thread.thread is not None and thread.thread.owner_id != self.id:
            self._may(thread, Permission.MANAGE_THREADS)
        threads.change(self._world, thread, {"archived": True})

    # --- commands ------------------------------------------------------------------------------

    async def slash(
        self, command: str, in_: Channel | None = None, *, wait: bool = True, **options: Any
    ) -> Reply:
        """Use a slash command and wait for the bot's first answer.

        Args:
            command: Its name and sub-commands, as `/grace summarize`.
            in_: Where; their present channel without it.
            wait: False returns at once; `await reply.answered()` later.
            options: By name (`from_` for `from`, `_` for `-`), in the default or their language;
                a `File`, a person, channel or role where one is wanted.

        Raises:
            CannotDo: The client would not have sent this.
            NotSeen: The application did not respond.
        """
        channel = self._go(in_)
        found = find_command(self._backend.application, command, self.user, channel)
        resolved = Resolved(self._world, channel)
        filled = fill_in(found, options, self.user, resolved)
        return await self._command(found.command, channel, found.data(filled, resolved), wait=wait)

    async def autocompletes(
        self, command: str, option: str, typed: str, in_: Channel | None = None, **others: Any
    ) -> list[Json]:
        """Type into an option and read what is offered: `name` and `value` each."""
        channel = self._go(in_)
        found = find_command(self._backend.application, command, self.user, channel)
        resolved = Resolved(self._world, channel)
        wanted = [o for o in found.options if named(o, option, self.user.locale)]
        if not wanted or not wanted[0].get("autocomplete"):
            raise CannotDo(
                "“{option}” of /{command} offers nothing while typing",
                option=option,
                command=command.removeprefix("/"),
            )
        filled = fill_in(found, {**others, option: typed}, self.user, resolved, focused=option)
        kind = wanted[0]["type"]
        data = found.data(filled, resolved)
        owners = owners_of(self._backend.application, found.command, self.user, channel)
        reply = await self._send(Kind.AUTOCOMPLETE, channel, data, owners, option_kind=kind)
        return reply.interaction.choices

    async def menu(self, name: str, *, on: Message | Person, wait: bool = True) -> Reply:
        """Use a command of the context menu of a message or a person."""
        channel = self._go(on.channel if isinstance(on, Message) else None)
        kind = 3 if isinstance(on, Message) else 2
        offered = commands_here(self._backend.application, channel, kind, self.user)
        command = next((c for c in offered if named(c, name, self.user.locale)), None)
        if command is None:
            known = [c["name"] for c in offered]
            raise CannotDo("the menu has no “{name}”; it has: {known}", name=name, known=known)
        check_allowed(command, self.user, channel)
        resolved = Resolved(self._world, channel)
        target = resolved.message(on, self._whole(on)) if isinstance(on, Message) else ""
        if isinstance(on, Person):
            target = resolved.user(on.user)
        data: Json = {"id": command["id"], "name": command["name"], "type": kind}
        data |= {"target_id": target, "resolved": resolved.objects}
        return await self._command(command, channel, data, wait=wait)

    # --- components ----------------------------------------------------------------------------

    async def clicks(self, label: str, *, on: Message | Reply, wait: bool = True) -> Reply:
        """Press a button, by its label, emoji or custom id."""
        message = self._at(on)
        data = press(message, label)
        return await self._press(message, data, wait=wait)

    async def selects(
        self, *picked: Any, on: Message | Reply, menu: str | None = None, wait: bool = True
    ) -> Reply:
        """Choose in a menu (`menu` is its placeholder or custom id, where there are several)."""
        message = self._at(on)
        data = choose(message, menu, picked, Resolved(self._world, message.channel))
        return await self._press(message, data, wait=wait)

    async def submits(
        self,
        modal: Modal | Reply,
        values: dict[str, Any] | None = None,
        /,
        wait: bool = True,
        **more: Any,
    ) -> Reply:
        """Fill in a modal and send it; fields by label, custom id, or label_in_this_form."""
        dialog = modal.modal if isinstance(modal, Reply) else modal
        source = dialog.interaction
        data = fill_modal(dialog, {**(values or {}), **more}, Resolved(self._world, source.channel))
        about = (source.owners, source.message)
        return await self._send(Kind.MODAL, source.channel, data, *about, wait=wait)

    # --- seeing --------------------------------------------------------------------------------

    def reads(self, in_: Channel | None = None) -> list[Message]:
        """All they see in a channel now, oldest first."""
        channel = in_ or self.here
        if not permissions.may(channel, self.user, Permission.VIEW_CHANNEL):
            return []
        return visible_messages(channel, self.user)

    async def sees(
        self,
        what: What,
        in_: Channel | None = None,
        *,
        within: float = PATIENCE,
        ever: bool = False,
    ) -> Message:
        """Wait for a message, or an edit of one, by somebody else since their own last act.

        Args:
            what: Words it contains (in content, embeds or text components), or a test of it.
            in_: Where; their present channel without it.
            within: Seconds to wait.
            ever: Also take what was there before.

        Raises:
            NotSeen: Says what they saw instead.
        """
        channel = in_ or self.here
        since = 0 if ever else self._acted

        def fits(message: Message) -> bool:
            if message.author is self.user or message.changed < since:
                return False
            return what in message.text if isinstance(what, str) else what(message)

        def find() -> Message | None:
            return next((m for m in reversed(self.reads(channel)) if fits(m)), None)

        def notice(changed: object) -> Message | None:
            if isinstance(changed, Message) and fits(changed) and self._sees(changed):
                return changed
            return None

        return await self._until(channel, find, within, f"{what!r}", notice)

    async def sees_gone(self, message: Message, *, within: float = PATIENCE) -> None:
        """Wait until a message is deleted."""
        await self._until(
            message.channel, lambda: message.deleted or None, within, "the message deleted"
        )

    async def sees_reaction(self, emoji: str, *, on: Message, within: float = PATIENCE) -> None:
        """Wait until somebody else has reacted so."""

        def find() -> bool | None:
            return any(u is not self.user for u in on.reactions.get(emoji, [])) or None

        await self._until(on.channel, find, within, f"the reaction {emoji}")

    async def sees_typing(self, in_: Channel | None = None, *, within: float = PATIENCE) -> None:
        """Wait until somebody else types, since their own last act."""
        channel, since = in_ or self.here, self._acted

        def find() -> bool | None:
            return any(n > since and u is not self.user for n, u in channel.typing) or None

        await self._until(channel, find, within, "somebody typing")

    async def sees_thread(
        self, name: str = "", in_: Channel | None = None, *, within: float = PATIENCE
    ) -> Channel:
        """Wait for a thread whose name contains `name`, started since their own last act."""
        channel = in_ or self.here
        since = self._acted_at

        def find() -> Channel | None:
            there = [c for c in self._world.channels.values() if c.parent is channel]
            fitting = [c for c in there if name in c.name and self._shows(c, since)]
            return fitting[-1] if fitting else None

        return await self._until(channel, find, within, f"a thread {name!r}")

    def _shows(self, thread: Channel, since: float) -> bool:
        started = thread.thread.created_at if thread.thread else 0
        return started >= since and permissions.may(thread, self.user, Permission.VIEW_CHANNEL)

    # --- the inner workings --------------------------------------------------------------------

    def _act(self) -> None:
        self._acted = self._world.change + 1
        self._acted_at = self._world.clock.wall()

    def _go(self, channel: Channel | None, *needed: Permission) -> Channel:
        """Look at a channel and be about to act there."""
        self._here = channel or self.here
        self._may(self._here, Permission.VIEW_CHANNEL, *needed)
        self._act()
        return self._here

    def _may(self, channel: Channel, *needed: Permission) -> None:
        if lacking := [one for one in needed if not permissions.may(channel, self.user, one)]:
            names = [Phrase((one.name or "").lower().replace("_", " ")) for one in lacking]
            who, where = self.user.name, channel.name
            raise CannotDo("{name} may not {act} in {channel}", name=who, act=names, channel=where)

    def _at(self, on: Message | Reply) -> Message:
        message = on.message if isinstance(on, Reply) else on
        if not self._sees(message):
            raise CannotDo("{name} does not see that message", name=self.user.name)
        self._go(message.channel)
        return message

    async def _command(self, command: Json, channel: Channel, data: Json, *, wait: bool) -> Reply:
        owners = owners_of(self._backend.application, command, self.user, channel)
        return await self._send(Kind.COMMAND, channel, data, owners, wait=wait)

    async def _press(self, message: Message, data: Json, *, wait: bool) -> Reply:
        owners, channel = owners_behind(message, self._world.bot), message.channel
        return await self._send(Kind.COMPONENT, channel, data, owners, message, wait=wait)

    async def _send(
        self,
        kind: Kind,
        channel: Channel,
        data: Json,
        owners: Json,
        message: Message | None = None,
        *,
        option_kind: int = 3,
        wait: bool = True,
    ) -> Reply:
        self._act()
        interactions = self._backend.interactions
        one: Interaction = interactions.send(
            kind, self.user, channel, data, owners, message=message, option_kind=option_kind
        )
        reply = Reply(interactions, one)
        return await reply.answered() if wait else reply

    def _sees(self, message: Message) -> bool:
        """Whether one message is on their screen."""
        if message.deleted or message.visible_to not in (None, self.user):
            return False
        return permissions.may(message.channel, self.user, Permission.VIEW_CHANNEL)

    async def _until(
        self,
        channel: Channel,
        find: Callable[[], T | None],
        within: float,
        what: str,
        notice: Callable[[object], T | None] | None = None,
    ) -> T:
        def missing() -> str:
            seen = [f"{m.author_name}: {m.text[:200]!r}" for m in self.reads(channel)[-5:]]
            where = f"{channel.name} within {within:g} s"
            return f"{self.user.name} did not see {what} in {where}; there is {seen}"

        return await self._world.waiters.until(
            channel.id, find, within=within, missing=missing, notice=notice
        )

    def _whole(self, message: Message) -> Json:
        return wire.message(message, reader=self._world.bot, intents=Intent.MESSAGE_CONTENT)
