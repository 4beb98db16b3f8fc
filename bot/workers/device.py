"""Decides whether a model runs on the CPU or on an NVIDIA GPU, by asking its runtime.

Whisper (CTranslate2) and the language model (llama.cpp) can use the GPU. The voice, the voice
activity detector and the turn detector stay on the CPU: Piper needs 0.05 s there for a second of
speech, and onnxruntime's build for CUDA would add more than a gigabyte to an image.
"""

from collections.abc import Callable
from typing import Final

from bot.errors import BadSettings, WeightsError
from bot.extras import extra_command
from bot.settings import Device

EVERY_LAYER: Final = 999
"""More layers than any model has, so llama.cpp puts all of them on the GPU."""


def runtime_missing() -> WeightsError:
    """Return the error of a process without the extra `local`."""
    return WeightsError(
        "The local models' runtimes are not installed.", hint=extra_command("local")
    )


def whisper_sees_gpu() -> bool:
    """Return whether CTranslate2 finds an NVIDIA GPU and its driver."""
    try:
        import ctranslate2  # noqa: PLC0415  (heavy)

        return bool(ctranslate2.get_cuda_device_count())
    except (ImportError, RuntimeError):
        return False


def llama_sees_gpu() -> bool:
    """Return whether llama.cpp is built for GPUs and finds one."""
    try:
        import xllamacpp  # noqa: PLC0415  (heavy)
    except ImportError:
        return False
    gpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU
    return any(device["type"] == gpu for device in xllamacpp.get_device_info())


def place_whisper(
    wanted: Device, sees_gpu: Callable[[], bool] = whisper_sees_gpu
) -> tuple[str, str]:
    """Return CTranslate2's name of the device, and the number type to compute with there.

    Raises:
        BadSettings: The settings demand a GPU, and CTranslate2 finds none.
    """
    return ("cuda", "float16") if _on_gpu(wanted, sees_gpu, "CTranslate2") else ("cpu", "int8")


def place_llama(wanted: Device, sees_gpu: Callable[[], bool] = llama_sees_gpu) -> int:
    """Return how many of the language model's layers go to a GPU: all, or none.

    Raises:
        BadSettings: The settings demand a GPU, and llama.cpp finds none.
    """
    return EVERY_LAYER if _on_gpu(wanted, sees_gpu, "llama.cpp") else 0


def _on_gpu(wanted: Device, sees_gpu: Callable[[], bool], runtime: str) -> bool:
    if wanted is Device.CPU:
        return False
    found = sees_gpu()
    if wanted is Device.CUDA and not found:
        raise BadSettings(
            f"SKYDECK_DEVICE is cuda, but {runtime} cannot use a GPU here.",
            hint="Check the driver, and that the runtime is built for CUDA (deploy/README.md), "
            "or set SKYDECK_DEVICE=auto.",
        )
    return found
