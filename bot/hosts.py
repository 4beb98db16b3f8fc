"""The names by which a server on this machine may be called: pure.

A web page can have its own name point at 127.0.0.1 (DNS rebinding), and its script then asks a
server there as if it were the page's. The name that it asks for gives it away.
"""

import ipaddress
from urllib.parse import urlsplit


def name_of(authority: str) -> str:
    """The name in `NAME:PORT`, as a Host header has it, in lower case; empty when there is none."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Whether a host's name or address is always this machine's."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
