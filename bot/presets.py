"""Sets of models that fit a machine, as SKYDECK_PRESET names them. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Preset(StrEnum):
    """A kind of machine."""

    LAPTOP = "laptop"
    """Two or more processor cores and 8 GB of memory."""
    GPU_24GB = "gpu-24gb"
    """An NVIDIA GPU with 24 GB, as RunPod's L4."""


PRESETS: Final[Mapping[Preset, Mapping[str, str]]] = MappingProxyType(
    {
        Preset.LAPTOP: {"skydeck_llm": "small", "skydeck_asr": "auto", "skydeck_voices": "en=joe"},
        Preset.GPU_24GB: {
            # By its authors, Apache-2.0, twelve languages, and it does not think before it speaks.
            "skydeck_llm": "hf:ibm-granite/granite-3.3-8b-instruct-GGUF/"
            "granite-3.3-8b-instruct-Q4_K_M.gguf",
            "skydeck_asr": "large-v3-turbo",
            "skydeck_voices": "en=af_heart,es=ef_dora,fr=ff_siwis,"
            "hi=hf_alpha,it=if_sara,pt=pf_dora",
        },
    }
)
"""What each preset sets, by the settings' names; a setting that names a model counts more."""
_OPEN: Final = ("", "auto")
_OLDER_NAMES: Final = {"skydeck_llm": "skydeck_local_model"}


def with_preset(values: Mapping[str, object]) -> dict[str, object]:
    """Fill in what a preset sets and the values leave open; an unknown preset fills in nothing.

    Args:
        values: Settings by their names in small letters.
    """
    name = str(values.get("skydeck_preset") or "").strip().lower()
    filled = dict(values)
    for setting, value in PRESETS[Preset(name)].items() if name in set(Preset) else ():
        names = (setting, _OLDER_NAMES.get(setting, setting))
        if all(str(values.get(one) or "").strip().lower() in _OPEN for one in names):
            filled[setting] = value
    return filled
