"""Stores whether a person agrees to be heard, and applies it to the open voice channel."""

import discord

from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel
from bot.i18n import words_for
from cogs.voice._voice_channel import VoiceChannel


async def take_consent(
    bot: SkyDeck,
    voice: VoiceChannel | None,
    interaction: discord.Interaction[SkyDeck],
    agreed: bool,
) -> None:
    """Store a person's decision and confirm it; a refusal takes effect even if storing it fails.

    Args:
        bot: The client.
        voice: The server's open voice channel, if there is one.
        interaction: The press of a consent button.
        agreed: Whether the person agrees to be heard.

    Raises:
        NoVoiceChannel: The button was pressed outside a server.
        StoreFailed: The decision cannot be stored.
    """
    words = words_for(str(interaction.locale))
    guild_id, user_id = interaction.guild_id, interaction.user.id
    if guild_id is None:
        raise NoVoiceChannel(words("errors.not_in_private"))
    if voice is not None and not agreed:
        voice.exclude(user_id)
    await store_consent(bot, guild_id, interaction, agreed)
    if voice is not None:
        if agreed:
            voice.readmit(user_id)
        await voice.update_audience()
    key = "voice.consent.thanks" if agreed else "voice.consent.refused"
    await interaction.response.send_message(words(key), ephemeral=True)


async def store_consent(
    bot: SkyDeck, guild_id: int, interaction: discord.Interaction[SkyDeck], agreed: bool
) -> None:
    """Store the decision of the person who interacts.

    Raises:
        StoreFailed: It cannot be stored.
    """
    await bot.store.consents.set(
        guild_id,
        interaction.user.id,
        agreed=agreed,
        locale=str(interaction.locale),
        at_ms=int(bot.clock.wall() * 1000),
    )
