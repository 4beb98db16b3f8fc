"""Translates the texts of commands for people whose Discord is not in English.

`cogs.shared.commands.text` makes these texts.
"""

import logging
import re
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location
from discord.app_commands import TranslationContextTypes
from discord.ext import commands

from bot.i18n import DEFAULT, words_for

log = logging.getLogger(__name__)

_NAME = re.compile(r"[-_'\w]{1,32}")
_LIMITS: Final = {
    Location.command_description: 100,
    Location.group_description: 100,
    Location.parameter_description: 100,
    Location.choice_name: 100,
    Location.command_name: 32,
}
"""In characters; `check_name` checks the names of slash commands and options as well."""


class Translator(app_commands.Translator):
    """Looks up the key of a `locale_str`; a text without a key is the same in every language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: TranslationContextTypes,
    ) -> str | None:
        """The text, or None: then Discord shows the registered text, which is English."""
        key = string.extras.get("key")
        words = words_for(locale.value)
        if key is None or words.language == DEFAULT:
            return None
        text = words(key) if words.has(key) else ""
        if not _fits(text, context):
            # One bad name would make Discord refuse all commands.
            log.error("Discord does not accept %s as a %s", key, context.location.name)
            return None
        return text


async def speak_languages(bot: commands.AutoShardedBot) -> None:
    """Have the commands of a cog translated; its `setup` calls this."""
    if bot.tree.translator is None:
        await bot.tree.set_translator(Translator())


def check_name(name: str) -> bool:
    """Whether Discord accepts this name for a slash command or an option, in any language.

    Source: Discord's reference, "Application Command Naming": 1 to 32 letters, digits, `-`, `_`
    and `'`, in lower case where the letters have one.
    """
    return bool(_NAME.fullmatch(name)) and name == name.lower()


def _fits(text: str, context: TranslationContextTypes) -> bool:
    is_menu = isinstance(context.data, app_commands.ContextMenu)
    names = {Location.command_name, Location.group_name, Location.parameter_name}
    if context.location in names and not is_menu:
        return check_name(text)
    return 1 <= len(text) <= _LIMITS.get(context.location, 100)
