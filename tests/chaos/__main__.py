"""`make chaos`: the campaign, its table, and an exit code."""

import argparse
import asyncio
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.processors import usable_processors
from tests.chaos.campaign import KILLS, faults, lacking, run
from tests.chaos.report import Result, page, table
from tests.fakes.postgres import running


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of all dice; printed when it was not given")
    parser.add_argument("--rounds", type=int, default=KILLS, help="kills of each kind")
    parser.add_argument("--only", default="", help="only faults whose name has these words in it")
    parser.add_argument("--write", type=Path, help="the page to write the table to")
    parser.add_argument("--folder", type=Path, help="where databases and logs are kept afterwards")
    return parser.parse_args()


async def _campaign(given: argparse.Namespace, seed: int, folder: Path) -> Sequence[Result]:
    results: list[Result] = []
    with running() as server:
        await server.until_up()
        chosen = [one for one in faults(server, given.rounds) if given.only in one.name]
        for one in chosen:
            if why := lacking(one):
                _say(f"left out: {one.name}: {why}")
        order = [one.name for one in chosen]
        async for result in run([one for one in chosen if not lacking(one)], seed, folder):
            _say(f"{result.name}: {len(result.violations)} violations")
            for violation in result.violations:
                _say(f"  {violation}")
            results.append(result)
    return sorted(results, key=lambda one: order.index(one.name))


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _commit() -> str:
    """Which state of the source this is."""
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or "an unknown commit"


def _machine() -> str:
    """What it ran on."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{usable_processors()} cores, {memory_gib:.0f} GiB, Python {platform.python_version()}"


def main() -> int:
    """Run it; 1 when anything did not hold."""
    given = _arguments()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    _say(f"seed {seed}; the same again: make chaos SEED={seed} ROUNDS={given.rounds}")
    with tempfile.TemporaryDirectory(prefix="skydeck-chaos-") as temporary:
        results = asyncio.run(_campaign(given, seed, given.folder or Path(temporary)))
    sys.stdout.write(f"{table(results)}\n")
    if given.write is not None:
        given.write.write_text(
            page(
                results,
                seed=seed,
                rounds=given.rounds,
                commit=_commit(),
                date=time.strftime("%Y-%m-%d", time.gmtime()),
                machine=_machine(),
            )
        )
    return int(any(one.violations for one in results))


if __name__ == "__main__":
    sys.exit(main())
