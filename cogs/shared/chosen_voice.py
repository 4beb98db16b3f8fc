"""The voice that answers a person, and the voices to choose from."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

import discord
from discord import app_commands

from bot.discord_client import SkyDeck
from bot.errors import BadInput
from bot.i18n import Words
from bot.jobs.view import Requester
from bot.persona import Persona
from bot.sanitize import clean_excerpt, is_blank
from bot.settings import Settings
from bot.store.repositories.voice import VOICE_LIMIT_CHARS
from bot.voices.voice_book import Voice
from bot.workers.penny.voice_files import voices_are_known, voices_to_choose

_MAX_CHOICES: Final = 25
_MAX_LABEL_CHARS: Final = 100


async def voices_of(bot: SkyDeck, user_ids: Collection[int]) -> dict[int, str]:
    """The voices that these people chose, by id; without those that are gone.

    Raises:
        StoreFailed: They cannot be read.
    """
    chosen = await bot.store.chosen_voices.of(user_ids)
    if not chosen or not voices_are_known(bot.settings):
        return chosen
    here = {voice.name for voice in await known_voices(bot.settings)}
    return {user_id: name for user_id, name in chosen.items() if name in here}


async def voice_for(bot: SkyDeck, requester: Requester) -> str | None:
    """The voice that answers a person: their own, else the persona's; None: by language.

    Raises:
        StoreFailed: It cannot be read.
    """
    own = await voices_of(bot, [requester.user_id])
    return own.get(requester.user_id) or await voice_of_persona(bot, requester.persona)


async def voice_of_persona(bot: SkyDeck, persona: Persona) -> str | None:
    """The voice that a server or a channel chose; None: it chose none, or that one is gone."""
    if not persona.voice or not voices_are_known(bot.settings):
        return persona.voice or None
    here = {voice.name for voice in await known_voices(bot.settings)}
    return persona.voice if persona.voice in here else None


async def known_voices(settings: Settings) -> tuple[Voice, ...]:
    """The voices of this machine; of workers or a server elsewhere, those that we know of."""
    return (await asyncio.to_thread(voices_to_choose, settings)).all


async def check_voice(settings: Settings, name: str, words: Words) -> str:
    """Return the name of a voice; workers and servers may have voices that we do not know.

    Raises:
        BadInput: There is no such voice.
    """
    for voice in await known_voices(settings):
        if name.casefold() in (voice.name.casefold(), voice.label.casefold()):
            return voice.name
    name = name.strip()
    if is_blank(name):
        raise BadInput(words("voice.blank_voice"))
    if voices_are_known(settings) or not name.isprintable():
        raise BadInput(words("voice.no_such_voice", voice=clean_excerpt(name)))
    return name


async def offer_voices(
    interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Offer the voices whose names or labels contain what was typed."""
    settings: Settings = interaction.client.settings
    part = typed.casefold()
    return [
        app_commands.Choice(name=voice.label[:_MAX_LABEL_CHARS], value=voice.name)
        for voice in await known_voices(settings)
        if len(voice.name) <= VOICE_LIMIT_CHARS  # Discord refuses the whole list for a longer one
        and (part in voice.label.casefold() or part in voice.name.casefold())
    ][:_MAX_CHOICES]
