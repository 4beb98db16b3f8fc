"""`skydeck bot`: Discord."""

import asyncio
import sys

from bot.bot_composition import run_bot
from bot.cli.models import pull_with_progress
from bot.observability.logs import set_up_logs
from bot.pauses import shorten_turns
from bot.settings import load_settings


def bot() -> None:
    """Be online in Discord until Ctrl-C: chat, Grace's commands, the Factory's builds.

    Without DISCORD_TOKEN it says how to get one. Without RUNPOD_API_KEY the services run here.

    Example: skydeck bot
    """
    settings = load_settings()
    set_up_logs(settings)
    shorten_turns()
    asyncio.run(run_bot(settings, fetch=pull_with_progress, say=_say))


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
