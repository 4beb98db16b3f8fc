"""What is left of Markdown when its marks are gone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.penny.spoken_text import shown


@pytest.mark.parametrize(
    "text",
    [
        "5*4 = 20",
        "5*4*3 = 60",
        "2 * 3 * 4",
        "a*b*c",
        "2**10 = 1024",
        "3~5 days",
        "max_tokens",
        "snake_case and a_b_c",
        "~/bin",
        "x^2",
        "C# and F#",
        "#1",
        "a || b || c",
        "a | b",
        "|x| = 5",
        "if x <y and a> b",
        "x < 3 > 2",
        "10:30:15",
        "a:b:c",
        "footnote* here",
        "1. one",
        "[sic]",
        "f(x)[0]",
        "-5 degrees",
    ],
)
def test_what_means_something_stays(text: str) -> None:
    assert shown(text, "en") == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** *it* _it_ __under__ ~~out~~ ||secret||", "Bold it it under out secret"),
        ("***both*** and **a *b* c**", "both and a b c"),
        ("これは**重要**です", "これは重要です"),
        ("**Yes, of", "Yes, of"),
        ("course, it** is", "course, it is"),
        ("**Note:** go", "Note: go"),
        ("`a*b*c` and ``x`y``", "a*b*c and x`y"),
        ("`max_tokens` is *5*", "max_tokens is 5"),
        (r"\*not bold\*", "*not bold*"),
        (
            "# Title\n- one\n- [x] two\n> quote\n> - deep\n-# small",
            "Title one two quote deep small",
        ),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b 1, 2"),
        ("[the *movie*](https://en.wikipedia.org/wiki/A_(b)) ok", "the movie ok"),
        ("movie](https://a.b/c) ok", "movie ok"),
        ("<https://a.b>", "https://a.b"),
        ("hi <@123> and <@&1> in <#5>, <@!7>", "hi and in ,"),
        ("use </ask:123>", "use /ask"),
        ("Done! <:party:123456789012345678><a:x_y:1234567890> :tada:", "Done!"),
        ("at <t:1700000000:R> or <t:1700000000:t>", "at 2023-11-14 22:13 UTC or 22:13 UTC"),
        ("<t:9999999999999:F> ok", "ok"),
        ("a<br>b <b>c</b>", "a b c"),
        ("```py\nx = 1\n```", "Python code."),
        ("```\nx = 1", "Code."),
        ("```c++\nx\n``` and ```js\ny\n```", "C++ code. and JavaScript code."),
        ("** -- **", ""),
        ("---", ""),
        ("🎉", ""),
    ],
)
def test_marks_go(text: str, words: str) -> None:
    assert shown(text, "en") == words


def test_a_code_block_is_named_in_spanish() -> None:
    assert shown("```sql\nSELECT 1\n```", "es") == "Código en SQL."


_SIGNS = st.sampled_from(
    [
        *"ab1 *_~|`<>#@:[]()\\\n-.!",
        "```",
        "**",
        "||",
        "<@1>",
        "<t:1>",
        "https://a.b/c",
        "\ue000",
        "é",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.lists(_SIGNS, max_size=100).map("".join))
def test_any_text_has_words_or_none(text: str) -> None:
    words = shown(text, "en")
    assert "\n" not in words
    assert words == words.strip()


@given(st.lists(st.sampled_from(["red", "5", "snake_case", "x1"]), min_size=1, max_size=9))
def test_every_mark_around_words_leaves_the_words(words: list[str]) -> None:
    text = " ".join(words)
    for mark in ("*", "**", "***", "_", "__", "~~", "||", "`", "``"):
        assert shown(f"Say {mark}{text}{mark}.", "en") == f"Say {text}."
