"""Discord's Markdown as HTML: nothing that is written becomes a tag or an attribute."""

from hypothesis import given
from hypothesis import strategies as st

from local_discord.markdown import as_words, to_html
from tests.fakes.html_audit import harmful

PIECES = (
    *"<>&'\"`*_~|[]()\\/#-> \n:=;.",
    "\u200b", "\ue03c", "\ue03e", "\ue027", "\ue000", "\ue07f", "\ue080",
    "https://a.example/", "http://", "javascript:alert(1)", "onload=", "script", "||", "```", "**",
    "<@7>", "<t:5:R>", "</help:5>", "&lt;", "&#x27;", "<img src=x onerror=alert(1)>", "a", "__",
)  # fmt: skip


def named(sign: str, number: int) -> str:
    """A name as hostile as the text."""
    return f"{sign}'><script>{number}"


@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_what_is_written_stays_words(text):
    assert harmful(to_html(text, named)) == [], text


def test_an_address_does_not_leave_its_attribute():
    html = to_html("[x](https://a.example/'onmouseover='alert(1)) https://b.example/'x", named)
    assert harmful(html) == []
    assert html.count("<a ") == 2


def test_nobody_smuggles_signs_in():
    """Escaped signs wait in the private use area; nobody else's may."""
    assert to_html("\ue03cscript\ue03e \\<b\\>", named) == "<div>script \\&lt;b&gt;</div>"
    assert to_html("\\*no\\* \ue0ff", named) == "<div>*no* \ue0ff</div>"


def test_a_command_that_is_named_can_be_found_and_has_words_for_a_name():
    shown = "<span class='mention' data-command='grace title'>/grace title</span>"
    assert shown in to_html("try </grace title:5> now", named)
    assert "data-command" not in to_html("</gr'ace:5> </a b c d:5> `</help:5>`", named)


def test_an_address_in_pointed_brackets():
    assert "href='https://a.example/?x=1&amp;y=2'" in to_html("<https://a.example/?x=1&y=2>", named)


def test_a_preview_hides_what_is_hidden():
    assert as_words("**so** ||the murderer|| `x`", named) == "so ▒▒▒ x"
