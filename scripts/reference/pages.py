"""The pages of docs/reference, by their file names."""

import asyncio
from pathlib import Path
from typing import Final

from scripts.reference.command_line import command_line_page
from scripts.reference.contract import contract_page
from scripts.reference.discord_commands import discord_page
from scripts.reference.settings import settings_page

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "reference"


def pages() -> dict[str, str]:
    """The text of each page as it is today."""
    return {
        "settings.md": settings_page((ROOT / ".env.example").read_text("utf-8")),
        "commands.md": command_line_page(),
        "discord-commands.md": asyncio.run(discord_page()),
        "contract.md": contract_page(),
    }
