"""`/minutes`: Grace summarizes what was said while the bot only listened, and the bot shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Response
from bot.contract.envelope import speaker_label
from bot.contract.grace import task
from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel, SkydeckError, UnknownModule
from bot.figures import duration, moment
from bot.i18n import Words
from bot.jobs.place import PlacePart, Snowflake, stored_as
from bot.runpod.models import Update
from bot.store.records import Minute
from cogs.shared.answering import command_placeholder, give_reason
from cogs.shared.commands import text
from cogs.shared.error_messages import explain
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.page import Page
from cogs.shared.places import Places
from cogs.shared.requester import admit, words_of
from cogs.shared.rights import Right, require
from cogs.shared.splitting import disarm
from cogs.voice._commands import current_channel
from cogs.voice._policy import latest_meeting
from cogs.voice._voice_channel import VocalChannel
from cogs.voice._voice_channels import VoiceChannels

MODULE: Final = "SUMMARIZER"
MAX_CHARS: Final = 200_000
"""The newest part of a transcript that is summed up."""
_MAX_FILE_BYTES: Final = 9 * 1024 * 1024
"""Below Discord's limit on servers without boosts (10 MiB), request overhead included."""


def transcript(minutes: Sequence[Minute]) -> str:
    """The transcript for Grace: a line per turn, the newest `MAX_CHARS`."""
    text = "\n".join(f"{speaker_label(one.name)}: {' '.join(one.text.split())}" for one in minutes)
    return text if len(text) <= MAX_CHARS else text[-MAX_CHARS:].partition("\n")[2]


def record(minutes: Sequence[Minute], language: str) -> bytes:
    """The transcript for people, with times in UTC, as a file."""
    lines = [
        f"{moment(datetime.fromtimestamp(one.at_ms / 1000, UTC), language, with_seconds=True)}  "
        f"{one.name}: {' '.join(one.text.split())}"
        for one in minutes
    ]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


class Notes(PlacePart):
    """Selects the part of a transcript that is summed up.

    Attributes:
        since_ms: Its beginning, UTC epoch milliseconds.
        clear: Whether to delete the channel's transcript once it is summed up.
        may_attach: Whether files may be attached where the summary is shown.
    """

    voice_channel_id: Annotated[Snowflake, stored_as("voice")]
    since_ms: Annotated[int, stored_as("since")]
    clear: bool
    may_attach: bool


class MinutesMessage(Notes, JobMessage):
    """A minutes job's place."""

    kind: str = "minutes"


@dataclass(slots=True)
class MinutesJobView(MessageView[MinutesMessage]):
    """Shows the summary in one message."""

    _done: tuple[int, int] | None = None

    def update(self, update: Update) -> None:
        """Note how many parts of a long transcript Grace has summed up."""
        output = None if update.response is None else update.response.output
        data = output.data if output is not None else None
        counts = data.get("progress") if isinstance(data, dict) else None
        if isinstance(counts, dict):
            done, total = counts.get("done"), counts.get("total")
            if isinstance(done, int) and isinstance(total, int) and total > 1:
                self._done = done, total

    async def refresh(self) -> None:
        """Show the progress and the elapsed time."""
        took = duration(self.bot.clock.wall() - self.place.begun)
        text = self.words("voice.minutes.working", took=took)
        if self._done is not None:
            text += f" · {self._done[0]}/{self._done[1]}"
        await self.live.refresh(Page(text=text, view=self.controls))

    async def done(self, response: Response) -> None:
        """Show the summary, with the transcript."""
        place, minutes = self.place, self.bot.store.minutes
        where = place.guild_id or 0, place.voice_channel_id
        said = await minutes.get(*where, since_ms=place.since_ms)
        heading = self.words("voice.minutes.heading", channel=f"<#{place.voice_channel_id}>")
        text = disarm((response.text or "").strip()) or self.words("voice.minutes.empty")
        footer = self.words.count("voice.minutes.turns", len(said))
        data = record(said, self.words.language)
        fits = place.may_attach and len(data) <= _MAX_FILE_BYTES
        files = (("transcript.txt", data),) if fits else ()
        await self.live.settle(Page(text=f"{heading}\n{text}\n-# {footer}", files=files))
        if place.clear:
            await minutes.clear(*where)

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is no summary."""
        if await self.told_alone(error):
            await self.live.withdraw()
            return
        await self.live.settle(Page(text=explain(error, self.words).text))


class MinutesCommand(commands.Cog):
    """The command for the minutes of a voice channel's latest meeting."""

    def __init__(self, bot: SkyDeck, channels: VoiceChannels) -> None:
        self.bot = bot
        self.channels = channels

    @app_commands.command(
        name=text("voice.cmd.minutes.name"), description=text("voice.cmd.minutes.about")
    )
    @app_commands.rename(clear=text("voice.cmd.minutes.clear"))
    @app_commands.describe(clear=text("voice.cmd.minutes.clear_about"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def minutes(self, interaction: discord.Interaction[SkyDeck], clear: bool = False) -> None:
        """Have Grace summarize the transcript of a voice channel's latest meeting."""
        requester = await admit(self.bot, interaction)
        words = words_of(requester)
        channel = self._channel(interaction, words)
        relation = await Places(interaction).relation(
            owner_id=None, guild_id=channel.guild.id, channel_id=channel.id
        )
        require(Right.MINUTES, relation, words("voice.not_for_you"))
        if clear:
            require(Right.CLEAR_MINUTES, relation, words("voice.minutes.not_yours"))
        said = latest_meeting(await self.bot.store.minutes.get(channel.guild.id, channel.id))
        if not said:
            await interaction.response.send_message(words("voice.minutes.none"), ephemeral=True)
            return
        module = self.bot.grace.get(MODULE)
        if module is None:
            raise UnknownModule(f"Grace's catalogue has no {MODULE}.")
        notes = Notes(
            voice_channel_id=channel.id,
            since_ms=said[0].at_ms,
            clear=clear,
            may_attach=interaction.app_permissions.attach_files,
        )
        request = task(module, transcript(said), source=requester.source)
        placeholder = command_placeholder(self.bot, interaction, requester)
        live, begun = placeholder.live, self.bot.clock.wall()
        place = MinutesMessage.at(live, requester, notes, begun=begun)
        view = MinutesJobView(self.bot, place, live, placeholder)
        async with placeholder.in_time():
            try:
                await self.bot.runner.perform(
                    request,
                    requester=requester,
                    place=place,
                    title=words("voice.minutes.title"),
                    view=view,
                    reply_token=interaction.token,
                    interaction_id=interaction.id,
                    is_shown=False,
                )
            except SkydeckError as e:
                await placeholder.show()
                await give_reason(placeholder.live, e, words)

    def _channel(self, interaction: discord.Interaction[SkyDeck], words: Words) -> VocalChannel:
        """The voice channel whose chat they write in, else the one they are in, else the bot's.

        Raises:
            NoVoiceChannel: There is none.
        """
        here = interaction.channel
        channel = here if isinstance(here, VocalChannel) else current_channel(interaction.user)
        if channel is None:
            voice = self.channels.get(interaction.guild_id)
            channel = None if voice is None else voice.channel
        if channel is None:
            raise NoVoiceChannel(words("voice.where"))
        return channel
