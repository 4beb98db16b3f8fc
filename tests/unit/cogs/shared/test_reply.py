"""How long an interaction's token is good: by the time that passes, not by a date."""

from cogs.shared.reply import Reply


class Clock:
    """Its wall clock is set while it runs."""

    passed_s = 0.0
    date_s = 0.0

    def now(self) -> float:
        return 50.0 + self.passed_s

    def wall(self) -> float:
        return self.date_s

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits")


def test_a_reply_closes_in_time_and_is_then_over() -> None:
    clock = Clock()
    reply = Reply(None, clock)  # type: ignore[arg-type]  # nothing is shown
    seen = []
    for clock.passed_s in (0, 14 * 60 - 4, 14 * 60 - 3, 15 * 60 - 4, 15 * 60 - 3):
        seen.append((reply.is_closing, reply.is_open))
    assert seen == [(False, True), (False, True), (True, True), (True, True), (True, False)]


def test_a_clock_that_is_set_changes_nothing() -> None:
    clock = Clock()
    reply = Reply(None, clock)  # type: ignore[arg-type]
    for clock.date_s in (-3600.0, 3600.0, 1e9):
        assert reply.is_open
        assert not reply.is_closing
