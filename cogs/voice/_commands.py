"""`/join`, `/leave`, `/voice …` and `/minutes`."""

import asyncio
import io

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import SkyDeck
from bot.contract.grace import task
from bot.conversation import Asker
from bot.conversation.events import Attention
from bot.conversation.trace import summary
from bot.errors import BadInput, MissingPermission, SkydeckError
from cogs.shared.answering import working_message
from cogs.shared.asker import admit, asker_of, words_of
from cogs.shared.failures import explain
from cogs.shared.live import LiveMessage, Page
from cogs.voice._minutes import MODULE, make_show, place_of, transcript
from cogs.voice._rooms import Room, Rooms, VocalChannel
from cogs.voice._rules import needed
from cogs.voice._status import status_text
from cogs.voice._timings import waterfall
from cogs.voice._views import consent_view


def _key(name: str, what: str) -> str:
    return f"voice.cmd.{name}.{what}"


def _named(english: str, name: str) -> locale_str:
    return locale_str(english, key=_key(name, "name"))


def _about(english: str, name: str) -> locale_str:
    return locale_str(english, key=_key(name, "about"))


class VoiceCommands(commands.Cog):
    """Voice channels, by command."""

    voice = app_commands.Group(
        name=_named("voice", "voice"),
        description=_about("How I listen and answer in voice channels", "voice"),
        guild_only=True,
    )

    def __init__(self, bot: SkyDeck, rooms: Rooms) -> None:
        self.bot = bot
        self.rooms = rooms

    @app_commands.command(
        name=_named("join", "join"),
        description=_about("Call me into a voice channel; you then agree to be heard", "join"),
    )
    @app_commands.rename(channel=locale_str("channel", key=_key("join", "channel")))
    @app_commands.describe(
        channel=locale_str("Which one; empty: where you are", key=_key("join", "channel_about"))
    )
    @app_commands.guild_only()
    async def join(
        self,
        interaction: discord.Interaction[SkyDeck],
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
    ) -> None:
        """Come into a voice channel."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        where = channel or _whereabouts(interaction.user)
        if where is None:
            raise BadInput(words("voice.where"))
        _check_own(where)
        was_there = self.rooms.get(interaction.guild_id) is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        now_ms = int(self.bot.clock.wall() * 1000)
        await self.bot.store.consents.set(
            where.guild.id,
            asker.user_id,
            agreed=True,
            locale=str(interaction.locale),
            at_ms=now_ms,
        )
        room = await self.rooms.enter(where, called_by=asker.user_id)
        await room.look_around()
        if not was_there:
            await room.introduce(discord.utils.escape_markdown(asker.user_name))
        await interaction.followup.send(words("voice.joined", channel=where.mention))

    @app_commands.command(
        name=_named("leave", "leave"),
        description=_about("Send me out of the voice channel", "leave"),
    )
    @app_commands.guild_only()
    async def leave(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Leave the voice channel."""
        asker = await asker_of(self.bot, interaction)
        room = self._room(interaction, asker)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.rooms.leave(room.place.guild_id)
        await interaction.followup.send(words_of(asker)("voice.left"))

    @voice.command(
        name=_named("mode", "mode"),
        description=_about("When I answer in the voice channel", "mode"),
    )
    @app_commands.rename(attention=locale_str("when", key=_key("mode", "when")))
    @app_commands.describe(attention=locale_str("When I answer", key=_key("mode", "when_about")))
    @app_commands.choices(
        attention=[
            app_commands.Choice(
                name=locale_str(
                    "auto: alone with one person always, else by name", key=_key("mode", "auto")
                ),
                value=Attention.AUTO.value,
            ),
            app_commands.Choice(
                name=locale_str("always: whatever is said", key=_key("mode", "always")),
                value=Attention.ALWAYS.value,
            ),
            app_commands.Choice(
                name=locale_str(
                    "listen only: I keep a transcript for /minutes", key=_key("mode", "listen")
                ),
                value=Attention.LISTEN_ONLY.value,
            ),
        ]
    )
    async def mode(self, interaction: discord.Interaction[SkyDeck], attention: str) -> None:
        """Choose when to answer; everybody in the channel is told."""
        asker = await admit(self.bot, interaction)
        room = self._room(interaction, asker)
        await self.rooms.note(room, attention=attention)
        if room.session is not None:
            room.session.attend(Attention(attention))
        key = f"voice.mode.{attention.replace('-', '_')}"
        room.face.say(room.words(key))
        await interaction.response.send_message(words_of(asker)(key), ephemeral=True)

    @voice.command(
        name=_named("consent", "consent"),
        description=_about("Whether I may hear you", "consent"),
    )
    async def consent(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Show what they have agreed to, with buttons to change it."""
        asker = await asker_of(self.bot, interaction)
        words = words_of(asker)
        said = await self.bot.store.consents.get(asker.guild_id or 0, [asker.user_id])
        consent = said.get(asker.user_id)
        state = "unasked" if consent is None else "agreed" if consent.agreed else "declined"
        await interaction.response.send_message(
            words(f"voice.consent.{state}"), view=consent_view(words), ephemeral=True
        )

    @voice.command(
        name=_named("forget", "forget"),
        description=_about("Stop hearing me, and forget what I said in voice channels", "forget"),
    )
    async def forget(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Withdraw consent, and drop what was kept."""
        asker = await asker_of(self.bot, interaction)
        guild_id = asker.guild_id or 0
        room = self.rooms.get(guild_id)
        if room is not None:
            room.forget(asker.user_id)
        await self.bot.store.consents.withdraw(guild_id, asker.user_id)
        gone = await self.bot.store.minutes.forget(guild_id, asker.user_id)
        if room is not None:
            await room.look_around()
        words = words_of(asker)
        await interaction.response.send_message(
            words.count("voice.forgotten", gone), ephemeral=True
        )

    @voice.command(
        name=_named("follow", "follow"),
        description=_about("Have me follow you from channel to channel, or stop it", "follow"),
    )
    async def follow(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Follow a person, or stop following them."""
        asker = await admit(self.bot, interaction)
        room = self._room(interaction, asker)
        is_new = room.place.follow_user_id != asker.user_id
        await self.rooms.note(room, follow_user_id=asker.user_id if is_new else None)
        key = "voice.following" if is_new else "voice.following_no_more"
        await interaction.response.send_message(words_of(asker)(key), ephemeral=True)

    @voice.command(
        name=_named("status", "status"),
        description=_about("How well I hear everybody, and how quickly I answer", "status"),
    )
    async def status(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Tell how the line stands."""
        asker = await asker_of(self.bot, interaction)
        room = self._room(interaction, asker)
        if room.link is None or room.session is None:
            raise BadInput(words_of(asker)("voice.not_here"))
        text = status_text(
            room.link.health(), summary(room.session.watch.turns), room.face.names, words_of(asker)
        )
        await interaction.response.send_message(text, ephemeral=True)

    @voice.command(
        name=_named("timings", "timings"),
        description=_about("Where the time of my last answer went, as a picture", "timings"),
    )
    async def timings(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Draw the last turn, and attach all of them as JSON lines."""
        asker = await asker_of(self.bot, interaction)
        words = words_of(asker)
        room = self._room(interaction, asker)
        turns = [] if room.session is None else [t for t in room.session.watch.turns if t.split()]
        if not turns:
            raise BadInput(words("voice.status.no_turns"))
        await interaction.response.defer(ephemeral=True, thinking=True)
        picture = await asyncio.to_thread(waterfall, turns[-1], words)
        lines = "\n".join(turn.to_json() for turn in turns)
        await interaction.followup.send(
            files=[
                discord.File(io.BytesIO(picture), "turn.png"),
                discord.File(io.BytesIO(lines.encode()), "turns.jsonl"),
            ]
        )

    @app_commands.command(
        name=_named("minutes", "minutes"),
        description=_about("Sum up what was said while I only listened", "minutes"),
    )
    @app_commands.rename(clear=locale_str("clear", key=_key("minutes", "clear")))
    @app_commands.describe(
        clear=locale_str("Forget the transcript afterwards", key=_key("minutes", "clear_about"))
    )
    @app_commands.guild_only()
    async def minutes(self, interaction: discord.Interaction[SkyDeck], clear: bool = False) -> None:
        """Have Grace sum up the transcript of a voice channel."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        channel_id = self._minuted_channel(interaction)
        said = await self.bot.store.minutes.get(asker.guild_id or 0, channel_id or 0)
        module = self.bot.grace.get(MODULE)
        if not said or module is None:
            raise BadInput(words("voice.minutes.none"))
        text = transcript(said)
        message_id = await working_message(interaction, words)
        try:
            await self.bot.runner.perform(
                task(module, text, source=asker.source),
                asker=asker,
                place=place_of(asker, message_id),
                title=words("voice.minutes.heading"),
                show=make_show(self.bot, asker, message_id),
            )
        except SkydeckError as e:
            live = LiveMessage(self.bot, asker.channel_id, message_id, asker.user_id)
            await live.settle(Page(text=explain(e, words).text))
            return
        await interaction.followup.send(
            words.count("voice.minutes.turns", len(said)),
            file=discord.File(io.BytesIO(text.encode()), "minutes.txt"),
            ephemeral=True,
        )
        if clear:
            await self.bot.store.minutes.clear(asker.guild_id or 0, channel_id or 0)

    def _minuted_channel(self, interaction: discord.Interaction[SkyDeck]) -> int | None:
        """The voice channel in whose chat the command was given, or where the bot is, or they."""
        if isinstance(interaction.channel, VocalChannel):
            return interaction.channel.id
        room = self.rooms.get(interaction.guild_id)
        if room is not None:
            channel = room.channel
            may_see = (
                channel is not None
                and isinstance(interaction.user, discord.Member)
                and channel.permissions_for(interaction.user).view_channel
            )
            return room.place.channel_id if may_see else None
        here = _whereabouts(interaction.user)
        return None if here is None else here.id

    def _room(self, interaction: discord.Interaction[SkyDeck], asker: Asker) -> Room:
        room = self.rooms.get(interaction.guild_id)
        if room is None:
            raise BadInput(words_of(asker)("voice.not_here"))
        return room


def _whereabouts(user: discord.User | discord.Member) -> VocalChannel | None:
    if isinstance(user, discord.Member) and user.voice is not None:
        return user.voice.channel
    return None


def _check_own(channel: VocalChannel) -> None:
    """Whether the bot may come in and speak, said before it tries.

    Raises:
        MissingPermission: Names what is lacking.
    """
    permissions = channel.permissions_for(channel.guild.me)
    is_full = bool(channel.user_limit) and len(channel.members) >= channel.user_limit
    missing = tuple(name for name in needed(is_full=is_full) if not getattr(permissions, name))
    if missing:
        raise MissingPermission("There is no way in.", permissions=missing)
