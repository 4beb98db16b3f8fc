"""The environment of a program that a test starts."""

import os
from typing import Final

from bot.settings import Settings

_KEPT: Final = {"SKYDECK_WEIGHTS_DIR", "SKYDECK_LLM", "SKYDECK_KEEP_LOADED_S", "SKYDECK_THREADS"}
"""The model folder, and what `conftest.py` chooses: the quick model, on one thread, and none that
stays loaded."""


def without_settings() -> dict[str, str]:
    """Return this process's environment without the developer's own settings."""
    ours = {name.upper() for name in Settings.model_fields} - _KEPT
    return {name: value for name, value in os.environ.items() if name.upper() not in ours}
