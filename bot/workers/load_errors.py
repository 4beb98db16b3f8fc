"""A model that cannot be loaded, as an error for people: damaged, or too large for the memory."""

import re
from typing import Final

from bot.errors import WeightsError
from bot.memory import usable_memory_bytes

_OUT_OF_MEMORY: Final = re.compile(
    r"bad[_ ]alloc|out of memory|(?:cannot|could not|unable to|failed to) allocate", re.IGNORECASE
)
_MAX_CHARS: Final = 300


def load_error(what: str, error: Exception, *, hint: str) -> WeightsError:
    """Say why a model could not be loaded, and what to do.

    Args:
        what: The model, as a sentence begins with it.
        error: Its runtime's.
        hint: What to do unless memory is short.
    """
    why = " ".join(str(error).split())[:_MAX_CHARS]
    if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(why):
        gib = usable_memory_bytes() / 2**30
        return WeightsError(
            f"{what} could not be loaded: memory is short ({gib:.1f} GiB for this process).",
            hint="Close other programs, or let another machine do it (SKYDECK_LLM_URL, "
            "SKYDECK_ASR_URL, SKYDECK_TTS_URL, or RUNPOD_API_KEY).",
        )
    why = f"{type(error).__name__}: {why}" if why else type(error).__name__
    return WeightsError(f"{what} could not be loaded ({why}).", hint=hint)
