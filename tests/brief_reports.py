"""Has the processes of a run send less to the one that counts.

xdist sends six messages for each test, and takes each apart on the other side. Here go the result
of its call, and whatever did not pass, took as long as `--durations` shows, or wrote something.
What a crash interrupts is named by the scheduler. Whoever asks for details (`-v`, `--junitxml`)
gets all messages.
"""

from typing import Any

import pytest

SHOWN_S = 0.005
"""How long a setup or teardown takes that `--durations` shows."""
ANNOUNCEMENTS = frozenset({"logstart", "logfinish"})


def is_needed(name: str, given: dict[str, Any]) -> bool:
    """Whether a message says something that a summary shows."""
    if name != "testreport":
        return name not in ANNOUNCEMENTS
    report = given["data"]
    return bool(
        report["when"] == "call"
        or report["outcome"] != "passed"
        or report["duration"] >= SHOWN_S
        or report["sections"]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Filter the messages of an xdist process."""
    asked = config.option.verbose > 0 or getattr(config.option, "xmlpath", None)
    sender = next((p for p in config.pluginmanager.get_plugins() if hasattr(p, "sendevent")), None)
    if sender is None or asked:
        return
    send = sender.sendevent

    def send_needed(name: str, **given: Any) -> None:
        if is_needed(name, given):
            send(name, **given)

    sender.sendevent = send_needed
