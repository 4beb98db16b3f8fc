"""Why a connection or a file failed, in the operating system's own words. Pure."""

import os
import re
import socket
import ssl
from typing import Final

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
"""How asyncio lists what came of each address of a host."""
_ADDRESS: Final = re.compile(r"Connect call failed \('([^']{1,100})', (\d{1,5})")
"""How asyncio names an address."""


def reason_of(error: BaseException) -> str:
    """As `Connection refused (127.0.0.1:9)`; not `Connect call failed ('127.0.0.1', 9)`."""
    places = dict.fromkeys(f"{_host(host)}:{port}" for host, port in _ADDRESS.findall(str(error)))
    return f"{_words(error)} ({', '.join(places)})" if places else _words(error)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError | socket.gaierror):  # their numbers are their own
        return error.strerror or str(error)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:  # aiohttp's, without a number
        return error.strerror
    numbers = dict.fromkeys(_NUMBER.findall(str(error)))
    return ", ".join(os.strerror(int(number)) for number in numbers) or str(error)


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
