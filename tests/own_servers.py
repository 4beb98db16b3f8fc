"""What tests of servers of one's own share: how failures are said, and the page that shows them."""

from typing import Final

from tests.paths import ROOT

_MAX_ERROR_CHARS: Final = 400


def assert_one_line(error: Exception, words: str) -> None:
    """Check an error that people see."""
    assert words in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < _MAX_ERROR_CHARS


def documented() -> str:
    """The page about servers of one's own."""
    return (ROOT / "docs" / "own-models.md").read_text("utf-8")
