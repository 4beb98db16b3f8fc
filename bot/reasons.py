"""Why a connection or a file failed, and why a value was refused, in words for people. Pure."""

import os
import re
import socket
import ssl
from typing import Final

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
"""How asyncio lists what came of each address of a host."""
_ADDRESS: Final = re.compile(r"Connect call failed \('([^']{1,100})', (\d{1,5})")
"""How asyncio names an address."""
_VALIDATION: Final = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "not a number"),
    ("Unable to parse input string as an integer, exceeded maximum size", "too large a number"),
    ("Input should be a valid boolean, unable to interpret input", "must be true or false"),
    ("Input should be a valid URL", "must be a URL"),
    ("Input should be less than or equal to", "must be at most"),
    ("Input should be greater than or equal to", "must be at least"),
    ("Input should be greater than", "must be more than"),
    ("Input should be", "must be"),
)
"""Pydantic's words, and how we say them; the longer ones first."""


def validation_in_words(message: str) -> str:
    """Pydantic's message about a value, as we would say it."""
    for theirs, ours in _VALIDATION:
        message = message.replace(theirs, ours)
    return message


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
