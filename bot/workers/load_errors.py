"""A model that cannot be loaded, as an error for people: damaged, or too large for the memory."""

import re
from typing import Final

from bot.errors import WeightsError
from bot.memory import usable_memory_bytes

_OUT_OF_MEMORY: Final = re.compile(
    r"bad[_ ]alloc|out of memory|(?:cannot|could not|unable to|failed to) allocate", re.IGNORECASE
)
_MAX_CHARS: Final = 300


def load_error(what: str, error: Exception, *, hint: str, needed_bytes: int = 0) -> WeightsError:
    """Say why a model could not be loaded, and what to do.

    Args:
        what: The model, as a sentence begins with it.
        error: Its runtime's.
        hint: What to do unless memory is short.
        needed_bytes: What it takes, for a runtime that does not say why it failed.
    """
    why = " ".join(str(error).split())[:_MAX_CHARS]
    usable = usable_memory_bytes()
    is_short = 0 < usable < needed_bytes
    if is_short or isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(why):
        gib = usable / 2**30
        return WeightsError(
            f"{what} could not be loaded: memory is short ({gib:.1f} GiB for this process).",
            hint="Close other programs, or let another machine do it (SKYDECK_LLM_URL, "
            "SKYDECK_ASR_URL, SKYDECK_TTS_URL, or RUNPOD_API_KEY).",
        )
    why = f"{type(error).__name__}: {why}" if why else type(error).__name__
    return WeightsError(f"{what} could not be loaded ({why}).", hint=hint)
