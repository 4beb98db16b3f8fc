"""A local Discord for tests: REST, gateway and interactions over real sockets. See README.md."""

from .errors import CannotDo, NotSeen
from .files import File
from .people import Person
from .places import Server
from .reply import Modal, Reply
from .simulator import Simulator
from .values import Channel, Intent, Message, Permission, Role

__all__ = [
    "CannotDo",
    "Channel",
    "File",
    "Intent",
    "Message",
    "Modal",
    "NotSeen",
    "Permission",
    "Person",
    "Reply",
    "Role",
    "Server",
    "Simulator",
]
