"""Ask which of the locked packages have known weaknesses. Part of `make lint`.

A weakness that is found fails. Where the service that knows them cannot be reached, one line says
so, and nothing fails: a check that needs the network must not stop work without one.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).parents[1] / "requirements-dev.lock"
"""All that is used anywhere: the other locks are parts of it."""
LIMIT_S: Final = 30.0
ACCEPTED: Final[Mapping[str, str]] = {}
"""Weaknesses that do not concern us, by id, each with the reason and until when."""


def main(options: Sequence[str]) -> int:
    """Audit, and say what was found. Returns the exit code.

    Args:
        options: More of pip-audit's own options.
    """
    report = ask([*options, "--requirement", str(LOCK)])
    code, words = judge(report)
    sys.stdout.write(f"{words}\n")
    return code


def ask(options: Sequence[str], *, limit_s: float = LIMIT_S) -> dict[str, Any] | None:
    """pip-audit's report; None when it had no answer in time.

    Args:
        options: pip-audit's.
        limit_s: How long it may take, in seconds.
    """
    # Nothing is resolved or installed: the lock has every package, with its hash.
    fixed = ("--format", "json", "--progress-spinner", "off", "--timeout", "8")
    command = [sys.executable, "-m", "pip_audit", *fixed, "--require-hashes", "--disable-pip"]
    try:
        done = subprocess.run(  # noqa: S603  (our own arguments)
            [*command, *options], capture_output=True, text=True, timeout=limit_s, check=False
        )
        report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return report if isinstance(report, dict) else None


def judge(report: Mapping[str, Any] | None) -> tuple[int, str]:
    """The exit code, and what to say.

    Args:
        report: pip-audit's; None: there is none.
    """
    packages = [] if report is None else report["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return 0, "The service that knows weaknesses cannot be reached: packages were not audited."
    found = [
        f"{package['name']} {package['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in audited
        for weakness in package["vulns"]
        if weakness["id"] not in ACCEPTED
    ]
    if found:
        return 1, "\n".join(["Known weaknesses (renew with make lock):", *found])
    left = len(packages) - len(audited)
    others = f"; {left} are not known to the service" if left else ""
    return 0, f"No known weakness in {len(audited)} packages{others}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
