"""What Discord's client itself says, in the reader's language."""

import pytest

from local_discord.client_words import in_bytes


@pytest.mark.parametrize(
    ("size", "locale", "shown"),
    [
        (420, "es-ES", "420 B"),
        (23_757, "en-US", "23.2 KB"),
        (23_757, "es-419", "23,2 KB"),
    ],
)
def test_a_size_is_written_as_the_reader_writes_it(size: int, locale: str, shown: str):
    assert in_bytes(size, locale) == shown
