"""An answer's Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local_voice.tui.markdown import code_blocks, is_marked, set_markdown

CODE = "Here:\n```python\ndef f():\n    return 1\n```\nand\n~~~\nx\n~~~"


def lines(text: str, width: int = 40) -> list[str]:
    return [line.plain for line in set_markdown(text, width)]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("**bold** it is", True),
        ("- one\n- two", True),
        ("1. one", True),
        ("# Title", True),
        ("use `ls`", True),
        (CODE, True),
        ("| a | b |", True),
        ("2 * 3 * 4 = 24", False),
        ("snake_case and __init__", False),
        ("It is 5.", False),
        ("C# is a language", False),
        ("Far.\n  Really.", False),
    ],
)
def test_only_marked_text_is_set(text, marked):
    assert is_marked(text) == marked


def test_marks_become_styles():
    [line] = set_markdown("**bold** and `code`", 40)
    assert line.plain == "bold and code"
    assert str(line.spans[0].style) == "bold"


def test_lines_stay_lines():
    assert lines("**Verse**\none\ntwo") == ["Verse", "one", "two"]


def test_code_keeps_its_shape_and_gets_colour():
    shown = set_markdown(CODE, 40)
    told = [line.plain for line in shown]
    assert "  def f():" in told
    assert "      return 1" in told
    assert shown[told.index("  def f():")].spans


def test_links_show_where_they_lead_and_cannot_be_clicked():
    [line] = set_markdown("A **bold** [link](http://example.org/x)", 60)
    assert "http://example.org/x" in line.plain
    assert all("link" not in str(span.style) for span in line.spans)


def test_the_code_alone():
    assert code_blocks(CODE) == ["def f():\n    return 1", "x"]
    assert code_blocks("```\nnever closed") == ["never closed"]
    assert code_blocks("none") == []


@given(st.text("ab*_`#|-> \n1.[]()~", max_size=200), st.integers(8, 60))
def test_whatever_it_is_it_fits(text, width):
    assert all(line.cell_length <= width for line in set_markdown(text, width))
