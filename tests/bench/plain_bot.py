"""The peer of the bot's benchmarks: ten minutes with discord.py and runpod's SDK.

python -m tests.bench.plain_bot          runs it with DISCORD_TOKEN, as a process of its own
"""

import asyncio
import os

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Input, InputType, Request, Service, Source, System, Target


class PlainBot(commands.Bot):
    """One command; it waits for Grace and posts what she says."""

    def __init__(self, base_url: str = "", key: str = "") -> None:
        super().__init__("!", intents=discord.Intents.default(), help_command=None)
        self._base_url, self._key = base_url, key
        # Not at the top: its import takes a second, and each run of the tests collects this file.
        import runpod

        self._runpod = runpod

    async def setup_hook(self) -> None:
        if self._base_url:
            self._runpod.api_key, self._runpod.endpoint_url_base = self._key, self._base_url
            self.session = aiohttp.ClientSession()
            self.grace = self._runpod.AsyncioEndpoint("grace", self.session)
        self.tree.add_command(plain)
        await self.tree.sync()

    async def close(self) -> None:
        if self._base_url:
            await self.session.close()
        await super().close()


@app_commands.command()
async def plain(interaction: discord.Interaction[PlainBot], text: str) -> None:
    """Summarize."""
    await interaction.response.defer()
    request = Request(
        source=Source(system=System.DECK),
        target=Target(service=Service.GRACE, module="SUMMARIZER"),
        input=Input(type=InputType.TEXT, data=text),
    )
    job = await interaction.client.grace.run({"contract": request.to_wire()})
    output = await job.output(timeout=60)
    await interaction.edit_original_response(content=str(output["output"]["data"])[:2000])


if __name__ == "__main__":
    asyncio.run(PlainBot().start(os.environ["DISCORD_TOKEN"]))
