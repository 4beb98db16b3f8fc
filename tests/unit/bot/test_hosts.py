"""This machine's names, and lookalikes."""

import pytest

from bot.hosts import is_loopback, name_of


@pytest.mark.parametrize(
    "authority",
    ["localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:8010", "127.8.8.8", "[::1]", "[::1]:80"],
)
def test_own_names(authority):
    assert is_loopback(name_of(authority))


@pytest.mark.parametrize(
    "authority",
    [
        *("", ":80", "[]", "[::1", "::1]", "localhost..", "evil.localhost", "127.0.0.1.nip.io"),
        *("evil@127.0.0.1", "127.0.0.1@evil", "127.0.0.1:a", "127.0.0.1:123456", "127.1"),
        *("[::1].evil.example", "[::1]evil", "[::1%25lo]", "[::ffff:8.8.8.8]", "2130706433"),
        *("127.0.0.1, evil", "127.0.0.1/x", "localhost\\evil", "localhost#", "localhost?", " "),
        *("\uff4cocalhost", "l\u00f3calhost", "0x7f.0.0.1", "0.0.0.0"),
    ],
)
def test_other_names(authority):
    assert not is_loopback(name_of(authority))
