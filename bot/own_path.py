"""A path that somebody wrote into a setting. Pure."""

from pathlib import Path


def own_path(text: str) -> Path:
    """Return the path; a leading `~` is a home folder, unless nobody has that name."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
