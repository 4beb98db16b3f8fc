"""Discord's published description of its API, where the environment names one.

The description is no part of this repository: `SKYDECK_DISCORD_OPENAPI` names its file, and without
it nothing is held against it. It is found at github.com/discord/discord-api-spec.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .openapi import Description

VARIABLE = "SKYDECK_DISCORD_OPENAPI"


@cache
def description() -> Description | None:
    """The description that the environment names, read once a process."""
    # No setting of the bot's: whoever checks the local Discord names it for a whole process.
    name = os.environ.get(VARIABLE)  # noqa: TID251 - see above
    if not name:
        return None
    from .openapi import Description  # noqa: PLC0415 - jsonschema comes with the extra "local"

    return Description(json.loads(Path(name).read_text("utf-8")))
