"""Discord's messages with all of their fields.

Source: Discord's reference, "Message Object": `components` is present only if the message has
any, and a partial message may lack more. discord.py 2.7 leaves such an attribute unset
(`Message.__init__`, its last loop), so that reading it raises AttributeError.
"""

from typing import Final

import discord

_LISTS: Final = ("components", "mentions", "role_mentions")


def whole(message: discord.Message) -> discord.Message:
    """The same message, with empty lists for the fields that Discord has left out."""
    for name in _LISTS:
        if not hasattr(message, name):
            setattr(message, name, [])
    return message
