"""The menus of a server's settings, and a confirmation with two buttons."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import discord

from bot.choices import Identity
from bot.contract import Service
from bot.discord_client import SkyDeck
from bot.i18n import Words
from bot.store.records import GuildChanges, GuildSettings
from cogs.ops import _choices
from cogs.shared.error_messages import ReportingView
from cogs.shared.places import relation_to_server
from cogs.shared.requester import words_at
from cogs.shared.rights import Right, require

OPEN_S: Final = 600.0
"""How long unused menus work: less than the 15 minutes in which their message can be edited."""
_MAX_PICKED: Final = 25
PLACES: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
]
"""The kinds of channel in which the bot answers what people write."""

_Menu = discord.ui.Select[Any] | discord.ui.ChannelSelect[Any] | discord.ui.RoleSelect[Any]
_Picker = TypeVar("_Picker", discord.ui.ChannelSelect[Any], discord.ui.RoleSelect[Any])
Act = Callable[[discord.Interaction], Awaitable[None]]


class ClosingView(ReportingView):
    """A view of an ephemeral message that loses its buttons when it times out."""

    def __init__(self, words: Words, origin: discord.Interaction) -> None:
        super().__init__(timeout=OPEN_S)
        self.words = words
        self.origin = origin

    async def on_timeout(self) -> None:
        """Remove the buttons, if the message still exists."""
        with contextlib.suppress(discord.HTTPException):
            await self.origin.edit_original_response(view=None)


class Question(ClosingView):
    """Asks for confirmation before an action that cannot be undone.

    Args:
        label: The label of the button that confirms.
        act: Runs the action, and responds to the interaction that it is given.
        right: The right that is checked again on confirmation; None if it is their own data.
    """

    def __init__(
        self,
        words: Words,
        origin: discord.Interaction,
        *,
        label: str,
        act: Act,
        right: Right | None = None,
    ) -> None:
        super().__init__(words, origin)
        self.act = act
        self.right = right
        self.is_taken = False
        self.do_it.label = label
        self.leave_it.label = words("common.cancel")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Check again that the person has the right."""
        if self.right is not None:
            refusal = self.words("ops.settings.not_yours")
            require(self.right, relation_to_server(interaction), refusal)
        return True

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def do_it(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Run the action once, however often the button is clicked."""
        if self.is_taken:
            await interaction.response.defer()  # the first click's response covers this one
            return
        self.is_taken = True
        try:
            await self.act(interaction)
        finally:
            self.stop()

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def leave_it(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Do nothing, unless the action has already started."""
        if self.is_taken:
            await interaction.response.defer()
            return
        self.stop()
        nothing = self.words("common.nothing_changed")
        await interaction.response.edit_message(content=nothing, view=None)


class SettingsMenus(ClosingView):
    """Five menus; each choice is stored at once, and the message shows the new settings."""

    def __init__(
        self, bot: SkyDeck, settings: GuildSettings, words: Words, origin: discord.Interaction
    ) -> None:
        super().__init__(words, origin)
        self.bot = bot
        self.guild = origin.guild
        self._one_by_one = asyncio.Lock()
        self._language = self._choosing(self._set_language)
        self._identity = self._choosing(self._set_identity)
        self._module = self._choosing(self._set_module)
        self._channels = self._picking(
            discord.ui.ChannelSelect(channel_types=PLACES, min_values=0, max_values=_MAX_PICKED),
            lambda ids: {"allowed_channels": ids},
        )
        self._roles = self._picking(
            discord.ui.RoleSelect(min_values=0, max_values=_MAX_PICKED),
            lambda ids: {"allowed_roles": ids},
        )
        self._menus: dict[str, _Menu] = {
            "language": self._language,
            "identity": self._identity,
            "channels": self._channels,
            "roles": self._roles,
            "module": self._module,
        }
        for menu in self._menus.values():
            self.add_item(menu)
        self._fill(settings, words)

    def _fill(self, settings: GuildSettings, words: Words) -> None:
        """Show the settings. The menus stay the same objects, so that concurrent choices work."""
        self.words = words
        default = self.bot.settings.skydeck_identity
        _offer(self._language, _choices.languages(settings, words))
        _offer(self._identity, _choices.identities(settings, default, words))
        _offer(self._module, _choices.modules(settings, self.bot.grace, words))
        channels = self._known(settings.allowed_channels, lambda g, c: g.get_channel(c) is not None)
        channel, role = discord.SelectDefaultValueType.channel, discord.SelectDefaultValueType.role
        self._channels.default_values = [_default(c, channel) for c in channels]
        roles = self._known(settings.allowed_roles, lambda g, r: g.get_role(r) is not None)
        self._roles.default_values = [_default(r, role) for r in roles]
        for name, menu in self._menus.items():
            menu.placeholder = words(f"ops.settings.pick_{name}")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Check again that the person may manage the server."""
        refusal = self.words("ops.settings.not_yours")
        require(Right.SETTINGS, relation_to_server(interaction), refusal)
        return True

    # -- the menus ---------------------------------------------------------------------------

    def _choosing(self, changes: Callable[[str | None], GuildChanges]) -> discord.ui.Select[Any]:
        menu: discord.ui.Select[Any] = discord.ui.Select()

        async def picked(interaction: discord.Interaction) -> None:
            value = menu.values[0]
            await self._store(interaction, changes(None if value == _choices.UNSET else value))

        menu.callback = picked  # type: ignore[method-assign]
        return menu

    def _picking(self, menu: _Picker, changes: Callable[[frozenset[int]], GuildChanges]) -> _Picker:
        async def picked(interaction: discord.Interaction) -> None:
            await self._store(interaction, changes(frozenset(one.id for one in menu.values)))

        menu.callback = picked  # type: ignore[method-assign]
        return menu

    def _known(
        self, ids: frozenset[int], exists: Callable[[discord.Guild, int], bool]
    ) -> list[int]:
        """The chosen ones that still exist: Discord rejects a menu with others preselected."""
        if self.guild is None:
            return []
        guild = self.guild
        return [one for one in sorted(ids) if exists(guild, one)][:_MAX_PICKED]

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
        async with self._one_by_one:
            settings = await self.bot.store.guilds.patch(interaction.guild_id, **changes)
            words = await words_at(self.bot, interaction)  # the language may have changed
            self._fill(settings, words)
            self.origin = interaction
            embed = await settings_embed(self.bot, settings, words, interaction)
            await interaction.response.edit_message(embed=embed, view=self)


async def settings_embed(
    bot: SkyDeck, settings: GuildSettings, words: Words, interaction: discord.Interaction
) -> discord.Embed:
    """The current settings of this server.

    Raises:
        StoreFailed: Its personas cannot be read.
    """
    server = interaction.guild.name if interaction.guild is not None else ""
    embed = discord.Embed(
        title=words("ops.settings.title", server=server)[:256],
        description=words("ops.settings.hint"),
        colour=discord.Colour.blurple(),
    )
    default = bot.settings.skydeck_identity
    personas = await bot.store.personas.of(settings.guild_id)
    for heading, value in _choices.summary(settings, personas, default, bot.grace, words):
        embed.add_field(name=heading, value=value, inline=False)
    return embed


def _offer(menu: discord.ui.Select[Any], choices: list[_choices.Choice]) -> None:
    menu.options = [
        discord.SelectOption(
            label=c.label, value=c.value, description=c.about or None, default=c.is_chosen
        )
        for c in choices
    ]


def _default(id_: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=id_, type=kind)
