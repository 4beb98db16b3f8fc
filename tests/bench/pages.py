"""What pages that measurements write have in common: what was found last, where, and pictures.

Beside a page `docs/NAME.md` lie its pictures and what was found, in the folder `docs/NAME`. So one
part can be measured again, and the others stay as they were.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.paths import ROOT


def folder(page: Path) -> Path:
    """Where a page's pictures are."""
    return page.with_suffix("")


def known(page: Path) -> dict[str, Any]:
    """What is on a page, by the names of its parts."""
    file = folder(page) / "found.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def keep(page: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Put findings in place of older ones of the same name; numpy's figures become numbers.

    Returns all, by name.
    """
    together = dict(sorted((known(page) | dict(found)).items()))
    folder(page).mkdir(exist_ok=True)
    text = json.dumps(together, indent=1, ensure_ascii=False, default=float)
    (folder(page) / "found.json").write_text(text + "\n", "utf-8")
    return together


@contextlib.contextmanager
def picture(file: Path, *, inches: tuple[float, float] = (6.0, 3.0)) -> Iterator[Any]:
    """Gives matplotlib's axes, and saves them as SVG; the same figures give the same bytes."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"svg.hashsalt": "skydeck", "svg.fonttype": "none", "font.size": 9}):
        drawn, axes = plt.subplots(figsize=inches)
        yield axes
        drawn.tight_layout()
        drawn.savefig(file, metadata={"Date": None})
        plt.close(drawn)


def where(beside: str = "") -> str:
    """When and where something is measured.

    Args:
        beside: What else the machine did, in words; empty: its load is told.
    """
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    beside = beside or f"load beside it {os.getloadavg()[0]:.0f}"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at {commit.strip() or 'an unknown commit'}, on "
        f"{os.cpu_count()} cores{_of_processor()} and {psutil.virtual_memory().total / 2**30:.0f} "
        f"GB; {beside}."
    )


def _of_processor() -> str:
    """The processor's name, where Linux tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return f" ({' '.join(line.partition(':')[2].split())})"
    return ""


class OtherWork:
    """How much of the machine other programs use from now on."""

    def __init__(self) -> None:
        self._busy_s, self._all_s = _machine_s()
        self._own_s = _own_s()

    def told(self) -> str:
        """In words."""
        busy_s, all_s = _machine_s()
        others_s = busy_s - self._busy_s - (_own_s() - self._own_s)
        cores = os.cpu_count() or 1
        used = max(0.0, others_s) / max(1e-6, all_s - self._all_s) * cores
        return f"other programs used {used:.1f} of the {cores} cores meanwhile"


def _machine_s() -> tuple[float, float]:
    """The processors' seconds: those with work, and all."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    return sum(times[:8]) - idle, sum(times[:8])


def _own_s() -> float:
    return sum(os.times()[:4])
