import socket
import ssl

import pytest

from bot.reasons import reason_of


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
