"""`skydeck` and `python -m bot`."""

import gc
import os
import sys
from typing import Final

INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ends: 128 and the signal's number."""


def main() -> None:
    """Hand the arguments to the command line."""
    # Until the command is imported (`bot.cli.lazy`): imports make no garbage, and looking for some
    # takes a fifth of their time.
    gc.disable()
    # Or pydantic reads the metadata of every installed package, to look for plugins of its own.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # noqa: TID251 - it is not ours
    try:
        from bot.cli.main import run  # noqa: PLC0415  (a second in which Ctrl-C is no error, either)

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
