"""`/status`: the services, the connection to Discord, voice on this server, the database."""

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from audio.discord_voice.client import DiscordVoiceClient
from bot.contract import Service
from bot.discord_client import SkyDeck
from bot.errors import BadSettings, StoreFailed
from bot.observability.status_words import discord_line, store_line
from bot.service_calls.availability import Availability
from cogs.shared.commands import text
from cogs.shared.requester import words_at
from cogs.status._pages import service_lines, voice_line


class Status(commands.Cog):
    """Shows the state of everything; only the person who asks sees it."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot

    @app_commands.command(name=text("status.cmd.name"), description=text("status.cmd.about"))
    async def status(self, interaction: discord.Interaction) -> None:
        """Query all services; one that does not answer gets a line, too."""
        words = await words_at(self.bot, interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        availabilities = await asyncio.gather(*map(self._availability, Service))
        store_ms = await self._store_ms()
        embed = discord.Embed(title=words("status.title"), colour=discord.Colour.blurple())
        now_s = self.bot.clock.wall()
        for service, availability in zip(Service, availabilities, strict=True):
            embed.add_field(
                name=words(f"status.service.{service.value.lower()}"),
                value=service_lines(availability, words, now_s=now_s),
                inline=False,
            )
        link = interaction.guild.voice_client if interaction.guild is not None else None
        parts = [discord_line(self.bot.latencies, words)]
        if isinstance(link, DiscordVoiceClient):
            parts.append(voice_line(link.health(), words))
        parts.append(store_line(store_ms, words))
        embed.add_field(name=words("status.me"), value="\n".join(parts), inline=False)
        await interaction.edit_original_response(embed=embed)

    async def _availability(self, service: Service) -> Availability | None:
        try:
            return await self.bot.services.availability(service)
        except BadSettings:
            return None

    async def _store_ms(self) -> float | None:
        """How long the database takes to answer; None if it does not."""
        began = self.bot.clock.now()
        try:
            await self.bot.store.key_value.get("status")
        except StoreFailed:
            return None
        return (self.bot.clock.now() - began) * 1000
