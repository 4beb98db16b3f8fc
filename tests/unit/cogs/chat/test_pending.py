"""Actions that wait for a word of the person."""

from cogs.chat._pending import MAX_PENDING, PENDING_S, Pending
from tests.fakes.handlers import TurnableClock


def test_it_waits_until_it_is_taken_or_too_old() -> None:
    clock = TurnableClock()
    pending: Pending[str] = Pending(clock)
    pending.put(1, 10, 100, "build")
    assert pending.of(10, 100) == 1
    assert pending.of(10, 101) is None
    assert (pending.get(1), pending.take(1), pending.take(1)) == ("build", "build", None)
    pending.put(2, 10, 100, "build")
    clock._now += PENDING_S
    assert (pending.get(2), pending.of(10, 100)) == (None, None)


def test_who_asks_for_something_else_has_changed_their_mind() -> None:
    pending: Pending[str] = Pending(TurnableClock())
    pending.put(1, 10, 100, "build")
    pending.put(2, 10, 100, "translate")
    pending.put(3, 11, 100, "summarise")
    assert (pending.get(1), pending.get(2), pending.get(3)) == (None, "translate", "summarise")


def test_those_that_fit_are_dropped() -> None:
    pending: Pending[str] = Pending(TurnableClock())
    pending.put(1, 10, 100, "build")
    pending.put(2, 11, 101, "translate")
    assert pending.drop_all("build".__eq__) == ["build"]
    assert (pending.get(1), pending.get(2), pending.of(10, 100)) == (None, "translate", None)


def test_so_many_and_no_more() -> None:
    pending: Pending[int] = Pending(TurnableClock())
    for number in range(MAX_PENDING + 5):
        pending.put(number, number, number, number)
    assert pending.get(4) is None
    assert pending.get(5) == 5
