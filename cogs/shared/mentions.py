"""A message's text with names in place of mentions."""

import discord

from cogs.shared.whole import whole

_HIDDEN = "#…"


def readable_content(message: discord.Message) -> str:
    """The text with people, roles and channels by their names.

    All members of a server can know the names of its channels, but not those of its private
    threads, so a private thread is not named.
    """
    text = whole(message).clean_content
    for place in message.channel_mentions:
        is_private = isinstance(place, discord.Thread) and place.is_private()
        if is_private and place.id != message.channel.id:
            text = text.replace(f"#{place.name}", _HIDDEN)
    return text
