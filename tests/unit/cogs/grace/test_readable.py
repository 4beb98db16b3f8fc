"""JSON values as Markdown."""

import re

import pytest

from cogs.grace._readable import MAX_CHARS, plain_label, readable
from cogs.shared.splitting import disarm


def shown(value):
    return read(value).text


def read(value):
    return readable(value, label=plain_label, more=lambda n: f"… {n} more", nothing="nothing")


@pytest.mark.parametrize(
    "value",
    [
        {"ideas": ["Read", "Write"]},
        {},
        "plain",
        [{"a": 1}, {"a": 2}],
        {"a": {"b": {"c": [1]}}, "d": 2},
    ],
)
def test_what_is_all_there_is_whole(value):
    assert read(value).is_whole


@pytest.mark.parametrize(
    "value",
    [
        {"ideas": [f"idea {n}" for n in range(41)]},
        {"a": "x" * 1_001, "b": 1},
        [[[[[["deep"]]]]]],
        {f"key {n}": "words " * 100 for n in range(1000)},
        [{"a": n} for n in range(41)],
    ],
)
def test_what_is_cut_is_not(value):
    assert not read(value).is_whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"ideas": ["Read", "Write"]}, "- Read\n- Write"),
        ({"label": "weather"}, "weather"),
        (
            {"sentiment": "mixed", "due_date": None, "sure": True, "score": 0.5},
            "**Sentiment:** mixed\n**Due date:** —\n**Sure:** ✓\n**Score:** 0.5",
        ),
        ({"a": [], "b": ""}, "nothing"),
        ({}, "nothing"),
        ([], "nothing"),
        ("plain", "plain"),
        (7, "7"),
        (
            {"title": "T", "sections": [{"heading": "H", "points": ["p", "q"]}]},
            "**Title:** T\n**Sections**\n- **H**\n  - p\n  - q",
        ),
        ({"a": {"b": {"c": 1}}, "d": 2}, "**A**\n- **B**\n  - **C:** 1\n**D:** 2"),
        (
            [{"code": "eval(x_y)\nz", "fix": "Do not."}],
            "- `eval(x_y) z`\n  - **Fix:** Do not.",
        ),
    ],
)
def test_shapes(value, text):
    assert shown(value) == text


def test_small_rows_are_a_table():
    rows = [{"task": "book a room", "who": "Ana"}, {"task": "call", "who": "", "when": "Monday"}]
    assert shown({"items": rows}) == (
        "```\n"
        "Task         Who  When\n"
        "───────────  ───  ──────\n"
        "book a room  Ana\n"
        "call              Monday\n"
        "```"
    )


def test_rows_that_are_too_wide_are_a_list():
    rows = [{"task": "x" * 30, "who": "Ana"}, {"task": "call", "who": ""}]
    assert shown({"items": rows}) == f"- **{'x' * 30}**\n  - **Who:** Ana\n- **call**"


def test_nothing_in_a_value_is_taken_for_markdown():
    text = shown({"a": "*bold* `code` ||spoiler||\n# big\n1. one", "b": "x"})
    assert "\\*bold\\* \\`code\\` \\|\\|spoiler\\|\\|\n\\# big\n1\\. one" in text
    table = shown([{"a": "```"}, {"a": "b\nc"}])
    assert table.count("```") == 2


def test_a_long_list_is_counted():
    text = shown({"ideas": [f"idea {n}" for n in range(100)]})
    assert text.endswith("- idea 39\n- … 60 more")


def test_a_huge_value_stays_readable():
    text = shown({f"key {n}": "words " * 100 for n in range(1000)})
    assert len(text) < MAX_CHARS + 50
    assert text.splitlines()[-1].startswith("… 99")


def test_a_deep_value_ends_as_json():
    value = "x"
    for _ in range(50):
        value = {"a": value, "b": 1}
    assert len(shown(value)) < MAX_CHARS
    assert '{"a": {"a"' in shown(value)


@pytest.mark.parametrize(
    "address",
    [
        "https://en.wikipedia.org/wiki/Ortho_pseudo_x",
        "http://example.org/a?b_c=d&e=f_g#h_i",
        "https://example.org/~user/-/x",
    ],
)
def test_addresses_stay_as_they_are(address):
    assert address in shown({"a": f"see {address}, *now*", "b": "x"})


@pytest.mark.parametrize(
    "link",
    [
        "[gift](https://evil.example)",
        "[gift](<https://evil.example>)",
        "[a [b] c](https://evil.example)",
        "[one](https://evil.example) and [two](https://evil.example)",
        "[discord.com](https://evil.example)",
        '[gift](https://evil.example "title")',
        "![gift](https://evil.example)",
    ],
)
def test_a_masked_link_shows_its_target(link):
    text = disarm(shown({"a": link, "b": "x"}))
    assert "https://evil.example" in text
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", text)
    assert text.count("\\[") == link.count("[")
