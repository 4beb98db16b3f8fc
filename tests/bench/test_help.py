"""How soon the command line answers: beside Python itself, and another program.

python -m pytest -m bench tests/bench/test_help.py -s
"""

import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.bench
RUNS = 9


def soonest(*words: str) -> float:
    """Seconds of the quickest of some runs: what the machine does beside it only adds."""
    times = []
    for _ in range(RUNS):
        began_s = time.perf_counter()
        subprocess.run([sys.executable, *words], capture_output=True, check=True)
        times.append(time.perf_counter() - began_s)
    return min(times)


def test_help(capsys) -> None:
    bare, pip, ours = (
        soonest("-c", "pass"),
        soonest("-m", "pip", "--help"),
        soonest("-m", "bot", "--help"),
    )
    with capsys.disabled():
        print(
            f"\nskydeck --help {1000 * ours:.0f} ms: {ours / bare:.1f} times python -c pass "
            f"({1000 * bare:.0f} ms), {ours / pip:.2f} times pip --help ({1000 * pip:.0f} ms)"
        )
    assert ours < 3 * pip
