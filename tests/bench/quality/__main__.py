"""Measures what is named, or everything, and renews the page."""

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import pages
from tests.bench.quality import page
from tests.bench.quality.findings import Section
from tests.bench.quality.local_models import weights

SPIN_COUNT = "1000"
"""As `build_workers` sets it, also for the parts that build no workers."""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line. Returns 1 if a part could not run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(page.ORDER))
    given = parser.parse_args(arguments).names
    names = [name for one in given for name in one.split(",") if name] or list(page.ORDER)
    if unknown := sorted(set(names) - set(page.ORDER)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(page.ORDER)}")
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    failed = [name for name in names if not renew(name)]
    print(f"wrote {page.PAGE}" + (f"; could not run: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def renew(name: str) -> bool:
    """Measure one part and put it onto the page. Returns whether it could run."""
    print(f"{name} …", flush=True)
    began, beside = time.monotonic(), pages.OtherWork()
    try:
        found = measure_of(name)(weights)
        page.add(name, found, where=pages.where(beside.told()))
    except Exception as e:  # noqa: BLE001  (the others run, and the page says why this did not)
        traceback.print_exc()
        page.fail(name, str(e) or type(e).__name__)
        return False
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return True


def measure_of(name: str) -> Callable[[Callable[[str], Path]], Section]:
    """What measures a part; imported only for it, since its runtimes may be missing."""
    return importlib.import_module(f"tests.bench.quality.{name.replace('-', '_')}").measure


if __name__ == "__main__":
    sys.exit(main())
