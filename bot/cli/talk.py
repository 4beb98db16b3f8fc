"""`skydeck talk`: one spoken turn with Penny."""

from pathlib import Path
from typing import Annotated

import typer

LanguageOption = Annotated[
    str | None,
    typer.Option(help="Language spoken (en, es, …); found out if not given.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
SaveOption = Annotated[
    Path | None,
    typer.Option(help="Where to keep the spoken answer (.ogg, .opus, .wav).", show_default=False),
]


def talk(
    *,
    file: Annotated[Path, typer.Option(help="A recording; any format, up to five minutes.")],
    save: SaveOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask Penny what a recording asks, and get her answer as text and speech.

    Example: skydeck talk --file question.wav --save reply.ogg
    """
    import asyncio  # noqa: PLC0415

    from bot.app import WarmUp  # noqa: PLC0415
    from bot.cli.clip import QUESTION_LIMIT_S, check_writable, read_clip  # noqa: PLC0415
    from bot.cli.run import Turn, perform  # noqa: PLC0415
    from bot.contract.penny import converse  # noqa: PLC0415
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    if save is not None:
        check_writable(save)
    clip = read_clip(file, language=language, limit_s=QUESTION_LIMIT_S)
    turn = Turn(settings, as_json=as_json, save=save, warm_up=WarmUp.FIRST)
    asyncio.run(perform(turn, converse(clip, source=turn.source)))
