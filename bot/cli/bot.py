"""`skydeck bot`: Discord."""

import sys


def bot() -> None:
    """Be online in Discord until Ctrl-C: chat, Grace's commands, the Factory's builds.

    Without DISCORD_TOKEN it says how to get one. Without RUNPOD_API_KEY the services run here.

    Example: skydeck bot
    """
    import asyncio  # noqa: PLC0415

    from bot.app import run_bot  # noqa: PLC0415
    from bot.cli.models import pull_with_progress  # noqa: PLC0415
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    _log(settings.skydeck_log_level)
    asyncio.run(run_bot(settings, fetch=pull_with_progress, say=_say))


def _log(level: str) -> None:
    """Our own words at this level; other libraries' only when something is wrong, or at DEBUG."""
    import logging  # noqa: PLC0415

    logging.basicConfig(
        level=level if level == "DEBUG" else "WARNING",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in ("bot", "cogs", "audio"):
        logging.getLogger(name).setLevel(level)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
