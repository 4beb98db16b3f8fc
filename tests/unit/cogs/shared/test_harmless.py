"""Links that lead elsewhere than they say, and hidden characters."""

import pytest

from cogs.shared.harmless import harmless, unmask
from cogs.shared.page import WHOLE, Page, messages_of
from cogs.shared.splitting import SHOWN_CHARS, disarm
from tests.fakes.hostile_answers import DRIVES, forbidden_in


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "[https://discord.com](https://evil.example)",
            "https://discord.com (<https://evil.example>)",
        ),
        ('[discord.com](<https://evil.example> "t")', "discord.com (<https://evil.example>)"),
        ("[dis\u200bcord.com](https://evil.example)", "discord.com (<https://evil.example>)"),
        ("[\uff44iscord.com](https://evil.example)", "\uff44iscord.com (<https://evil.example>)"),
        ("[**pay。com**](https://b.example)", "**pay。com** (<https://b.example>)"),
        ("[[https://a.com]](https://b.com)", "[https://a.com] (<https://b.com>)"),
        ("[a.com](https://a.com.evil.example)", "a.com (<https://a.com.evil.example>)"),
        ("[a.com](https://a.com@evil.example/)", "a.com (<https://a.com@evil.example/>)"),
        ("[a.com](https://b.com/x_(y))", "a.com (<https://b.com/x_(y)>)"),
    ],
)
def test_a_link_that_pretends_shows_where_it_leads(text, shown):
    assert harmless(f"See {text}.") == f"See {shown}."
    assert [page.text for page in messages_of(Page(text=text))] == [shown]


@pytest.mark.parametrize(
    "text",
    [
        "[the docs](https://docs.example/a)",
        "[https://a.com/x](https://a.com/x)",
        "[www.a.com](https://a.com)",
        "`[https://a.com](https://b.com)`",
        "``[https://a.com](https://b.com) ` ``",
        "```\n[https://a.com](https://b.com)\n```",
        "[1] and (https://b.com)",
        "@\u200beveryone",
    ],
)
def test_the_rest_stays(text):
    assert harmless(text) == text


def test_nothing_hidden_is_left():
    assert not forbidden_in(harmless(DRIVES))
    assert not forbidden_in(disarm(DRIVES))
    assert "(<https://evil.example>)" in harmless(DRIVES)
    assert disarm(disarm("@everyone")).count("\u200b") == 1


def test_a_text_that_is_too_long_for_messages_is_a_file():
    text = "line\n" * 1_000_000
    [page] = messages_of(Page(text=text))
    assert len(page.text) <= 2_000
    assert dict(page.files)[WHOLE].decode() == text.strip()
    assert len(messages_of(Page(text=text[:SHOWN_CHARS]))) > 20


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[gift](https://evil.example)", "gift (<https://evil.example>)"),
        ("[gift](<https://evil.example>)", "gift (<https://evil.example>)"),
        ('[gift](https://evil.example "t")', "gift (<https://evil.example>)"),
        ("[a [b] c](https://evil.example)", "a [b] c (<https://evil.example>)"),
        ("[**gift**](https://e.example/x_(y))", "**gift** (<https://e.example/x_(y)>)"),
        ("![gift](https://evil.example)", "!gift (<https://evil.example>)"),
        (
            "[a](https://a.example) [b](https://b.example)",
            "a (<https://a.example>) b (<https://b.example>)",
        ),
        (f"[{'x' * 400}](https://e.example)", f"[{'x' * 400}] (https://e.example)"),
        ("[[[[[[x]]]]]](https://e.example)", "[[[[[[x]]]]]] (https://e.example)"),
        ("\\[gift](https://e.example)", "\\[gift](https://e.example)"),
        ("`[a](https://b.example)`", "`[a](https://b.example)`"),
        ("> `a\n[b](https://b.example)`", "> `a\nb (<https://b.example>)`"),
        (r"\\[gift](https://e.example)", r"\\gift (<https://e.example>)"),
        (r"\`[gift](https://e.example)\`", r"\`gift (<https://e.example>)\`"),
        ('[gift](https://e.example "a(b)")', '[gift] (https://e.example "a(b)")'),
        ("[gift](steam://run/1)", "[gift] (steam://run/1)"),
        ("[gift](\nhttps://e.example)", "gift (<https://e.example>)"),
        ("[`gift](https://e.example)`", "`gift (<https://e.example>)`"),
        ("[a ```\n](https://e.example) ```", "a ```\n (<https://e.example>) ```"),
        ("`[gift](https://e.example)``", "`gift (<https://e.example>)``"),
        ("``a `` `` b` [gift](https://e.example) `", "``a `` `` b` gift (<https://e.example>) `"),
        (f"[gift]({' ' * 30}https://e.example)", "gift (<https://e.example>)"),
        (r"[gift](https\://e.example)", r"[gift] (https\://e.example)"),
        (r"[gift](\https://e.example)", r"[gift] (\https://e.example)"),
        ("[1] `[a](https://b.example)`", "[1] `[a](https://b.example)`"),
        ("call arr[0](x) now", "call arr[0](x) now"),
        ("<https://b.example> https://a.example/x_y", "<https://b.example> https://a.example/x_y"),
    ],
)
def test_a_masked_link_of_others_shows_its_target(text, shown):
    assert unmask(text) == shown
    assert unmask(shown) == shown
    assert disarm(text) == shown


def test_what_javascript_takes_for_a_blank_hides_no_target():
    assert unmask("[gift](\ufeffhttps://e.example)") == "[gift] (\ufeffhttps://e.example)"
