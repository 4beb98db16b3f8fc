"""Where somebody asks for something in a sentence: in a message, or by a command such as `/ask`."""

from dataclasses import dataclass
from typing import Any

import discord

from cogs.shared.message_content import MessageContent
from cogs.shared.permissions import permissions_at
from cogs.shared.presence import is_guest, is_private, server_of
from cogs.shared.requester import Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A message or a command that may ask for an action.

    Attributes:
        content: The person's own words, and what they bring along.
        channel: Where the answer is shown.
        permissions: What the bot may do there.
        skipped: The messages above that are only about asking: the bot's question what to work on.
    """

    occasion: Occasion
    content: MessageContent
    channel: object
    permissions: discord.Permissions
    skipped: frozenset[int] = frozenset()

    @classmethod
    def in_message(
        cls,
        message: discord.Message,
        content: MessageContent,
        *,
        skipped: frozenset[int] = frozenset(),
    ) -> "Asking":
        """A message that asks."""
        return cls(
            occasion=message,
            content=content,
            channel=message.channel,
            permissions=permissions_at(message),
            skipped=skipped,
        )

    @classmethod
    def by_command(
        cls,
        interaction: discord.Interaction[Any],
        said: str,
        file: discord.Attachment | None = None,
        thread: discord.Thread | None = None,
    ) -> "Asking":
        """A command that asks.

        Args:
            interaction: It.
            said: The person's own words.
            file: What they gave with them.
            thread: Where the answer is shown, if not where the command was given.
        """
        content = MessageContent(text=said, question=said, attached=(file,) if file else ())
        is_dm = is_private(interaction)
        allowed = discord.Permissions.all() if is_dm else interaction.app_permissions
        if thread is not None:
            allowed = thread.permissions_for(thread.guild.me)
        channel = thread or interaction.channel
        return cls(occasion=interaction, content=content, channel=channel, permissions=allowed)

    @property
    def message(self) -> discord.Message | None:
        """The message; None: it is a command."""
        return self.occasion if isinstance(self.occasion, discord.Message) else None

    @property
    def question_id(self) -> int:
        """The message's id; 0: it is a command, which is not a message."""
        return self.message.id if self.message is not None else 0

    @property
    def channel_id(self) -> int:
        """The id of the channel where the answer is shown."""
        return int(getattr(self.channel, "id", 0))

    @property
    def is_reply(self) -> bool:
        """Whether it is a message that replies to another one."""
        message = self.message
        return message is not None and message.reference is not None and not self.forwards

    @property
    def forwards(self) -> bool:
        """Whether it is a message that forwards another one."""
        return self.message is not None and bool(self.message.message_snapshots)

    @property
    def guild(self) -> discord.Guild | None:
        """The server; None: a DM, or the bot is only a guest."""
        return server_of(self.occasion)

    @property
    def said_in(self) -> discord.abc.Messageable | None:
        """The channel in which they asked; None: it is none with messages."""
        channel = self.occasion.channel
        return channel if isinstance(channel, discord.abc.Messageable) else None

    @property
    def reads_history(self) -> bool:
        """Whether the person may read there what was said before, and the bot is there."""
        occasion = self.occasion
        if isinstance(occasion, discord.Interaction):
            if occasion.guild_id is None or is_guest(occasion):
                return is_private(occasion)
            return occasion.permissions.read_message_history
        guild, channel, author = occasion.guild, occasion.channel, occasion.author
        if guild is None:
            return True
        if isinstance(
            channel, discord.PartialMessageable | discord.DMChannel | discord.GroupChannel
        ):
            return False
        allowed = isinstance(author, discord.Member) and channel.permissions_for(author)
        return bool(allowed and allowed.read_message_history)

    @property
    def allowed_there(self) -> discord.Permissions:
        """What the bot may do in the channel in which they asked."""
        if isinstance(self.occasion, discord.Interaction):
            return self.occasion.app_permissions
        return permissions_at(self.occasion)
