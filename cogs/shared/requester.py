"""Who asks, in which language, and whether they may."""

from typing import Final

import discord

from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import NotAllowed, TooSoon
from bot.i18n import Words, words_for
from bot.jobs.view import Requester
from bot.languages import primary
from bot.persona import NO_PERSONA, Persona
from bot.store.records import GuildSettings
from cogs.shared.presence import is_guest, server_of

_LISTED: Final = 10
"""How many channels or roles a refusal lists."""

Occasion = discord.Interaction | discord.Message
"""Something that a person has done."""


def person_of(occasion: Occasion) -> discord.abc.User:
    """The person who wrote the message, or used the command."""
    return occasion.author if isinstance(occasion, discord.Message) else occasion.user


async def requester_of(bot: SkyDeck, occasion: Occasion) -> Requester:
    """The person behind an interaction or a message.

    The language of the bot's own texts is their server's setting, else their own Discord's. Only
    interactions report the latter: for a message it is taken from their last interaction, else from
    the server's locale. What people say may be in another language, unless the persona of the
    channel or the server sets one.

    Raises:
        StoreFailed: The server's settings cannot be read.
    """
    user = person_of(occasion)
    guild = server_of(occasion)
    channel = occasion.channel
    settings = await settings_of(bot, guild)
    own = bot.locales.get(user.id)
    if isinstance(occasion, discord.Interaction):
        own = str(occasion.locale)
        bot.locales.put(user.id, own)
    preferred = str(guild.preferred_locale) if guild is not None else None
    identity = settings.identity or bot.settings.skydeck_identity
    persona = await persona_at(bot, guild, channel)
    return Requester(
        user_id=user.id,
        user_name=user.display_name,
        channel_id=channel.id if channel is not None else 0,
        guild_id=guild.id if guild is not None else None,
        locale=settings.language or own or preferred or "en-US",
        system=System(identity.value),
        language=persona.language or primary(settings.language),
        persona=persona,
        is_guest=is_guest(occasion),
        host_id=occasion.guild.id if guild is None and occasion.guild is not None else None,
    )


async def settings_of(bot: SkyDeck, guild: discord.Guild | None) -> GuildSettings:
    """The server's settings; the defaults in a DM.

    Raises:
        StoreFailed: They cannot be read.
    """
    if guild is None:
        return GuildSettings(guild_id=0)
    return await bot.store.guilds.get(guild.id)


async def persona_at(bot: SkyDeck, guild: discord.Guild | None, channel: object) -> Persona:
    """Who the assistant is in a channel; a thread is like its channel, and a DM has no persona.

    Raises:
        StoreFailed: The server's personas cannot be read.
    """
    if guild is None:
        return NO_PERSONA
    here = getattr(channel, "parent_id", 0) or getattr(channel, "id", 0)  # a thread's channel
    return await bot.store.personas.at(guild.id, here)


def words_of(requester: Requester) -> Words:
    """Their language."""
    return words_for(requester.locale)


async def words_at(bot: SkyDeck, occasion: Occasion) -> Words:
    """The language of the person behind an interaction or a message.

    Raises:
        StoreFailed: The server's settings cannot be read.
    """
    return words_of(await requester_of(bot, occasion))


async def admit(bot: SkyDeck, occasion: Occasion) -> Requester:
    """Admit a person's request, or refuse it with a reason; every job that costs money starts here.

    Raises:
        NotAllowed: The server does not allow the assistant to answer them there.
        TooSoon: They, or their server, ask too often.
        StoreFailed: The server's settings cannot be read.
    """
    requester = await readmit(bot, occasion)
    wait_s = bot.limiter.take(requester.user_id, requester.guild_id)
    if wait_s > 0:
        raise TooSoon(wait_s=wait_s)
    return requester


async def readmit(bot: SkyDeck, occasion: Occasion) -> Requester:
    """Admit the next step of a request that `admit` has counted, such as the form of a dialog.

    Raises:
        NotAllowed: The server does not allow the assistant to answer them there, or no longer.
        StoreFailed: The server's settings cannot be read.
    """
    requester = await requester_of(bot, occasion)
    user = person_of(occasion)
    await require_allowed(bot, server_of(occasion), occasion.channel, user, words_of(requester))
    return requester


async def require_allowed(
    bot: SkyDeck,
    guild: discord.Guild | None,
    channel: object,
    user: discord.abc.User,
    words: Words,
) -> None:
    """Check that the assistant may answer a person in a channel.

    Raises:
        NotAllowed: The server does not allow it.
        StoreFailed: The server's settings cannot be read.
    """
    settings = await settings_of(bot, guild)
    _check_place(settings, channel, words)
    _check_person(settings, user, words)


def answers_in(settings: GuildSettings, channel: object) -> bool:
    """Whether the server allows the assistant to answer in a channel or thread."""
    here = {getattr(channel, "id", 0), getattr(channel, "parent_id", 0)}  # a thread's channel
    return not settings.allowed_channels or not here.isdisjoint(settings.allowed_channels)


def _check_place(settings: GuildSettings, channel: object, words: Words) -> None:
    if not answers_in(settings, channel):
        allowed = sorted(settings.allowed_channels)[:_LISTED]
        places = " ".join(f"<#{place}>" for place in allowed)
        raise NotAllowed(words("errors.not_here", places=places))


def _check_person(settings: GuildSettings, user: discord.abc.User, words: Words) -> None:
    allowed = settings.allowed_roles
    if not allowed or not isinstance(user, discord.Member):
        return
    if user.guild_permissions.manage_guild:
        return  # the rule must not lock out those who may change it
    if {role.id for role in user.roles}.isdisjoint(allowed):
        roles = " ".join(f"<@&{role}>" for role in sorted(allowed)[:_LISTED])
        raise NotAllowed(words("errors.not_you", roles=roles))
