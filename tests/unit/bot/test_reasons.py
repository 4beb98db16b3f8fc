import socket
import ssl
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import AnyUrl, TypeAdapter, ValidationError

from bot.reasons import reason_of, validation_in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(111, "Connect call failed ('127.0.0.1', 9)"),
            "Connection refused (127.0.0.1:9)",
        ),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 9, 0, 0), "
                    "[Errno 111] Connect call failed ('127.0.0.1', 9)"),
            "Connection refused ([::1]:9, 127.0.0.1:9)",
        ),
        (
            OSError("Multiple exceptions: [Errno 101] x ('::1', 9, 0, 0), [Errno 111] y ('a', 9)"),
            "Network is unreachable, Connection refused",
        ),
        (OSError(None, "Domain name not found"), "Domain name not found"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "certificate verify failed"), "certificate verify failed"),
        (ValueError("no such table"), "no such table"),
        (OSError(), ""),
    ],
    ids=str,
)  # fmt: skip
def test_a_reason_is_words(error, words):
    assert reason_of(error) == words


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "many", "not a whole number"),
        (int, "9" * 5_000, "too large a number"),
        (float, "many", "not a number"),
        (bool, "maybe", "must be true or false"),
        (Annotated[int, Le(3)], 4, "must be at most 3"),
        (Annotated[int, Ge(3)], 2, "must be at least 3"),
        (Annotated[int, Gt(3)], 3, "must be more than 3"),
        (Literal["run", "stream"], "shout", "must be 'run' or 'stream'"),
        (AnyUrl, "x", "must be a URL, relative URL without a base"),
    ],
)
def test_what_pydantic_says_is_said_shorter(kind, value, words):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert validation_in_words(caught.value.errors()[0]["msg"]) == words
