"""A Discord on loopback, for tests and to try a bot in: REST, gateway, voice. See README.md."""

import warnings

with warnings.catch_warnings():
    # discord.py 2.7 imports audioop, whose deprecation in 3.11 and 3.12 is no news to a test run
    # that takes warnings for errors.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord.player  # noqa: F401 - for the sake of importing it here

from .errors import CannotDo, NotSeen
from .files import File
from .local_discord import LocalDiscord
from .people import Person
from .places import Server
from .reply import Modal, Reply
from .values import Channel, Intent, Message, Permission, Role
from .waiting import PATIENCE

__all__ = [
    "PATIENCE",
    "CannotDo",
    "Channel",
    "File",
    "Intent",
    "LocalDiscord",
    "Message",
    "Modal",
    "NotSeen",
    "Permission",
    "Person",
    "Reply",
    "Role",
    "Server",
]
