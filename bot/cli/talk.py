"""`skydeck talk`: a conversation at this machine's microphone, or one recorded question."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audio.devices.portaudio import quiet_native_errors
from bot.cli.options import JsonOption, LanguageOption, SaveOption
from bot.errors import BadInput
from bot.extras import extra_command
from bot.local_voice.first_view import first_view
from bot.local_voice.prefs import Prefs
from bot.settings import load_settings

if TYPE_CHECKING:  # the window comes before what it shows
    from bot.local_voice.controller import TalkController


def talk(
    *,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="Ask the question in this recording, then exit; any format, up to five minutes. "
            "May be repeated: each is heard by itself, and all are answered together.",
            show_default=False,
        ),
    ] = None,
    save: SaveOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Write line by line, for screen readers and pipes.")
    ] = False,
    remember: Annotated[
        bool,
        typer.Option(
            "--remember", help="Continue the last conversation, and keep conversations from now on."
        ),
    ] = False,
    save_to: Annotated[
        Path | None,
        typer.Option(
            help="Folder for saved conversations; by default the current one.", show_default=False
        ),
    ] = None,
    push_to_talk_key: Annotated[
        str | None,
        typer.Option(
            help="A key that talks whichever window is in front, such as f9 or scroll_lock.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Talk with Penny at this machine's microphone, or ask her a recorded question.

    Hold or tap the space bar to talk; F1 shows all keys.

    Example: skydeck talk

    Example: skydeck talk --file question.wav --save reply.ogg
    """
    if file:
        for_conversations = {
            "--remember": remember,
            "--save-to": save_to is not None,
            "--push-to-talk-key": push_to_talk_key is not None,
        }
        _refuse(for_conversations, "is for a conversation.", "Leave it out, or leave out --file.")
        from bot.cli.recorded_question import ask_recorded  # noqa: PLC0415  (half a second)

        ask_recorded(file, save=save, language=language, as_json=as_json)
    else:
        for_files = {"--save": save is not None, "--json": as_json}
        _refuse(for_files, "goes with --file.", "Add --file question.wav.")
        _converse(language, remember, save_to, push_to_talk_key, plain=plain)


def _refuse(are_given: dict[str, bool], problem: str, hint: str) -> None:
    """Refuse options that would be ignored in silence.

    Raises:
        BadInput: One is given.
    """
    if given := [name for name, is_given in are_given.items() if is_given]:
        raise BadInput(f"{given[0]} {problem}", hint=hint)


def _converse(
    language: str | None,
    remember: bool,
    save_to: Path | None,
    push_to_talk_key: str | None,
    *,
    plain: bool,
) -> None:
    settings = load_settings()
    prefs = Prefs.load()
    if language is not None:
        prefs.language = language
    if remember:
        prefs.keeps = True
        prefs.keep()

    def load() -> AbstractAsyncContextManager["TalkController"]:
        from bot.local_voice.opening import open_talk  # noqa: PLC0415  (half a second)

        return open_talk(
            settings, prefs, continues=remember, save_to=save_to, global_key=push_to_talk_key
        )

    quiet_native_errors()
    is_screen = sys.stdin.isatty() and sys.stdout.isatty()
    if is_screen and not plain and find_spec("textual") is None:
        sys.stderr.write(f"Line by line. To install the terminal app: {extra_command('mic')}\n")
        plain = True
    if plain or not is_screen:
        asyncio.run(_plainly(load()))
        return
    from bot.local_voice.tui.window import show  # noqa: PLC0415  (Textual is an extra)

    asyncio.run(show(first_view(settings, prefs), load))


async def _plainly(opening: AbstractAsyncContextManager["TalkController"]) -> None:
    from bot.local_voice.line_mode import LineMode, lines_of, write_line  # noqa: PLC0415

    async with opening as controller:
        await LineMode(controller, write_line).run(lines_of(sys.stdin))
