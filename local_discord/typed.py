"""Mentions as people type them (`@Name`, `#channel`), and as Discord keeps them."""

from __future__ import annotations

import re

from .values import Channel, Message
from .world import World


def with_mentions(world: World, text: str, channel: Channel) -> str:
    """What was typed, with the mentions that its names become."""
    if not ("@" in text or "#" in text):
        return text
    names = _mentions(world, channel)
    ordered = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(name) + r"(?!\w)" for name in ordered)
    return re.sub(pattern, lambda found: names[found[0]], text)


def as_typed(world: World, one: Message) -> str:
    """A message's text as it was typed, to change it."""
    words = one.content
    for name, mention in _mentions(world, one.channel).items():
        words = words.replace(mention, name)
    return words


def _mentions(world: World, channel: Channel) -> dict[str, str]:
    guild = channel.guild
    names = {f"@{world.bot.name}": world.bot.mention}
    if guild:
        names |= {f"@{m.display_name}": m.user.mention for m in guild.members.values()}
        names |= {f"@{r.name}": r.mention for r in guild.roles.values() if r.id != guild.id}
        names |= {f"#{c.name}": c.mention for c in guild.channels.values()}
    names[f"@{world.bot.name}"] = world.bot.mention  # not its role of that name
    return names
