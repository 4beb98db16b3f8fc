"""What stops a whole process: how long threads wait for their turn, and what is collected."""

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from bot.bot_composition import _begin
from bot.pauses import SWITCH_INTERVAL_S, shorten_turns, spare_long_lived


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    # What was frozen stays so: else each full collection of the tests that follow looks at it all.
    sys.setswitchinterval(before)


class Thing:
    """Anything that can be referred to weakly."""


def test_turns_are_short() -> None:
    shorten_turns()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)


def test_what_lives_long_is_not_looked_at_and_still_freed() -> None:
    kept = Thing()
    seen = weakref.ref(kept)
    spare_long_lived()
    assert not any(one is kept for one in gc.get_objects())
    assert gc.get_freeze_count() > 1_000
    del kept
    assert seen() is None


def test_what_a_new_session_replaces_is_freed() -> None:
    """A server and its channels refer to each other."""
    server = Thing()
    server.channels = [server]  # type: ignore[attr-defined]
    seen = weakref.ref(server)
    _begin(str)
    del server
    spare_long_lived()
    assert seen() is not None
    _begin(str)
    assert seen() is None
    assert gc.get_freeze_count() > 1_000
