"""The host names by which a server on this machine may be called. Pure.

A web page can make its own name resolve to 127.0.0.1 (DNS rebinding); its script can then call a
local server as if it were the page's own. The Host header exposes such a call.
"""

import ipaddress
import re
from typing import Final

_AUTHORITY: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::[0-9]{0,5})?"
)
"""A Host header per RFC 9110, 7.2: no userinfo, and only a port after the bracket."""


def name_of(authority: str) -> str:
    """The name in a Host header's `NAME:PORT`, in lower case; empty if it has none."""
    found = _AUTHORITY.fullmatch(authority)
    return (found["v6"] or found["name"]).lower().removesuffix(".") if found else ""


def is_loopback(name: str) -> bool:
    """Whether a host name or address always means this machine."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
