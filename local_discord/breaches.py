"""What fails a test by itself.

That is what bots did in it that Discord tolerates, or that goes against its published description.
`tests/discord_fixtures.py` looks here after each test.
"""

from __future__ import annotations

from collections import deque

_MOST = 1000
_noted: deque[str] = deque(maxlen=_MOST)


def note(breach: str) -> None:
    """Remember a breach until the running test ends."""
    _noted.append(breach)


def taken() -> list[str]:
    """All breaches since the last call."""
    noted = list(_noted)
    _noted.clear()
    return noted
