"""Reports at the end of a run which tests did not run, why, and how to run them."""

from collections import Counter
from collections.abc import Sequence

import pytest

LEFT = {
    "unit": "make unit",
    "integration": "make test",
    "system": "make test-all",
    "bench": "make bench",
    "hardware": "pytest -m hardware   # with a sound device of your own",
    "live": "pytest -m live   # with keys of your own",
}
"""Markers, and the commands that run their tests."""


class Report:
    """Counts the tests left out, also under pytest-xdist."""

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count deselected tests by marker."""
        for item in items:
            marker = next((one for one in reversed(LEFT) if item.get_closest_marker(one)), None)
            if marker is not None:
                self.left[marker] += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take the counts of an xdist process; each collects all tests, so any one will do."""
        self.left = Counter(getattr(node, "workeroutput", {}).get("left", self.left))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over the counts of an xdist process."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["left"] = dict(self.left)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report after the slowest tests, before the totals."""
        reasons = Counter(
            report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            for report in terminalreporter.stats.get("skipped", [])
        )
        if not self.left and not reasons:
            return
        terminalreporter.section("not run")
        for marker, command in LEFT.items():
            if self.left[marker]:
                terminalreporter.line(f"{self.left[marker]:5} {marker:12} {command}")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:5} skipped      {reason.removeprefix('Skipped: ')}")


def pytest_configure(config: pytest.Config) -> None:
    """Register one report per process."""
    config.pluginmanager.register(Report(), "report of tests left out")
