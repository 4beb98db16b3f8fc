"""Key releases: Textual's parser, taught. When Textual has changed inside, this says so."""

from textual import events
from textual._xterm_parser import XTermParser

from bot.local_voice.tui import kitty


def keys(typed: str) -> list[str]:
    parser = XTermParser()
    found = [*parser.feed(typed), *parser.feed("")]
    return [event.key for event in found if isinstance(event, events.Key)]


def test_it_can_be_taught():
    assert kitty.teach(), "Textual's parser is another: the talk key can only be tapped"
    assert kitty.teach(), "twice does no harm"


def test_where_it_cannot_be_taught_it_stays_as_it_was(monkeypatch):
    def other(self, sequence, more):
        return []

    monkeypatch.setattr(XTermParser, "_parse_extended_key", other)
    assert not kitty.teach()
    assert XTermParser._parse_extended_key is other
    monkeypatch.delattr(XTermParser, "_parse_extended_key")
    assert not kitty.teach()


def test_press_repeat_and_release_are_told_apart():
    kitty.teach()
    assert keys("\x1b[32;1:1u") == ["space"]
    assert keys("\x1b[32;1:2u") == ["repeat+space"]
    assert keys("\x1b[32;1:3u") == ["release+space"]


def test_releases_of_other_keys_are_nothing_and_type_nothing():
    kitty.teach()
    assert keys("\x1b[97;1:3u") == ["<ignored>"]
    assert keys("\x1b[1;1:3A") == ["<ignored>"]
    assert keys("\x1b[27;1:1u") == ["escape"]
    assert keys("\x1b[1;1:1A") == ["up"]


def test_what_was_understood_before_still_is():
    kitty.teach()
    assert keys("a ") == ["a", "space"]
    assert keys("\x1b[97;5u") == ["ctrl+a"]
    assert keys("\x1b[A") == ["up"]
