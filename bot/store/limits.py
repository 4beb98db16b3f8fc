"""Size limits of stored values, and text that every database accepts."""

from typing import Final

CONTENT_LIMIT_CHARS: Final = 200_000
"""The longest remembered message. A longer one is cut: no model reads that much."""
NAME_LIMIT_CHARS: Final = 100
"""The longest author's name (Discord allows 32, for a webhook 80)."""
LINE_LIMIT_CHARS: Final = 200
"""The longest title of a job, and the longest detail of its ending."""
PLACE_LIMIT_BYTES: Final = 4096
"""The longest place, as JSON."""
REPLY_TOKEN_LIMIT_CHARS: Final = 2000
"""The longest token of an interaction (Discord's have about 200 characters)."""
REQUEST_LIMIT_BYTES: Final = 1024 * 1024
"""The largest request that is kept; a recording is larger, and is not kept."""
PARTS_LIMIT: Final = 200
"""How many further messages a reply may have."""


def storable(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, without characters that PostgreSQL or UTF-8 cannot hold.

    PostgreSQL refuses U+0000, and a lone surrogate has no UTF-8 form. Both occur in files that
    people attach.
    """
    cut = text[:limit].replace("\x00", "")
    return cut.encode("utf-8", "replace").decode("utf-8")
