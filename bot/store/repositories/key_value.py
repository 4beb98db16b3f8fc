"""Small values of the deployment that have to survive a restart."""

from typing import Final

from sqlalchemy import select

from bot.store import tables
from bot.store.database import Database

COMMANDS: Final = "commands"
"""The digest of the commands registered last, under this and `:APPLICATION_ID`."""
COMMAND_IDS: Final = "command_ids"
"""Discord's ids of these commands, and their digest, as JSON; under this and `:APPLICATION_ID`."""


class KeyValue:
    """Text by key. Both methods raise StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """The value; None if there is none."""
        query = select(tables.facts.c.value).where(tables.facts.c.name == name)
        rows = await self._database.rows(query)
        return rows[0]["value"] if rows else None

    async def set(self, name: str, value: str) -> None:
        """Set a value."""
        await self._database.upsert(tables.facts, {"name": name, "value": value})
