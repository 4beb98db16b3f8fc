"""Where `.env` is, and in which encoding an editor or a shell wrote it.

PowerShell's `>` writes UTF-16, and editors on Windows a mark before UTF-8, or Windows-1252.
"""

from pathlib import Path
from typing import Final

from bot.errors import BadSettings
from bot.reasons import reason_of
from bot.text_files import DecodedText, decode_text

ENV_FILE: Final = ".env"
MAX_BYTES: Final = 1024 * 1024


def settings_file() -> Path:
    """The file with settings; however skydeck is installed, in the folder where it is started."""
    return Path(ENV_FILE).absolute()


def read_env_file(file: Path) -> DecodedText:
    """Read a file of settings.

    Raises:
        BadSettings: It cannot be read, is too large, or is not text.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as e:
        raise BadSettings(
            f"{file} cannot be read ({reason_of(e)}).",
            hint="Let this user read it, or set the variables in the environment.",
        ) from e
    decoded = decode_text(content) if len(content) <= MAX_BYTES else None
    if decoded is None:
        raise BadSettings(
            f"{file} is not a text file with a setting on each line.",
            hint="Write it anew: a line NAME=value for each setting, in UTF-8.",
        )
    try:
        content.decode(decoded.encoding)
    except UnicodeDecodeError as e:
        raise BadSettings(
            f"{file} is damaged: its byte {e.start + 1} is not {decoded.encoding.upper()}.",
            hint="Open it in an editor, and save it as UTF-8.",
        ) from e
    return decoded
