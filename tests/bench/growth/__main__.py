"""Measures what is named, or everything, and renews the page."""

import argparse
import sys
import time

from tests.bench.growth import of_bot, of_store, of_voice, page

MEASURES = {
    "guilds": of_bot.guilds,
    "history": of_store.history,
    "jobs": of_bot.jobs,
    "journal": of_store.journal,
    "ledger": of_store.ledger,
    "processes": of_bot.processes,
    "silent-calls": of_voice.silent_calls,
    "speakers": of_bot.speakers,
}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    names = parser.parse_args().names or list(MEASURES)
    if unknown := sorted(set(names) - set(MEASURES)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    for name in names:
        began = time.monotonic()
        page.add({name: MEASURES[name]()})
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"wrote {page.PAGE}", file=sys.stderr)


if __name__ == "__main__":
    main()
