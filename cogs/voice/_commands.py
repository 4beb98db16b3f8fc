"""`/join`, `/leave` and `/voice …`."""

import asyncio
import io
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel
from bot.i18n import Words
from bot.jobs.view import Requester
from bot.voice_agent.events import Attention
from bot.voice_agent.turn_latency import summary
from cogs.shared.commands import text
from cogs.shared.contexts import only_on_servers
from cogs.shared.places import Places
from cogs.shared.requester import admit, requester_of, words_of
from cogs.shared.rights import Relation, Right, may, require
from cogs.voice._consent import store_consent
from cogs.voice._status import status_text
from cogs.voice._timings import waterfall
from cogs.voice._views import MoveQuestion, consent_view
from cogs.voice._voice_channel import VocalChannel, VoiceChannel, people_in
from cogs.voice._voice_channels import VoiceChannels, check_own

_KNOWN_WITHIN_S: Final = 1.5
"""Discord waits 3 s."""
_LOOK_EVERY_S: Final = 0.1


class VoiceCommands(commands.Cog):
    """Voice channels, by command."""

    voice = app_commands.Group(
        name=text("voice.cmd.voice.name"),
        description=text("voice.cmd.voice.about"),
        allowed_contexts=only_on_servers(),
    )

    def __init__(self, bot: SkyDeck, rooms: VoiceChannels) -> None:
        self.bot = bot
        self.rooms = rooms
        self._drawing = asyncio.Lock()

    @app_commands.command(
        name=text("voice.cmd.join.name"), description=text("voice.cmd.join.about")
    )
    @app_commands.rename(channel=text("voice.cmd.join.channel"))
    @app_commands.describe(channel=text("voice.cmd.join.channel_about"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def join(
        self,
        interaction: discord.Interaction[SkyDeck],
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
    ) -> None:
        """Come into a voice channel; away from others only when that is meant."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        await self._until_whole(asker, words)
        where = channel or whereabouts(interaction.user)
        if where is None:
            raise NoVoiceChannel(words("voice.where"))
        await check_theirs(interaction, Right.JOIN, where, words)
        check_own(where, words)
        if (left := self._left_alone(asker, where)) is None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._come(interaction, asker, where)
            return

        async def act(confirmed: discord.Interaction[SkyDeck]) -> None:
            await confirmed.response.edit_message(content=words("common.working"), view=None)
            await self._come(confirmed, asker, where)

        await interaction.response.send_message(
            words("voice.ask_move", here=left.mention, there=where.mention),
            view=MoveQuestion(words, act),
            ephemeral=True,
        )

    async def _until_whole(self, asker: Requester, words: Words) -> None:
        """After another process has gone it takes a moment until it is known who is where.

        Raises:
            NoVoiceChannel: It takes longer than Discord waits for an answer.
        """
        if asker.guild_id is None:
            return
        clock = self.bot.clock
        until = clock.now() + _KNOWN_WITHIN_S
        while not self.bot.membership.is_whole(asker.guild_id):
            if clock.now() > until:
                raise NoVoiceChannel(words("voice.not_yet"))
            await clock.sleep(_LOOK_EVERY_S)

    def _left_alone(self, asker: Requester, where: VocalChannel) -> VocalChannel | None:
        """The channel in which others would be left, if the bot came."""
        room = self.rooms.get(where.guild.id)
        if room is None or room.channel is None or room.channel == where:
            return None
        return room.channel if people_in(room.channel).keys() - {asker.user_id} else None

    async def _come(
        self, interaction: discord.Interaction[SkyDeck], asker: Requester, where: VocalChannel
    ) -> None:
        was_there = self.rooms.get(where.guild.id)
        if was_there is not None:
            was_there.readmit(asker.user_id)
        await store_consent(self.bot, where.guild.id, interaction, agreed=True)
        room = await self.rooms.enter(where, called_by=asker.user_id, locale=asker.locale)
        if room is not was_there:
            await room.introduce(discord.utils.escape_markdown(asker.user_name))
        joined = words_of(asker)("voice.joined", channel=where.mention)
        await interaction.edit_original_response(content=joined)

    @app_commands.command(
        name=text("voice.cmd.leave.name"), description=text("voice.cmd.leave.about")
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def leave(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Leave the voice channel."""
        asker = await requester_of(self.bot, interaction)
        room = await self._commanded(interaction, asker)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.rooms.leave(room.place.guild_id)
        await interaction.edit_original_response(content=words_of(asker)("voice.left"))

    @voice.command(name=text("voice.cmd.mode.name"), description=text("voice.cmd.mode.about"))
    @app_commands.rename(attention=text("voice.cmd.mode.when"))
    @app_commands.describe(attention=text("voice.cmd.mode.when_about"))
    @app_commands.choices(
        attention=[
            app_commands.Choice(
                name=text("voice.cmd.mode.auto"),
                value=Attention.AUTO.value,
            ),
            app_commands.Choice(
                name=text("voice.cmd.mode.always"),
                value=Attention.ALWAYS.value,
            ),
            app_commands.Choice(
                name=text("voice.cmd.mode.listen"),
                value=Attention.LISTEN_ONLY.value,
            ),
        ]
    )
    async def mode(self, interaction: discord.Interaction[SkyDeck], attention: str) -> None:
        """Choose when to answer; everybody in the channel is told."""
        asker = await admit(self.bot, interaction)
        room = await self._commanded(interaction, asker)
        await self.rooms.note(room, attention=attention)
        room.attend(Attention(attention))
        key = f"voice.mode.{attention.replace('-', '_')}"
        days = self.bot.settings.skydeck_message_days
        room.face.say(room.words(key, days=days))
        await interaction.response.send_message(words_of(asker)(key, days=days), ephemeral=True)

    @voice.command(name=text("voice.cmd.consent.name"), description=text("voice.cmd.consent.about"))
    async def consent(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Show what they have agreed to, with buttons to change it."""
        asker = await requester_of(self.bot, interaction)
        words = words_of(asker)
        said = await self.bot.store.consents.get(asker.guild_id or 0, [asker.user_id])
        consent = said.get(asker.user_id)
        state = "unasked" if consent is None else "agreed" if consent.agreed else "declined"
        await interaction.response.send_message(
            words(f"voice.consent.{state}"), view=consent_view(words), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.forget.name"), description=text("voice.cmd.forget.about"))
    async def forget(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Withdraw consent, and drop what was kept."""
        asker = await requester_of(self.bot, interaction)
        guild_id = asker.guild_id or 0
        room = self.rooms.get(guild_id)
        if room is not None:
            room.exclude(asker.user_id)
        await self.bot.store.consents.withdraw(guild_id, asker.user_id)
        gone = await self.bot.store.minutes.forget(guild_id, asker.user_id)
        await self.bot.voices.forget(asker.user_id)
        words = words_of(asker)
        await interaction.response.send_message(
            words.count("voice.forgotten", gone), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.follow.name"), description=text("voice.cmd.follow.about"))
    async def follow(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Follow a person, or stop following them."""
        asker = await admit(self.bot, interaction)
        room = await self._commanded(interaction, asker)
        is_new = room.place.follow_user_id != asker.user_id
        await self.rooms.note(room, follow_user_id=asker.user_id if is_new else None)
        key = "voice.following" if is_new else "voice.following_no_more"
        await interaction.response.send_message(words_of(asker)(key), ephemeral=True)

    @voice.command(name=text("voice.cmd.status.name"), description=text("voice.cmd.status.about"))
    async def status(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Tell how the line stands."""
        asker = await requester_of(self.bot, interaction)
        words = words_of(asker)
        room = await self._seen(interaction, words)
        if room.link is None or room.session is None:
            raise NoVoiceChannel(words("voice.not_here"))
        spreads = summary(room.session.watch.turns)
        text = status_text(room.place, room.link.health(), spreads, room.face.names, words)
        await interaction.response.send_message(
            embed=discord.Embed(description=text, colour=discord.Colour.blurple()), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.timings.name"), description=text("voice.cmd.timings.about"))
    async def timings(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Draw the last turn, and attach all of them as JSON lines."""
        asker = await requester_of(self.bot, interaction)
        words = words_of(asker)
        room = await self._seen(interaction, words)
        turns = [] if room.session is None else [t for t in room.session.watch.turns if t.split()]
        if not turns:
            await interaction.response.send_message(words("voice.status.no_turns"), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self._drawing:  # matplotlib's caches are not for several threads at once
            picture = await asyncio.to_thread(waterfall, turns[-1], words)
        lines = "\n".join(turn.to_json() for turn in turns)
        await interaction.edit_original_response(
            attachments=[
                discord.File(io.BytesIO(picture), "turn.png"),
                discord.File(io.BytesIO(lines.encode()), "turns.jsonl"),
            ]
        )

    def _room(self, interaction: discord.Interaction[SkyDeck], words: Words) -> VoiceChannel:
        room = self.rooms.get(interaction.guild_id)
        if room is None:
            raise NoVoiceChannel(words("voice.not_here"))
        return room

    async def _seen(self, interaction: discord.Interaction[SkyDeck], words: Words) -> VoiceChannel:
        """The room, for who may go there; for others there is none.

        Raises:
            NoVoiceChannel: There is none that they know of.
        """
        room = self._room(interaction, words)
        if not may(Right.SEE_VOICE, await _relation(interaction, room.place.channel_id)):
            raise NoVoiceChannel(words("voice.not_here"))
        return room

    async def _commanded(
        self, interaction: discord.Interaction[SkyDeck], asker: Requester
    ) -> VoiceChannel:
        """The room, for who is in it, or may move its people.

        Raises:
            NoVoiceChannel: There is none.
            NotAllowed: They may only look on.
        """
        words = words_of(asker)
        room = self._room(interaction, words)
        channel_id = room.place.channel_id
        refusal = words("voice.not_yours", channel=f"<#{channel_id}>")
        require(Right.COMMAND_VOICE, await _relation(interaction, channel_id), refusal)
        return room


def whereabouts(user: discord.User | discord.Member) -> VocalChannel | None:
    """The voice channel that a person is in."""
    if isinstance(user, discord.Member) and user.voice is not None:
        return user.voice.channel
    return None


async def check_theirs(
    interaction: discord.Interaction[SkyDeck], right: Right, channel: VocalChannel, words: Words
) -> None:
    """Nobody does through the bot what they may not do in a voice channel themselves.

    Raises:
        NotAllowed: They may not go there.
    """
    relation = await _relation(interaction, channel.id)
    require(right, relation, words("voice.not_for_you"))


async def _relation(interaction: discord.Interaction[SkyDeck], channel_id: int) -> Relation:
    return await Places(interaction).relation(
        owner_id=None, guild_id=interaction.guild_id, channel_id=channel_id
    )
