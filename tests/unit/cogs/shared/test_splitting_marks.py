"""What is marked across the end of a message, and what is whole."""

import re

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from cogs.shared.markdown import Markup
from cogs.shared.splitting import closed, split

LIMIT = 120
EMOJI = "<a:party_parrot:123456789012345678>"
URL = "https://en.wikipedia.org/wiki/Ortho_pseudo_x"


def hidden_in(message: str) -> str:
    """What a message hides behind spoilers, as Discord reads it."""
    return "".join(re.findall(r"\|\|(.+?)\|\|", message, re.DOTALL))


def shown_in(message: str) -> str:
    return re.sub(r"\|\|.+?\|\|", "", message, flags=re.DOTALL)


def test_a_spoiler_of_2400_characters_hides_its_secret_in_both_messages():
    secret = "The butler did it. " * 126
    pieces = split(f"Who was it? ||{secret.strip()}|| Now you know.")
    assert len(pieces) == 2
    assert " ".join(map(hidden_in, pieces)).split() == secret.split()
    assert not any("butler" in shown_in(piece) for piece in pieces)


@pytest.mark.parametrize("mark", ["**", "__", "~~", "*", "_", "||", "***", "**__", "||**"])
def test_what_is_marked_stays_marked(mark):
    words = " ".join(f"word{n}" for n in range(60))
    pieces = split(f"Look: {mark}{words}{mark[::-1]} end.", LIMIT)
    assert len(pieces) > 3
    for piece in pieces[1:-1]:
        assert piece.startswith(f"{mark}word")
        assert piece.endswith(mark[::-1])
        assert len(piece) <= LIMIT
    assert "".join(re.findall(r"word\d+", " ".join(pieces))) == words.replace(" ", "")


def test_marks_inside_marks_are_ended_in_order():
    pieces = split("||a **b *" + "c " * 100 + "x* d** e||", LIMIT)
    assert all(piece.startswith(("||**", "||a **b")) for piece in pieces)
    assert pieces[0].endswith("c***||")
    assert pieces[1].startswith("||***c")


def test_code_in_a_spoiler_is_opened_again_in_both():
    code = "\n".join(f"line_{n} = {n}" for n in range(40))
    pieces = split(f"||```py\n{code}\n```||", LIMIT)
    for piece in pieces[1:-1]:
        assert piece.startswith("||```py\nline_")
        assert piece.endswith("\n```||")
    assert not any("line_" in shown_in(piece) for piece in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "5 * 4 = 20 and 3 * 2 = 6 " * 20,
        "snake_case_name and other_name_here " * 20,
        "a || b, c or d. " + "word " * 60,
        "* item\n* item two\n" * 20,
        "2 ** 8 is 256. " + "word " * 60,
        "~~ not closed " + "word " * 60,
        r"\*\*not bold " + "word " * 60 + r"\*\*",
        "\\|\\| no spoiler " + "word " * 60 + "\\|\\|",
        f"{URL} " * 20,
        "`**` " + "word " * 60 + "`**`",
    ],
)
def test_marks_without_a_partner_are_only_text(text):
    pieces = split(text, LIMIT)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "token",
    [
        EMOJI,
        "<:party:123456789012345678>",
        "<@123456789012345678>",
        "<@!123456789012345678>",
        "<@&123456789012345678>",
        "<#123456789012345678>",
        "<t:1800000000:R>",
        "</grace summarizer:123456789012345678>",
        "<id:customize>",
        URL,
        "https://example.org/a?b=c&d=e#f_g~h",
        "<https://example.org/a_b_c>",
        "[the docs](https://example.org/a_(b))",
        "[see [this] one](<https://example.org/x>)",
        "`a + b`",
        "👩‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🇪🇸",
        "नमस्ते",
        "กำ",
        "é̂",
        "한",
        "1️⃣",
    ],
)
@pytest.mark.parametrize("gap", ["", " "])
def test_a_token_stays_whole_wherever_the_cut_falls(token, gap):
    if not gap and token.startswith(("http", "`")):
        gap = "\n"  # joined they would be one
    for shift in range(0, 60, 7):
        text = "x" * shift + " " + (token + gap) * 30
        pieces = split(text, LIMIT)
        assert sum(piece.count(token) for piece in pieces) == text.count(token)


@pytest.mark.parametrize(
    "text", ["ภาษาไทยเป็นภาษาที่สวยงามและไม่มีช่องว่างระหว่างคำ", "हिन्दीमेंकोईरिक्तस्थाननहींहै", "👩‍👩‍👧‍👦🇪🇸🇲🇽"]
)
def test_scripts_without_spaces_are_cut_between_visible_characters(text):
    pieces = split(text * 30, LIMIT)
    assert "".join(pieces) == text * 30
    assert regex.findall(r"\X", text * 30) == [
        one for piece in pieces for one in regex.findall(r"\X", piece)
    ]


def test_quotes_and_headings_are_repeated():
    pieces = split("> " + "quoted " * 50 + "\nplain", LIMIT)
    assert all(piece.startswith("> quoted") for piece in pieces)
    pieces = split(">>> " + "quoted\n" * 50, LIMIT)
    assert all(piece.startswith(">>> quoted") for piece in pieces)
    pieces = split("-# " + "small " * 50, LIMIT)
    assert all(piece.startswith("-# small") for piece in pieces)
    pieces = split("- " + "item " * 50, LIMIT)
    assert not any(piece.startswith("- ") for piece in pieces[1:])


def test_code_in_a_quote_stays_in_it():
    code = "".join(f"> line_{n} = {n}\n" for n in range(40))
    pieces = split(f"> ```py\n{code}> ```", LIMIT)
    for piece in pieces:
        assert piece.startswith("> ```py\n> line_")
        assert piece.endswith("\n> ```")
        assert len(piece) <= LIMIT


def test_a_list_sign_stays_with_its_item():
    pieces = split("\n".join(f"{n}. {'x' * 57}" for n in range(10, 30)), LIMIT)
    assert not any(re.search(r"\d+\.\Z", piece) for piece in pieces)


def test_a_link_longer_than_a_message_is_cut_and_nothing_is_lost():
    url = "https://example.org/" + "a" * 500
    assert "".join(split(f"See {url}", LIMIT)).replace(" ", "") == f"See{url}"


@pytest.mark.parametrize(
    "text",
    [
        "||" * 20_000,
        "*a " * 13_333,
        "_a " * 13_333,
        "**a " * 10_000,
        "[a" * 20_000,
        "`a" * 20_000,
        "<a:" * 13_333,
        "https://" * 5_000,
        "> " * 20_000,
        "\\" * 40_000,
        "||**__~~*_" * 4_000,
        "é" * 20_000,
        "🇪" * 20_000,
        "\u200d" * 20_000,
        "a\n" * 20_000,
    ],
)
def test_hostile_texts_are_split(text):
    """How quickly: `tests/bench/test_split.py`."""
    assert all(0 < len(piece) <= 2000 for piece in split(text))


MARKS = ("**", "__", "~~", "*", "_", "||", "`")
word = st.text("abé漢ก้ि👍", min_size=1, max_size=8)
plain = st.lists(word | st.sampled_from((EMOJI, URL, "<t:1800000000:R>")), min_size=1, max_size=15)
marked = st.tuples(st.sampled_from(MARKS), plain).map(
    lambda one: f"{one[0]}x{' '.join(one[1])}x{one[0]}"
)
nested = st.tuples(st.sampled_from(("**", "__", "||")), st.lists(marked, max_size=4)).map(
    lambda one: f"{one[0]}y {' '.join(one[1])} y{one[0]}"
)
fenced = plain.map(lambda words: "```py\n" + "\n".join(words) + "\n```")
line = st.tuples(
    st.sampled_from(("", "> ", "- ", "# ", "-# ", "1. ")), marked | nested | plain.map(" ".join)
).map("".join)
document = st.lists(line | fenced, max_size=10).flatmap(
    lambda lines: st.sampled_from(("\n", "\n\n")).map(lambda gap: gap.join(lines))
)


def letters_of(text: str) -> str:
    """All but white space and the signs that mark."""
    return re.sub(r"[\s*_~|`>#\-]|\bpy\b", "", re.sub(r"```py", "", text))


@given(document, st.integers(64, 300))
def test_nothing_is_lost_and_each_message_is_complete(text, limit):
    pieces = split(text, limit)
    assert all(0 < len(piece) <= limit and piece.strip() for piece in pieces)
    assert letters_of("".join(pieces)) == letters_of(text)
    outside_code = "`" not in text  # inside, they are only text
    for token in (EMOJI, URL, "<t:1800000000:R>") if outside_code else ():
        assert sum(piece.count(token) for piece in pieces) == text.count(token)


@given(
    st.lists(word, min_size=1, max_size=200),
    st.text("ab *_~`\n>", max_size=60),
    st.integers(64, 300),
)
def test_no_spoiler_leaks(secret, around, limit):
    hidden = " ".join(f"SECRET{one}" for one in secret)
    for piece in split(f"{around}\n||{hidden}||", limit):
        if "`" not in around:
            assert "SECRET" not in shown_in(piece)


@given(st.text("|*_~`[]()<>:@#\\ \n.ab1👍\u200d\u0301", max_size=500), st.integers(64, 120))
def test_no_text_breaks_it(text, limit):
    pieces = split(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    kept = re.sub(r"[^ab1👍]", "", "".join(pieces))
    assert re.sub(r"[^ab1👍]", "", text) in kept or "`" in text


@given(st.text("|*_~ a", min_size=1, max_size=9), st.integers(1, 300), st.integers(64, 120))
def test_marks_repeated_without_end_leave_room(text, times, limit):
    assert all(0 < len(piece) <= limit for piece in split(text * times, limit))


@pytest.mark.parametrize("sign", ["*", "_", "~", "|", "*_", "**__~~||", "_ ", "**a "])
def test_a_line_of_marks_is_a_few_messages(sign):
    pieces = split((sign * 6_000)[:6_000])
    assert len(pieces) <= 5
    assert all(len(piece) <= 2_000 for piece in pieces)


@given(st.text("|*_~`[]()<>:@#\\ \n.ab1", max_size=200))
def test_spans_are_nested(text):
    spans = Markup.read(text).spans
    for one in spans:
        assert one.begin < one.inner <= one.outer <= one.end <= len(text)
        for other in spans:
            if one.begin < other.begin:
                assert other.begin >= one.end or other.end <= one.end


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no secret", "no secret"),
        ("a ||secret|| b", "a ||secret|| b"),
        ("a ||secret", "a ||secret||"),
        ("a ||secret|", "a ||secret||"),
        ("||```py\nx = 1", "||```py\nx = 1\n```||"),
        ("```py\nx || y", "```py\nx || y"),
        ("**bold ||secret", "**bold ||secret||"),
    ],
)
def test_a_text_that_goes_on_hides_what_its_spoiler_hides(text, shown):
    assert closed(text) == shown


@given(st.text("ab |*_~\n>", max_size=40), st.integers(0, 200))
def test_no_beginning_of_a_growing_answer_leaks(around, length):
    before = around if around.count("||") % 2 == 0 else f"{around}||"
    whole = f"{before.rstrip('|')}\n||SECRET is out, SECRET is out||{around}"
    if whole.count("||", 0, whole.index("||SECRET")) == 0:
        assert "SECRET" not in shown_in(closed(whole[:length]))


@pytest.mark.parametrize(
    "text",
    [
        "```py\nprint(1)\n||secret||",
        "a ||secret and ```py\ncode|| b",
        "||the secret\n```\nis|| out " + "word " * 500,
        "```\nfirst\n```\nthen ```\n||secret||",
    ],
)
def test_closing_a_code_block_shows_no_secret(text: str) -> None:
    for shown in ("\n".join(split(text)), closed(text)):
        assert "\\`\\`\\`" in shown
        hidden = [
            shown[one.inner : one.outer] for one in Markup.read(shown).spans if one.opening == "||"
        ]
        assert any("secret" in one for one in hidden)


@pytest.mark.parametrize(
    "text",
    ["```js\nif (a || b || c)", "```\n||secret||\n```", "```\ncode ||", "||secret||\n```\nx"],
)
def test_bars_in_code_stay_code(text: str) -> None:
    assert "\\`" not in "".join(split(text)) + closed(text)
