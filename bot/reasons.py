"""Why a connection or a file failed, in the operating system's own words. Pure."""

import os
import re
import socket
import ssl
from typing import Final

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
"""How asyncio lists what came of each address of a host."""


def reason_of(error: BaseException) -> str:
    """As `Connection refused`; not asyncio's `Connect call failed ('127.0.0.1', 9)`."""
    if isinstance(error, ssl.SSLError | socket.gaierror):  # their numbers are their own
        return error.strerror or str(error)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:  # aiohttp's, without a number
        return error.strerror
    numbers = dict.fromkeys(_NUMBER.findall(str(error)))
    return ", ".join(os.strerror(int(number)) for number in numbers) or str(error)
