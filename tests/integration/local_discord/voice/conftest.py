"""A voice channel, and a bot that listens there: those of the local Discord's own tests."""

# mypy: ignore-errors

from tests.system.local_discord.conftest import bot  # noqa: F401
from tests.system.local_discord.voice.conftest import (  # noqa: F401
    digits,
    link,
    lounge,
    online,
    question,
)
