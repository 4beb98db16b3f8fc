"""Standard input as lines, and the conversation as a file, whatever bytes they are of."""

import datetime as dt
import io

from bot.i18n import words_for
from bot.local_voice.export import export
from bot.local_voice.line_mode import lines_of
from bot.local_voice.view import Entry, Kind


async def test_bytes_that_are_no_text_do_not_end_the_input():
    stream = io.TextIOWrapper(io.BytesIO(b"caf\xff\nnext\x00\n\xc3"), encoding="utf-8")
    lines = [line async for line in lines_of(stream)]
    assert lines == ["caf\ufffd\n", "next\x00\n", "\ufffd"]


def test_a_conversation_with_signs_that_no_file_takes_is_saved(tmp_path):
    entry = Entry(1, Kind.TURN, asked="half \ud800 \x1b[2J", answered="evil\u202e", is_over=True)
    at = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
    file = export(
        tmp_path, [entry], lambda _: None, assistant="Alfred", at=at, words=words_for("en")
    )
    text = file.read_text(encoding="utf-8")
    assert "half" in text
    assert not {"\x1b", "\u202e"} & set(text)
