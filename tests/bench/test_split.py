"""How soon long text is cut, for a model and for Discord: beside the standard library's `textwrap`.

python -m pytest -m bench tests/bench/test_split.py -s
"""

import textwrap
import time
from collections.abc import Callable

import pytest

from bot.workers.grace.pieces import split as split_for_model
from cogs.shared.splitting import split as split_for_discord

pytestmark = pytest.mark.bench
RUNS = 5
WORDS = "word " * 200_000
REPLIES = {
    "words": "word " * 8_000,
    "one word": "x" * 40_000,
    "fences": "```" * 13_333,
    "code": "```py\n" + "x = 1\n" * 6_666,
}
"""Of 40,000 characters, as long as a reply may be."""


def soonest(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some runs: what the machine does beside it only adds."""
    times = []
    for _ in range(RUNS):
        began_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - began_s)
    return min(times)


def test_a_megabyte_for_a_model(capsys) -> None:
    text = WORDS + "\n" * 100_000
    ours = soonest(lambda: split_for_model(text, 6_000))
    peer = soonest(lambda: textwrap.wrap(text, 6_000))
    with capsys.disabled():
        print(
            f"\n1.1 MB in pieces for a model: {1000 * ours:.0f} ms, {ours / peer:.2f} times "
            f"textwrap.wrap ({1000 * peer:.0f} ms)"
        )
    assert ours < peer


def test_a_long_reply_for_discord(capsys) -> None:
    peer = soonest(lambda: textwrap.wrap(REPLIES["words"], 2_000))
    for name, text in REPLIES.items():
        ours = soonest(lambda text=text: split_for_discord(text))
        with capsys.disabled():
            print(
                f"\n40,000 characters for Discord, {name}: {1000 * ours:.1f} ms, "
                f"{ours / peer:.1f} times textwrap.wrap of words ({1000 * peer:.1f} ms)"
            )
        assert ours < 20 * peer
