"""Asks Penny recorded questions: `skydeck talk --file`."""

import asyncio
from pathlib import Path

from bot.cli.clip import QUESTION_LIMIT_S, check_writable, read_clips, require_all
from bot.cli.run import CallOptions, perform
from bot.composition import WarmUp
from bot.contract.penny import converse
from bot.settings import load_settings


def ask_recorded(
    files: list[Path], *, save: Path | None, language: str | None, as_json: bool
) -> None:
    """Ask all of them at once, and show the answer.

    Raises:
        SkydeckError: A recording cannot be heard, or there is no answer.
    """
    settings = load_settings()
    if save is not None:
        check_writable(save)
    clips, refused = read_clips(files, language=language, limit_s=QUESTION_LIMIT_S)
    chosen = CallOptions(settings, as_json=as_json, save=save, warm_up=WarmUp.FIRST)
    asyncio.run(perform(chosen, converse(clips, source=chosen.source, context=chosen.context)))
    require_all(refused)
