"""The names by which a server on this machine may be called: pure.

A web page can have its own name point at 127.0.0.1 (DNS rebinding), and its script then asks a
server there as if it were the page's. The name that it asks for gives it away.
"""

import ipaddress
import re
from typing import Final

_AUTHORITY: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::[0-9]{0,5})?"
)
"""As RFC 9110, 7.2 has a Host header: no userinfo, nothing behind the bracket but a port."""


def name_of(authority: str) -> str:
    """The name in `NAME:PORT`, as a Host header has it, in lower case; empty when there is none."""
    found = _AUTHORITY.fullmatch(authority)
    return (found["v6"] or found["name"]).lower().removesuffix(".") if found else ""


def is_loopback(name: str) -> bool:
    """Whether a host's name or address is always this machine's."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
