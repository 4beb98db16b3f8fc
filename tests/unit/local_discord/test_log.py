"""The record that a local Discord keeps."""

from local_discord.log import Call, Dispatched, Log, Problem


def test_a_bounded_log_holds_the_latest_of_each_kind():
    log = Log(keeps=3)
    for number in range(10):
        log.calls.append(Call(float(number), "GET", "/r", f"/{number}"))
        log.dispatches.append(Dispatched(float(number), "TYPING_START", {}))
        log.refused(Problem(f"{number}", 0, "refused"))
    assert [call.path for call in log.calls] == ["/7", "/8", "/9"]
    assert len(log.dispatches) == 3
    assert [problem.where for problem in log.problems] == ["7", "8", "9"]


def test_without_a_bound_it_holds_all():
    log = Log()
    for number in range(2000):
        log.calls.append(Call(float(number), "GET", "/r", "/"))
        log.refused(Problem("", 0, ""))
    assert len(log.calls) == len(log.problems) == 2000


def test_entries_of_both_kinds_are_numbered_as_they_come():
    first = Call(0.0, "GET", "/r", "/")
    second = Dispatched(0.0, "READY", {})
    third = Call(0.0, "GET", "/r", "/")
    assert first.number < second.number < third.number
