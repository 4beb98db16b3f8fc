"""`skydeck` and `python -m bot`."""

import gc

from bot.cli.main import run


def main() -> None:
    """Hand the arguments to the command line."""
    # Until the command is imported (`bot.cli.lazy`): imports make no garbage, and looking for some
    # takes a fifth of their time.
    gc.disable()
    run()


if __name__ == "__main__":
    main()
