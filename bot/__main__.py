"""`skydeck` and `python -m bot`."""

from bot.cli.main import run


def main() -> None:
    """Hand the arguments to the command line."""
    run()


if __name__ == "__main__":
    main()
