"""`/settings persona`: who the bot is on the server, or in one of its channels."""

import contextlib
import logging
from dataclasses import dataclass
from typing import Any, Final, Self

import discord
from discord import app_commands, ui

from bot.discord_client import SkyDeck
from bot.errors import BadInput
from bot.i18n import Words
from bot.persona import MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS, NO_PERSONA, SERVER, Persona
from bot.store.repositories.voice import VOICE_LIMIT_CHARS
from cogs.ops._persona_form import Typed, read_form, shown, warnings
from cogs.ops._views import PLACES, ClosingView, Question
from cogs.shared.chosen_voice import check_voice
from cogs.shared.error_messages import ReportingModal, explain
from cogs.shared.places import relation_to_server
from cogs.shared.requester import words_at
from cogs.shared.rights import Right, require
from cogs.shared.text_dialog import DIALOG_S

log = logging.getLogger(__name__)

_MAX_TITLE_CHARS: Final = 45
_MAX_LANGUAGE_CHARS: Final = 40

Interaction = discord.Interaction[Any]


class PersonaChannel(app_commands.Transformer[SkyDeck]):
    """A channel that can have a persona, as its id.

    `discord.ForumChannel` as an annotation would ask for media channels, too, which Discord's
    description of its API does not have.
    """

    @property
    def type(self) -> discord.AppCommandOptionType:
        """A channel."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Those in which people write, or speak."""
        return [*PLACES, discord.ChannelType.stage_voice]

    async def transform(self, _interaction: discord.Interaction[SkyDeck], value: Any, /) -> int:
        """The channel's id."""
        return int(value.id)


@dataclass(frozen=True, slots=True)
class PersonaPlace:
    """A server, or a channel of it, whose persona is shown and changed.

    Attributes:
        channel_id: The channel; `SERVER`: the server itself.
    """

    bot: SkyDeck
    guild_id: int
    channel_id: int

    async def own(self) -> Persona:
        """What is chosen for this place itself."""
        return (await self.bot.store.personas.of(self.guild_id)).get(self.channel_id, NO_PERSONA)

    async def choose(self, persona: Persona) -> None:
        """Store a choice, and let the rest of the bot know."""
        await self.bot.store.personas.set(self.guild_id, self.channel_id, persona)
        log.info("the persona of server %d, channel %d was set", self.guild_id, self.channel_id)
        self.bot.dispatch("persona_changed", self.guild_id)

    async def embed(self, words: Words) -> discord.Embed:
        """Who the bot is there, with what it takes from the place around it."""
        chosen = await self.bot.store.personas.of(self.guild_id)
        own = chosen.get(self.channel_id, NO_PERSONA)
        around = NO_PERSONA if self.channel_id == SERVER else chosen.get(SERVER, NO_PERSONA)
        text = shown(own, around, words)
        if self.channel_id == SERVER:
            title, hint = words("ops.persona.title"), words("ops.persona.hint")
        else:
            title = words("ops.persona.title_channel")
            hint = words("ops.persona.hint_channel", channel=f"<#{self.channel_id}>")
        return discord.Embed(
            title=title, description=f"{hint}\n\n{text}", colour=discord.Colour.blurple()
        )


async def show_persona(interaction: Interaction, place: PersonaPlace) -> None:
    """Answer `/settings persona`."""
    words = await words_at(place.bot, interaction)
    await interaction.response.send_message(
        embed=await place.embed(words),
        view=PersonaButtons(place, words, interaction, await place.own()),
        ephemeral=True,
    )


class PersonaButtons(ClosingView):
    """Buttons to change the persona that the message shows, and to clear it.

    Args:
        place: Whose persona it is.
        origin: The interaction that shows the message.
        own: What is chosen there.
    """

    def __init__(
        self, place: PersonaPlace, words: Words, origin: Interaction, own: Persona
    ) -> None:
        super().__init__(words, origin)
        self.place = place
        self.renew(words, origin, own)

    def renew(self, words: Words, origin: Interaction, own: Persona) -> None:
        """Stand under what `origin` shows from now on."""
        self.words, self.origin = words, origin
        self.change.label = words("ops.persona.change")
        self.clear.label = words("ops.persona.clear")
        self.clear.disabled = not own

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Check again that the person may manage the server."""
        _require(interaction, self.words)
        return True

    @ui.button(style=discord.ButtonStyle.primary)
    async def change(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        """Open the form, with what is chosen now."""
        typed = Typed.of(await self.place.own(), self.words)
        await interaction.response.send_modal(PersonaForm(self.place, self.words, typed, self))

    @ui.button(style=discord.ButtonStyle.danger)
    async def clear(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        """Ask whether to clear it."""
        question = Question(
            self.words,
            interaction,
            label=self.words("ops.persona.clear"),
            act=self._clear,
            right=Right.SETTINGS,
        )
        ask = self.words("ops.persona.ask_clear")
        await interaction.response.send_message(ask, view=question, ephemeral=True)

    async def _clear(self, confirmed: Interaction) -> None:
        await self.place.choose(NO_PERSONA)
        words = await words_at(self.place.bot, confirmed)
        await confirmed.response.edit_message(content=words("ops.persona.cleared"), view=None)
        self.renew(words, self.origin, NO_PERSONA)
        with contextlib.suppress(discord.HTTPException):  # the message may be gone
            embed = await self.place.embed(words)
            await self.origin.edit_original_response(content=None, embed=embed, view=self)


class PersonaForm(ReportingModal):
    """The form: a name, instructions, a language, a voice; all of them may be empty.

    Args:
        place: Whose persona it is.
        typed: What the fields hold at first.
        opener: The buttons of the message from which it is opened.
    """

    def __init__(
        self, place: PersonaPlace, words: Words, typed: Typed, opener: ClosingView
    ) -> None:
        super().__init__(title=words("ops.persona.form")[:_MAX_TITLE_CHARS], timeout=DIALOG_S)
        self._place = place
        self._words = words
        self._opener = opener
        self._name = self._field("name", typed.name, MAX_NAME_CHARS)
        self._instructions = self._field(
            "instructions", typed.instructions, MAX_INSTRUCTIONS_CHARS, is_long=True
        )
        self._language = self._field("language", typed.language, _MAX_LANGUAGE_CHARS)
        self._voice = self._field("voice", typed.voice, VOICE_LIMIT_CHARS)

    def _field(
        self, name: str, value: str, limit: int, *, is_long: bool = False
    ) -> "ui.TextInput[Self]":
        style = discord.TextStyle.paragraph if is_long else discord.TextStyle.short
        field: ui.TextInput[Self] = ui.TextInput(
            style=style,
            required=False,
            max_length=limit,
            default=value or None,
            placeholder=self._words(f"ops.persona.example.{name}"),
        )
        self.add_item(ui.Label(text=self._words(f"ops.persona.{name}"), component=field))
        return field

    async def on_first_submit(self, interaction: Interaction) -> None:
        """Store what was typed; if a part of it cannot be used, keep it all for another try."""
        words = await words_at(self._place.bot, interaction)
        _require(interaction, words)
        typed = Typed(
            self._name.value, self._instructions.value, self._language.value, self._voice.value
        )
        try:
            persona = await self._read(typed, words)
        except BadInput as e:
            again = AgainButton(self._place, words, interaction, typed)
            reason = explain(e, words, privately=True).text
            await interaction.response.send_message(reason, view=again, ephemeral=True)
            return
        await self._place.choose(persona)
        await interaction.response.edit_message(
            content="\n".join(warnings(persona, words)) or None,
            embed=await self._place.embed(words),
            view=self._buttons(interaction, persona, words),
        )

    def _buttons(self, interaction: Interaction, persona: Persona, words: Words) -> PersonaButtons:
        """The buttons under what is shown then; others would still end when their time is up."""
        if isinstance(self._opener, PersonaButtons):
            self._opener.renew(words, interaction, persona)
            return self._opener
        self._opener.stop()
        return PersonaButtons(self._place, words, interaction, persona)

    async def _read(self, typed: Typed, words: Words) -> Persona:
        """What was typed, as a persona.

        Raises:
            BadInput: Says which part cannot be used, and why.
        """
        voice = typed.voice.strip()
        if voice:
            voice = await check_voice(self._place.bot.settings, voice, words)
        return read_form(typed, voice, words)


class AgainButton(ClosingView):
    """Opens the form again, with what was typed."""

    def __init__(
        self, place: PersonaPlace, words: Words, origin: Interaction, typed: Typed
    ) -> None:
        super().__init__(words, origin)
        self._place = place
        self._typed = typed
        self.again.label = words("ops.persona.again")

    @ui.button(style=discord.ButtonStyle.primary)
    async def again(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        """Open it."""
        _require(interaction, self.words)
        await interaction.response.send_modal(
            PersonaForm(self._place, self.words, self._typed, self)
        )


def _require(interaction: Interaction, words: Words) -> None:
    require(Right.SETTINGS, relation_to_server(interaction), words("ops.settings.not_yours"))
