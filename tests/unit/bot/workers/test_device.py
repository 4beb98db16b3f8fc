"""Where models run. Without a GPU only the choice can be tested, and that the runtimes answer."""

import pytest

from bot.errors import BadSettings
from bot.settings import Device
from bot.workers.device import EVERY_LAYER, llama_sees_gpu, place_llama, place_whisper

ON_GPU, ON_CPU = (("cuda", "float16"), EVERY_LAYER), (("cpu", "int8"), 0)


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        (Device.AUTO, False, ON_CPU),
        (Device.AUTO, True, ON_GPU),
        (Device.CUDA, True, ON_GPU),
        (Device.CPU, True, ON_CPU),
    ],
)
def test_each_runtime_goes_where_it_can(wanted, there, chosen):
    assert (place_whisper(wanted, lambda: there), place_llama(wanted, lambda: there)) == chosen


@pytest.mark.parametrize(
    ("place", "name"), [(place_whisper, "CTranslate2"), (place_llama, "llama.cpp")]
)
def test_a_gpu_that_is_demanded_and_missing_is_an_error(place, name):
    """A worker on a GPU that quietly worked on the processor would cost its price for nothing."""
    with pytest.raises(BadSettings, match=f"{name} cannot use a GPU"):
        place(Device.CUDA, lambda: False)


@pytest.mark.parametrize("place", [place_whisper, place_llama])
def test_for_the_processor_no_runtime_is_asked(place):
    def fail() -> bool:
        raise AssertionError

    place(Device.CPU, fail)


def test_the_real_runtimes_can_be_asked():
    import ctranslate2
    import xllamacpp

    kinds = {device["name"] for device in xllamacpp.get_device_info()}
    assert llama_sees_gpu() is any("CUDA" in kind for kind in kinds)
    assert place_whisper(Device.AUTO)[0] in ("cpu", "cuda")
    if not ctranslate2.get_cuda_device_count():
        with pytest.raises(BadSettings):
            place_whisper(Device.CUDA)
