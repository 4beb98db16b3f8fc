"""eSpeak NG through its C interface: it sounds plain, but speaks over a hundred languages.

`espeakng-loader` ships the library and its data, so the system needs no package.
Source: espeak-ng's speak_lib.h.
"""

import ctypes
import re
import threading
from functools import cache
from typing import Final

import numpy as np

from audio.samples import Samples
from bot.errors import BadInput, JobFailed, WeightsError
from bot.extras import extra_command
from bot.voices.voice_names import no_voice
from bot.workers.device import runtime_missing

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: it passes samples to the callback and plays nothing
_NO_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: an error is a return value, not exit(1)
_UTF8 = 1
_POSITION_CHARACTER = 1
_RATE_PARAMETER = 1
_WORDS_PER_MINUTE = 160
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_+-]{0,31}", re.ASCII | re.IGNORECASE)
"""A voice, and perhaps its variant (`en+f3`). eSpeak takes any other name for a file's path, and
reads that file, even `../../dev/zero`."""

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_ONE_AT_A_TIME: Final = threading.Lock()
"""The library's state is global: its voice, and where it puts the sound."""
_pieces: Final[list[Samples]] = []
"""The sound of the text that is being spoken."""


def _collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
    if samples and count > 0:
        piece = np.ctypeslib.as_array(samples, (count,))
        _pieces.append(piece.astype(np.float32) / np.float32(32768))
    return 0


_CALLBACK: Final = _Callback(_collect)
"""C holds only its address, so it lives as long as the process."""


def synthesize(text: str, voice: str) -> tuple[Samples, int]:
    """Speak `text`. Blocks.

    Args:
        text: The text.
        voice: An eSpeak voice, usually a language: `es`, `es-419`, `fr`, `en-us`.

    Returns:
        Mono samples and their rate in Hz.

    Raises:
        BadInput: There is no such voice.
        JobFailed: The engine failed.
    """
    with _ONE_AT_A_TIME:
        library, rate_hz = _loaded()
        if not _NAME.fullmatch(voice) or library.espeak_SetVoiceByName(voice.encode()) != 0:
            problem, hint = no_voice(voice)
            raise BadInput(problem, hint=hint)
        library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_PER_MINUTE, 0)
        _pieces.clear()
        data = text.encode() + b"\0"
        failed = library.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
        if failed:
            raise JobFailed(f"eSpeak NG failed with code {failed}.", service_code="tts")
        return np.concatenate([*_pieces, np.zeros(0, np.float32)]), rate_hz


def check(voice: str) -> None:
    """See that there is a voice of this name. Blocks.

    Raises:
        BadInput: There is none.
    """
    synthesize("a", voice)


@cache
def _loaded() -> tuple[ctypes.CDLL, int]:
    """The library, ready to speak, and its rate in Hz."""
    try:
        import espeakng_loader  # noqa: PLC0415  (only the local services need it)
    except ImportError:
        raise runtime_missing() from None
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate_hz: int = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _NO_EXIT)
    if rate_hz <= 0:
        raise WeightsError("eSpeak NG cannot find its data.", hint=extra_command("local"))
    library.espeak_SetSynthCallback(_CALLBACK)
    return library, rate_hz
