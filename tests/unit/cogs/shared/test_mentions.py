"""Mentions, emoji and times as words; what is code; what calls the bot."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.shared.markdown import code_spans
from cogs.shared.mentions import Names, Own, as_words

OWN = Own(user_id=5, role_id=7)
TOKENS = [
    "<@5>", "<@!5>", "<@&7>", "<@12>", "<@!12>", "<@&13>", "<#14>", "</a b:15>", "<:party:16>",
    "<a:party:16>", "<t:1700000000>", "<t:1700000000:R>", "<t:9999999999999>", "<id:guide>",
    "`", "``", "```", "\\", "\n", " ", "<@", ">", "<@1", "everyone", "@everyone", "x", "é", "\\1",
    "\\g<0>", "\\o/",
]  # fmt: skip
texts = st.lists(st.sampled_from(TOKENS) | st.text(max_size=4), max_size=40).map("".join)


def code_of(text: str) -> list[str]:
    return [text[begin:end] for begin, end in code_spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@12> and <@!12>", "@Name and @Name"),
        ("<@&13> in <#14>", "@Role in #place"),
        ("<@99> <@&99> <#99>", "@unknown-user @unknown-role #unknown"),
        ("<:party:1><a:wave:2>", ":party::wave:"),
        ("</grace summarize:1>", "/grace summarize"),
        ("<t:1700000000>", "2023-11-14 22:13 UTC"),
        ("<t:1700000000:R>", "2023-11-14 22:13 UTC"),
        ("<t:1700000000:t> <t:1700000000:T>", "22:13 UTC 22:13:20 UTC"),
        ("<t:1700000000:d> <t:1700000000:D>", "2023-11-14 2023-11-14"),
        ("<t:-1>", "1969-12-31 23:59 UTC"),
        ("<t:9999999999999>", "<t:9999999999999>"),  # Discord shows no date either
        ("<id:customize> <id:browse> <id:guide>", "Channels & Roles Browse Channels Server Guide"),
        ("<id:linked-roles:12>", "Linked Roles"),
        ("`<@12>` <@12>", "`<@12>` @Name"),
        ("```py\n<@12>\n```", "```py\n<@12>\n```"),
        ("```<@12>", "```@Name"),  # a block that is never closed is no block
        (r"\`<@12>\`", r"\`@Name\`"),
        ("``<@12> ` <#14>`` <#14>", "``<@12> ` <#14>`` #place"),
        ("< @12> <@> <@x> <#> <t:x> <:a:>", "< @12> <@> <@x> <#> <t:x> <:a:>"),
    ],
)
def test_a_text_as_words(text: str, words: str) -> None:
    names = Names({12: "Name"}.get, {13: "Role"}.get, {14: "place"}.get)
    assert as_words(text, names) == words


@pytest.mark.parametrize(
    "name", ["\\o/", "dev\\ops", "x\\", "\\1", "\\g<person>", "<@12>", "<#14>", "`", "```", "(?i)"]
)
def test_a_name_is_never_read_as_anything_else(name: str) -> None:
    names = Names(person=lambda _: name, channel=lambda _: "wrong")
    assert as_words("hi <@12>, `x` <@13>", names) == f"hi @{name}, `x` @{name}"


def test_a_name_is_one_line_of_bounded_length() -> None:
    assert as_words("<@1>", Names(person=lambda _: "a\n b")) == "@a b"
    assert as_words("<@1>", Names(person=lambda _: " \n")) == "@unknown-user"
    assert len(as_words("<@1>" * 500, Names(person=lambda _: "x" * 10**6))) == 500 * 101


def test_everyones_role_has_its_sign_once() -> None:
    assert as_words("<@&1>", Names(role=lambda _: "@everyone")) == "@everyone"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("<@5> hello", "hello"),
        ("hello <@!5>", "hello"),
        ("<@5><@&7>hello", "hello"),
        ("<@5>, <@&7>: hello <@5> ", "hello"),
        ("well <@5>, hello", "well <@5>, hello"),
        ("are you there <@5>?", "are you there <@5>?"),
        ("<@5>", ""),
        (" <@&7> \n<@5>", ""),
        ("<@5>: <:party:1>", "<:party:1>"),
        ("<@55> hello", "<@55> hello"),
        ("`<@5>`", "`<@5>`"),
    ],
)
def test_calls_at_the_ends_of_a_question_go(text: str, question: str) -> None:
    assert OWN.without_calls(text) == question


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ("<@5>", True),
        ("<@!5> x", True),
        ("x<@&7>", True),
        ("`a` <@5> `b`", True),
        ("``` <@5>", True),
        ("`<@5>`", False),
        ("```\n<@5>```", False),
        ("`` ` <@5> ``", False),
        ("<@55> <@&5> <@7> <#5> @Alfred", False),
        ("", False),
    ],
)
def test_who_is_called(text: str, is_call: bool) -> None:
    assert OWN.is_called_in(text) is is_call
    assert not Own(user_id=1).is_called_in(text)


def test_without_a_role_of_its_own_no_role_calls_it() -> None:
    assert not Own(user_id=5).is_called_in("<@&0> <@&7>")
    assert Own(user_id=5).without_calls("<@&0> hi") == "<@&0> hi"


@given(texts)
def test_any_text_becomes_words(text: str) -> None:
    """Code stays; nothing that Discord writes by an id is left outside of it; the rest stays."""
    words = as_words(text, Names(lambda i: f"P{i}", lambda i: f"R{i}", lambda i: f"C{i}"))
    code = code_of(text)
    assert all(part in words for part in code)
    outside, at = [], 0
    for begin, end in code_spans(text):
        outside.append(text[at:begin])
        at = end
    outside.append(text[at:])
    for part in outside:
        plain = as_words(part, Names()) if "`" not in part else ""
        assert not re.search(r"<(@[!&]?|#|a?:\w{1,32}:)[0-9]{1,20}>", plain)
    if not re.search(r"<[@#/a:ti]", text):
        assert words == text


@given(texts)
def test_what_is_code_is_told_in_order_and_bounded_by_backticks(text: str) -> None:
    at = 0
    for begin, end in code_spans(text):
        assert at <= begin < end <= len(text)
        assert text[begin] == text[end - 1] == "`"
        at = end


@given(texts)
def test_a_question_is_a_part_of_its_text(text: str) -> None:
    question = OWN.without_calls(text)
    assert question in text
    assert question == question.strip()
    assert OWN.without_calls(question) == question
    if not OWN.is_called_in(text):
        assert question == text.strip()


@pytest.mark.parametrize(
    "text",
    ["`" * 60_000, "```a" * 15_000, "\\`" * 30_000, "<@5> " * 12_000, "<@5>" * 15_000 + "x",
     "".join("`" * (n % 50 + 1) + "a" for n in range(2_000)), "<" * 60_000, "<:a" * 20_000,
     "</a" * 20_000, "\\" * 60_000 + "`"],
)  # fmt: skip
def test_a_hostile_text_takes_no_time(text: str) -> None:
    """Twice the length takes about twice as long; the runner's timeout is the only clock."""
    as_words(text, Names())
    OWN.is_called_in(text)
    OWN.without_calls(text)


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u3164", "\u2800", " \ufeff "])
def test_a_name_that_shows_nothing_is_unknown(name):
    assert as_words("<@12>", Names({12: name}.get)) == "@unknown-user"


def test_a_name_does_not_turn_the_text_around_it():
    assert as_words("<@12> sent it", Names({12: "\u202egnp.exe"}.get)) == "@gnp.exe sent it"
