"""What commands share: their texts, which all come from the locales, and their contexts.

    @app_commands.command(
        name=text("grace.cmd.summarize.name"), description=text("grace.cmd.summarize.about")
    )

discord.py registers the English text; `Translator` adds the other languages by the same key.
"""

from typing import Final, TypeVar

from discord import app_commands
from discord.app_commands import AppCommandContext, locale_str

from bot.i18n import DEFAULT, words_for

_ENGLISH: Final = words_for(DEFAULT)

T = TypeVar("T")


def text(key: str, otherwise: str | None = None) -> locale_str:
    """A text of the locales, for discord.py to register.

    Args:
        key: In the locales.
        otherwise: The text for every language if the locales have no such key, as for a module
            that an operator has added to Grace's catalogue.

    Raises:
        KeyError: The locales have no such key, and there is no other text.
    """
    if otherwise is not None and not _ENGLISH.has(key):
        return locale_str(otherwise)
    return locale_str(_ENGLISH(key), key=key)


def for_people(command: T) -> T:
    """Offer a command, group or menu also to who has installed the app to their own account.

    It then works in group messages and on servers that the bot is no member of, so it may need no
    channel, member or setting of a server.
    """
    install = app_commands.allowed_installs(guilds=True, users=True)
    place = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    return place(install(command))


def only_on_servers() -> AppCommandContext:
    """For a group; commands have a decorator for it. Unset parts would fall back to the default."""
    return AppCommandContext(guild=True, dm_channel=False, private_channel=False)
