"""The language models that are evaluated, and the settings that choose them."""

from functools import lru_cache
from pathlib import Path

from bot.llm_source import read_llm
from bot.models.store import ModelStore
from bot.settings import Settings

TINY, SMALL = "tiny", "small"


@lru_cache
def weights(name: str) -> Path:
    """Return a model's folder by its name in the manifest; fetches and verifies it once."""
    return ModelStore(Settings(_env_file=None).skydeck_weights_dir).ensure([name])[name]


def local(llm: str) -> Settings:
    """The settings for one of ours, whatever the environment chooses."""
    return Settings(_env_file=None, skydeck_llm=llm, skydeck_llm_url=None, anthropic_api_key=None)


def every_llm() -> dict[str, Settings]:
    """Settings by the model's name: both of ours, and one's own (SKYDECK_LLM, SKYDECK_LLM_URL)."""
    found = {name: local(name) for name in (TINY, SMALL)}
    own = Settings(_env_file=None)
    if own.skydeck_llm_url is not None:
        found[own.skydeck_llm_model or "own server"] = own
    elif read_llm(own.skydeck_llm) not in (None, *map(read_llm, found)):
        found[Path(own.skydeck_llm).name] = own
    return found
