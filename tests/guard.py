"""Fails unit tests that open a socket or start a process."""

import functools
import sys
from collections.abc import Iterator

import pytest

FORBIDDEN = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.sendto",
        "subprocess.Popen",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.system",
    }
)
"""Python audit events. An event loop's own socket pair raises none of them."""


class LeftTheProcess(AssertionError):
    """A unit test opened a socket or started a process."""


class Guard:
    """Audits one unit test at a time.

    Attributes:
        is_on: Whether a unit test is running.
        seen: The forbidden events that it raised.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []

    def audit(self, event: str, _: tuple[object, ...]) -> None:
        """Refuse and record the event: the code under test may swallow the error."""
        if self.is_on and event in FORBIDDEN:
            self.seen.append(event)
            raise LeftTheProcess(
                f"{event}: a unit test opens no socket and starts no process. "
                "Move it to tests/integration or tests/system (CONTRIBUTING.md)."
            )


@functools.cache
def _guard() -> Guard:
    """Installed with the first unit test of a process: Python audits so much that it slows all
    others by a twentieth, and no hook can be taken out again."""
    guard = Guard()
    sys.addaudithook(guard.audit)
    return guard


@pytest.fixture(autouse=True)
def _stays_in_its_process(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("unit") is None:
        yield
        return
    guard = _guard()
    guard.is_on = True
    guard.seen.clear()
    try:
        yield
    finally:
        guard.is_on = False
    if guard.seen:
        pytest.fail(f"a unit test must not use: {', '.join(guard.seen)}", pytrace=False)
