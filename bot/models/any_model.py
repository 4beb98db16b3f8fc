"""Any model by its name, of the manifest or of the hub alone."""

from collections.abc import Iterable
from pathlib import Path

from bot.asr_source import PREFIX, WHISPERS
from bot.did_you_mean import did_you_mean
from bot.errors import WrongUse
from bot.models.hub_models import HubModel, ensure_hub_model, find_hub_model
from bot.models.progress import Sink, ignore
from bot.models.store import ModelStore
from bot.sanitize import quoted
from bot.voices.voice_names import JOE, JOE_AT_PIPER, KOKORO_VOICES, PIPER_VOICES

_OTHER_NAMES = {JOE: "piper-joe", JOE_AT_PIPER: "piper-joe"}


def split_names(store: ModelStore, names: Iterable[str]) -> tuple[list[str], list[HubModel]]:
    """Divide names into those of the manifest, and models of the hub; each once.

    Raises:
        WrongUse: No model has one of the names.
    """
    listed: dict[str, None] = {}
    others: dict[str, HubModel] = {}
    for given in names:
        name = _OTHER_NAMES.get(given, given)
        if name in store.manifest.models:
            listed[name] = None
        elif (model := find_hub_model(name)) is not None:
            others[model.name] = model
        else:
            raise _unknown(store, name)
    return list(listed), list(others.values())


def missing_models(store: ModelStore, names: Iterable[str]) -> list[str]:
    """Return those of the models that are not whole on this disk, by name; looks at sizes only.

    Raises:
        WrongUse: No model has one of the names.
    """
    listed, others = split_names(store, names)
    absent = [fetch.model.name for fetch in store.plan(listed).fetches]
    return absent + [model.name for model in others if not model.is_in(store.folder)]


def ensure_models(
    store: ModelStore, names: Iterable[str], progress: Sink = ignore
) -> dict[str, Path]:
    """Make sure that these models are on disk, whichever source has them. Blocks.

    Returns:
        The folder of each model.

    Raises:
        WrongUse: No model has one of the names.
        WeightsError: A file is damaged, cannot be fetched, or does not fit on the disk.
    """
    listed, others = split_names(store, names)
    folders = store.ensure(listed, progress)
    for model in others:
        folders[model.name] = ensure_hub_model(
            model, store.folder, setting="its name", progress=progress
        )
    return folders


def _unknown(store: ModelStore, name: str) -> WrongUse:
    whispers = (f"{PREFIX}{short}" for short in WHISPERS)
    known = (*store.manifest.models, *whispers, *PIPER_VOICES, *KOKORO_VOICES)
    guess = did_you_mean(name, known)
    listed = f"The models are: {', '.join(store.manifest.models)}; voices: skydeck models voices."
    return WrongUse(f"There is no model called {quoted(name)}.", hint=f"{guess} {listed}".strip())
