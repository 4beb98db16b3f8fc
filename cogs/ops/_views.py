"""The menus of a server's settings, and a question with two buttons."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.client import SkyDeck
from bot.contract import Service
from bot.errors import NotAllowed
from bot.i18n import Words
from bot.settings import Identity
from bot.store import GuildChanges, GuildSettings
from cogs.ops import _choices
from cogs.shared.asker import asker_of, words_of
from cogs.shared.failures import ReportingView

OPEN_S: Final = 600.0
"""How long unused menus stay open: within the 15 minutes in which their message can be edited."""
_MOST_PICKED: Final = 25
_PLACES: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
]

Act = Callable[[discord.Interaction], Awaitable[None]]


class _ClosingView(ReportingView):
    """A view of an ephemeral message, which loses its buttons when nobody uses them in time.

    Args:
        words: The language.
        origin: The interaction that shows the message.
    """

    def __init__(self, words: Words, origin: discord.Interaction) -> None:
        super().__init__(timeout=OPEN_S)
        self.words = words
        self.origin = origin

    async def on_timeout(self) -> None:
        """Take the buttons away; a message that is gone by now needs nothing."""
        with contextlib.suppress(discord.HTTPException):
            await self.origin.edit_original_response(view=None)


class Question(_ClosingView):
    """Asks before something is done that cannot be undone.

    Args:
        words: The language.
        origin: The interaction that asks.
        label: On the button that does it.
        act: Does it; it has to answer the interaction it is given.
    """

    def __init__(self, words: Words, origin: discord.Interaction, *, label: str, act: Act) -> None:
        super().__init__(words, origin)
        self.act = act
        self.do_it.label = label
        self.leave_it.label = words("common.cancel")

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def do_it(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Once, however often it is clicked."""
        if self.is_finished():
            return
        self.stop()
        await self.act(interaction)

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def leave_it(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Nothing is done."""
        self.stop()
        nothing = self.words("common.nothing_changed")
        await interaction.response.edit_message(content=nothing, view=None)


class SettingsMenus(_ClosingView):
    """Five menus; each choice is stored at once, and the message shows what holds then."""

    def __init__(
        self, bot: SkyDeck, settings: GuildSettings, words: Words, origin: discord.Interaction
    ) -> None:
        super().__init__(words, origin)
        self.bot = bot
        self.guild = origin.guild
        self._add_menu("language", _choices.languages(settings, words), self._set_language)
        default = bot.settings.skydeck_identity
        identities = _choices.identities(settings, default, words)
        self._add_menu("identity", identities, self._set_identity)
        self._add_channels(settings)
        self._add_roles(settings)
        self._add_menu("module", _choices.modules(settings, bot.grace, words), self._set_module)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Who managed the server when the menus opened may not any more."""
        if not interaction.permissions.manage_guild:
            raise NotAllowed(self.words("ops.settings.not_yours"))
        return True

    # -- the menus ---------------------------------------------------------------------------

    def _add_menu(
        self,
        name: str,
        choices: list[_choices.Choice],
        store: Callable[[str | None], GuildChanges],
    ) -> None:
        menu: discord.ui.Select[Any] = discord.ui.Select(
            placeholder=self.words(f"ops.settings.pick_{name}"),
            options=[
                discord.SelectOption(
                    label=c.label, value=c.value, description=c.about or None, default=c.is_chosen
                )
                for c in choices
            ],
        )

        async def picked(interaction: discord.Interaction) -> None:
            value = menu.values[0]
            await self._store(interaction, store(None if value == _choices.UNSET else value))

        menu.callback = picked  # type: ignore[method-assign]
        self.add_item(menu)

    def _add_channels(self, settings: GuildSettings) -> None:
        known = self._known(settings.allowed_channels, lambda g, c: g.get_channel(c) is not None)
        menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            placeholder=self.words("ops.settings.pick_channels"),
            channel_types=_PLACES,
            min_values=0,
            max_values=_MOST_PICKED,
            default_values=[_default(c, discord.SelectDefaultValueType.channel) for c in known],
        )

        async def picked(interaction: discord.Interaction) -> None:
            ids = frozenset(channel.id for channel in menu.values)
            await self._store(interaction, {"allowed_channels": ids})

        menu.callback = picked  # type: ignore[method-assign]
        self.add_item(menu)

    def _add_roles(self, settings: GuildSettings) -> None:
        known = self._known(settings.allowed_roles, lambda g, r: g.get_role(r) is not None)
        menu: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            placeholder=self.words("ops.settings.pick_roles"),
            min_values=0,
            max_values=_MOST_PICKED,
            default_values=[_default(r, discord.SelectDefaultValueType.role) for r in known],
        )

        async def picked(interaction: discord.Interaction) -> None:
            ids = frozenset(role.id for role in menu.values)
            await self._store(interaction, {"allowed_roles": ids})

        menu.callback = picked  # type: ignore[method-assign]
        self.add_item(menu)

    def _known(
        self, ids: frozenset[int], exists: Callable[[discord.Guild, int], bool]
    ) -> list[int]:
        """Those that still exist: Discord refuses a menu with marks on any other."""
        if self.guild is None:
            return []
        guild = self.guild
        return [one for one in sorted(ids) if exists(guild, one)][:_MOST_PICKED]

    # -- what was chosen ---------------------------------------------------------------------

    @staticmethod
    def _set_language(value: str | None) -> GuildChanges:
        return {"language": value}

    @staticmethod
    def _set_identity(value: str | None) -> GuildChanges:
        return {"identity": None if value is None else Identity(value)}

    @staticmethod
    def _set_module(value: str | None) -> GuildChanges:
        return {"default_modules": {} if value is None else {Service.GRACE: value}}

    async def _store(self, interaction: discord.Interaction, changes: GuildChanges) -> None:
        if interaction.guild_id is None:
            raise AssertionError("the settings command works on servers only")
        settings = await self.bot.store.guilds.patch(interaction.guild_id, **changes)
        words = words_of(await asker_of(self.bot, interaction))  # perhaps another language now
        self.stop()
        await interaction.response.edit_message(
            embed=settings_embed(self.bot, settings, words, interaction),
            view=SettingsMenus(self.bot, settings, words, interaction),
        )


def settings_embed(
    bot: SkyDeck, settings: GuildSettings, words: Words, interaction: discord.Interaction
) -> discord.Embed:
    """What holds on this server."""
    server = interaction.guild.name if interaction.guild is not None else ""
    embed = discord.Embed(
        title=words("ops.settings.title", server=server)[:256],
        description=words("ops.settings.hint"),
        colour=discord.Colour.blurple(),
    )
    default = bot.settings.skydeck_identity
    for heading, value in _choices.summary(settings, default, bot.grace, words):
        embed.add_field(name=heading, value=value, inline=False)
    return embed


def _default(id_: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=id_, type=kind)
