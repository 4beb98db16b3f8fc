"""Where models run: on the processor, or on an NVIDIA GPU. Each runtime is asked what it can use.

Whisper (CTranslate2) and the language model (llama.cpp) go to the GPU. The voice, the voice
detector and the end of turn stay on the processor: Piper needs 0.05 s there for a second of sound,
and onnxruntime's build for CUDA would add more than a gigabyte to an image.
"""

from collections.abc import Callable
from typing import Final

from bot.errors import BadSettings
from bot.settings import Device

EVERY_LAYER: Final = 999
"""More layers than any model has: llama.cpp puts all of them on the GPU."""

Sees = Callable[[], bool]
"""Whether a runtime can use a GPU here."""


def whisper_sees_gpu() -> bool:
    """Whether CTranslate2 finds an NVIDIA GPU and its driver."""
    try:
        import ctranslate2  # noqa: PLC0415  (heavy)

        return bool(ctranslate2.get_cuda_device_count())
    except (ImportError, RuntimeError):
        return False


def llama_sees_gpu() -> bool:
    """Whether llama.cpp is built for GPUs and finds one."""
    try:
        import xllamacpp  # noqa: PLC0415  (heavy)
    except ImportError:
        return False
    gpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU
    return any(device["type"] == gpu for device in xllamacpp.get_device_info())


def place_whisper(wanted: Device, sees_gpu: Sees = whisper_sees_gpu) -> tuple[str, str]:
    """CTranslate2's name of the device, and in which numbers it computes there.

    Args:
        wanted: What the settings say.
        sees_gpu: Asked only if need be.

    Raises:
        BadSettings: A GPU is demanded, and it finds none.
    """
    return ("cuda", "float16") if _on_gpu(wanted, sees_gpu, "CTranslate2") else ("cpu", "int8")


def place_llama(wanted: Device, sees_gpu: Sees = llama_sees_gpu) -> int:
    """How many of the language model's layers go to a GPU: all, or none.

    Args:
        wanted: What the settings say.
        sees_gpu: Asked only if need be.

    Raises:
        BadSettings: A GPU is demanded, and llama.cpp finds none.
    """
    return EVERY_LAYER if _on_gpu(wanted, sees_gpu, "llama.cpp") else 0


def _on_gpu(wanted: Device, sees_gpu: Sees, runtime: str) -> bool:
    if wanted is Device.CPU:
        return False
    found = sees_gpu()
    if wanted is Device.CUDA and not found:
        raise BadSettings(
            f"SKYDECK_DEVICE is cuda, but {runtime} can use no GPU here.",
            hint="Check the driver, and that the runtime is built for CUDA (deploy/README.md), "
            "or set SKYDECK_DEVICE=auto.",
        )
    return found
