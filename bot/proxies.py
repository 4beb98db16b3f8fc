"""Which proxy of the environment a connection takes: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY.

aiohttp's own `trust_env` ignores ALL_PROXY, and reads WSS_PROXY for a secure WebSocket; discord.py
does not read the environment at all.
"""

from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.errors import BadSettings
from bot.hosts import is_loopback

_SCHEMES: Final = {"https": "https", "wss": "https", "http": "http", "ws": "http"}


def proxy_for(url: str) -> str | None:
    """The proxy's URL, which may hold a password; None: connect directly.

    Args:
        url: The address to reach. This machine is always reached directly.

    Raises:
        BadSettings: The proxy is of a kind that cannot be used, or its address cannot be read.
    """
    target = urlsplit(url)
    host = target.hostname or ""
    if not host or is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    name = _SCHEMES.get(target.scheme, "https")
    found = (proxies.get(name) or proxies.get("all") or "").strip()
    if not found:
        return None
    return _checked(found if "://" in found else f"http://{found}")


def describe_proxy(url: str) -> str:
    """A proxy's address without its user and password."""
    proxy = urlsplit(url)
    host = f"[{proxy.hostname}]" if ":" in (proxy.hostname or "") else proxy.hostname
    return f"{proxy.scheme}://{host}" + (f":{proxy.port}" if proxy.port else "")


def _checked(proxy: str) -> str:
    try:
        parts = urlsplit(proxy)
        is_address = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_address = False
    if not is_address:
        raise BadSettings(
            "The proxy in HTTPS_PROXY or ALL_PROXY is not an address.",
            hint="Example: HTTPS_PROXY=http://proxy.example:3128",
        )
    if parts.scheme not in ("http", "https"):
        raise BadSettings(
            f"skydeck cannot use a proxy of the kind {parts.scheme[:10]}.",
            hint="Set HTTPS_PROXY to an HTTP proxy, or exempt hosts with NO_PROXY "
            "(discord.com,discord.gg,discordapp.com,discordapp.net,api.runpod.ai).",
        )
    return proxy
