# ruff: noqa: RUF001  (the letters of many scripts)
"""What the bytes of a text file say."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.file_kinds import FileKind, kind_of
from bot.text_files import decode_text, is_text_start

SPANISH = "¿Qué tal? El señor Muñoz comió piñones, ¡y qué frío hacía! Costó 20 € – “bien”."


def text(content: bytes) -> str | None:
    decoded = decode_text(content)
    return None if decoded is None else decoded.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"plain", "plain"),
        ("Wächst 🌱".encode(), "Wächst 🌱"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        ("zwei".encode("utf-16"), "zwei"),
        (codecs.BOM_UTF16_BE + "zwei".encode("utf-16-be"), "zwei"),
        ("zwei".encode("utf-32"), "zwei"),
        (codecs.BOM_UTF32_BE + "zwei".encode("utf-32-be"), "zwei"),
        (b"\x1b[1mlog\x1b[0m\ttab\r\n", "\x1b[1mlog\x1b[0m\ttab\r\n"),
        (b"from DOS\r\n\x1a", "from DOS\r\n"),
        (codecs.BOM_UTF16_LE + "\u1a1a".encode("utf-16-le"), "\u1a1a"),
        (b"done\x07\n10%\b\b\b20%", "done\x07\n10%\b\b\b20%"),
        (
            b"a log of a machine\n" + bytes(1) + b"that fell over\n",
            "a log of a machine\nthat fell over\n",
        ),
        ("zwei".encode("utf-16") + b"x", "zwei"),
        (codecs.BOM_UTF16_BE + "zwei".encode("utf-16-be")[:-1], "zwe"),
        ("zwei".encode("utf-32")[:-2], "zwe"),
        (b"", ""),
        (b"\x89PNG\r\n\x1a\n\0", None),
        (b"%PDF-1.7 \0\1\2", None),
        (b"%PDF-1.4\nall of it is ASCII", None),
        (b"\xff\xfe\0", None),
        (b"\x7fELF\2\1\1" + bytes(9), None),
        (bytes(100), None),
        (bytes(range(256)) * 4, None),
    ],
)
def test_what_needs_no_guess(content: bytes, said: str | None) -> None:
    decoded = decode_text(content)
    assert text(content) == said
    assert decoded is None or not decoded.is_guessed


WRITTEN = {
    SPANISH: ["cp1252"],
    "El señor Muñoz comió piñones, ¡y qué frío hacía! ¿O no?": ["cp1252", "mac_roman", "cp850"],
    "El niño comió piñones.": ["latin-1"],
    "Wächst": ["latin-1"],
    "L’été dernier, nous avons dîné chez des amis très âgés à côté de l’hôtel.": ["cp1252"],
    "Zażółć gęślą jaźń, proszę pana. Wczoraj byłem w Łodzi i jadłem pączki.": [
        "cp1250",
        "iso8859_2",
    ],
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Сегодня хорошая погода.": [
        "cp1251",
        "koi8_r",
        "cp866",
    ],
    "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί κάθε μέρα.": ["cp1253"],
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。": [
        "cp932",
        "euc_jp",
        "iso2022_jp",
    ],
    "今天天气很好，我们一起去公园散步吧。晚上再去吃饭。": ["gb18030"],
    "오늘은 날씨가 좋아서 공원에 산책하러 갔습니다. 저녁에는 밥을 먹었습니다.": ["cp949"],
    "Şu köşedeki yaşlı adam İstanbul'da doğmuş, ağaçların altında çay içiyor.": ["cp1254"],
}
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
CASES = [(words, one) for words, encodings in WRITTEN.items() for one in encodings + WIDE]


@pytest.mark.parametrize(("words", "encoding"), CASES)
def test_a_text_in_an_encoding_that_it_does_not_state(words: str, encoding: str) -> None:
    decoded = decode_text(words.encode(encoding))
    assert decoded is not None
    assert decoded.text == words
    assert decoded.is_guessed


def test_a_long_text_is_judged_by_its_beginning() -> None:
    words = "Сегодня хорошая погода, и мы пойдём гулять.\n" * 5_000
    assert text(words.encode("cp1251")) == words


CHINESE = "今天天气很好,我们一起去公园散步吧。"
DAMAGED = {
    "cut in a character": (
        "El niño comió piñones, ¡qué frío!".encode() + b"\xc3",
        "¡qué frío!\ufffd",
    ),
    "cut in Chinese": (CHINESE.encode()[:-1], "散步吧\ufffd"),
    "with a mark": (codecs.BOM_UTF8 + CHINESE.encode()[:-2], "散步吧\ufffd"),
    "a torn byte": (SPANISH.encode() + b"\xff" + SPANISH.encode(), "bien”.\ufffd¿Qué"),
    "a line by another program": ((SPANISH * 3).encode() + "\naño".encode("cp1252"), "\na\ufffdo"),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_text_is_what_it_mostly_is(how: str) -> None:
    content, part = DAMAGED[how]
    decoded = decode_text(content)
    assert decoded is not None
    assert part in decoded.text
    assert "Ã" not in decoded.text
    assert decoded.is_guessed
    assert kind_of(content) is FileKind.TEXT


@given(st.sampled_from(CASES), st.integers(1, 60))
def test_no_text_in_another_encoding_is_taken_for_damaged(
    case: tuple[str, str], length: int
) -> None:
    words, encoding = case
    decoded = decode_text(words[:length].encode(encoding))
    assert decoded is None or "\ufffd" not in decoded.text


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")))


@given(PLAIN, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_what_states_its_encoding_comes_back_whole(words: str, encoding: str) -> None:
    if encoding != "utf-8" or not words.startswith("\ufeff"):
        decoded = decode_text(words.encode(encoding))
        assert decoded is not None
        assert decoded.text.removeprefix("\ufeff") == words.removeprefix("\ufeff")
        assert not decoded.is_guessed


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_none(content: bytes) -> None:
    decoded = decode_text(content)
    if decoded is not None:
        assert "\0" not in decoded.text
        decoded.text.encode()


@given(PLAIN, st.integers(0, 200))
def test_the_beginning_of_a_text_is_one(words: str, cut: int) -> None:
    content = words.encode()
    if not content.startswith((b"%PDF-", b"{\\rtf", b"PK", b"GIF8")):
        assert is_text_start(content[:cut])
