"""The pages of docs/reference, by their file names."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scripts.reference.command_line import command_line_page
from scripts.reference.contract import contract_page
from scripts.reference.discord_commands import discord_page
from scripts.reference.settings import settings_page

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "reference"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": lambda: settings_page((ROOT / ".env.example").read_text("utf-8")),
    "commands.md": command_line_page,
    "discord-commands.md": lambda: asyncio.run(discord_page()),
    "contract.md": contract_page,
}
"""What writes each page as it is today."""
