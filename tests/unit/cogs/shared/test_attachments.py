"""What a file is, by its bytes."""

import pytest

from cogs.shared.attachments import decode_text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain", "plain"),
        ("Wächst 🌱".encode(), "Wächst 🌱"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        ("zwei".encode("utf-16"), "zwei"),
        (b"\x1b[1mlog\x1b[0m\ttab\r\n", "\x1b[1mlog\x1b[0m\ttab\r\n"),
        (b"", ""),
        (b"\x89PNG\r\n\x1a\n\0", None),
        (b"%PDF-1.7 \0\1\2", None),
        (b"\xff\xfe\0", None),
        ("Wächst".encode("latin-1"), None),
    ],
)
def test_text(content, text):
    assert decode_text(content) == text
