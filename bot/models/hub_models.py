"""Models that are in no manifest: their names, their files at the hub, and how to fetch them."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.asr_source import PREFIX, WhisperName, WhisperRepository, find_repository, find_whisper
from bot.errors import WeightsError
from bot.llm_source import HubFile, read_llm
from bot.models.hub import (
    Hub,
    HubRefusedError,
    RemoteFile,
    exclusive_folder,
    explained,
    part_of,
    repository_folder,
    size_of,
)
from bot.models.hub_file import HubFileRef
from bot.models.progress import Meter, Phase, Progress, Sink, ignore
from bot.voices.voice_names import KokoroVoiceName, PiperVoiceName, find_voice

_PIPER: Final = ("rhasspy/piper-voices", "375a0fe641dea077c2a47b4e9a056d6da521eed3")
"""The commit behind the tag v1.0.0."""
_KOKORO: Final = (
    "onnx-community/Kokoro-82M-v1.0-ONNX",
    "1939ad2a8e416c0acfeecc08a694d14ef25f2231",
)
KOKORO_MODEL: Final = "onnx/model_quantized.onnx"


@dataclass(frozen=True, slots=True)
class HubModel:
    """Files of one repository that are used together.

    Attributes:
        name: The name to show, and for `skydeck models pull`.
        repo: The repository, as owner/name.
        revision: A commit, or a branch if nobody has pinned it.
        files: What it needs, the largest last: with it, all is there.
        optional: What it uses if the repository has it.
    """

    name: str
    repo: str
    revision: str
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def folder(self, weights: Path) -> Path:
        """Where its files are kept."""
        return repository_folder(self.repo, weights)

    def is_in(self, weights: Path) -> bool:
        """Whether all that it needs is there."""
        return all((self.folder(weights) / file).is_file() for file in self.files)

    def ref(self, file: str) -> HubFileRef:
        """Where one of its files is."""
        return HubFileRef(self.repo, file, self.revision)

    def named(self, file: str) -> str:
        """The model and one of its files, for an error."""
        ref = str(self.ref(file))
        return ref if ref == self.name else f"{self.name} ({ref})"


def piper_model(voice: PiperVoiceName) -> HubModel:
    """The files of a Piper voice."""
    return HubModel(voice.name, *_PIPER, (f"{voice.path}.json", voice.path))


def kokoro_model(voice: KokoroVoiceName) -> HubModel:
    """The files of a Kokoro voice; all voices share the model."""
    return HubModel(voice.name, *_KOKORO, (f"voices/{voice.name}.bin", KOKORO_MODEL))


def voice_model(voice: PiperVoiceName | KokoroVoiceName) -> HubModel:
    """The files of a voice."""
    return piper_model(voice) if isinstance(voice, PiperVoiceName) else kokoro_model(voice)


def gguf_model(source: HubFile) -> HubModel:
    """A language model of one file."""
    return HubModel(f"hf:{source.repo}/{source.file}", source.repo, "main", (source.file,))


def whisper_model(source: WhisperName | WhisperRepository) -> HubModel:
    """A Whisper model for CTranslate2."""
    optional = ("preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
    needed = ("config.json", "tokenizer.json", "model.bin")
    return HubModel(source.name, source.repo, source.revision, needed, optional)


def find_hub_model(name: str) -> HubModel | None:
    """The model of this name: a voice, a Whisper model, or a GGUF file; None: there is none."""
    if (voice := find_voice(name)) is not None:
        return voice_model(voice)
    if name.startswith(PREFIX) and (whisper := find_whisper(name.removeprefix(PREFIX))):
        return whisper_model(whisper)
    if not name.lower().startswith("hf:"):
        return None
    if (repository := find_repository(name)) is not None:
        return whisper_model(repository)
    with contextlib.suppress(ValueError):
        source = read_llm(name)
        return gguf_model(source) if isinstance(source, HubFile) else None
    return None


def pulled_piper_voices(weights: Path) -> list[str]:
    """The names of the Piper voices in this folder."""
    folder = repository_folder(_PIPER[0], weights)
    files = folder.glob("*/*/*/*/*.onnx") if folder.is_dir() else ()
    return sorted(file.stem for file in files if Path(f"{file}.json").is_file())


def kokoro_folder(weights: Path) -> Path:
    """Where pulled Kokoro files are."""
    return repository_folder(_KOKORO[0], weights)


def ensure_hub_model(
    model: HubModel,
    weights: Path,
    *,
    setting: str,
    hub: Hub | None = None,
    progress: Sink = ignore,
    again: bool = False,
) -> Path:
    """Return a model's folder; fetch what is missing. Blocks.

    Args:
        model: The model.
        weights: The folder of all models.
        setting: The setting that names it, for the error.
        hub: The hub; None: the one that huggingface_hub is set to.
        progress: Receives progress events.
        again: Fetch also what is there; the old files stay until the new ones are whole.

    Raises:
        WeightsError: A file cannot be fetched, or there is no room.
    """
    if model.is_in(weights) and not again:
        return model.folder(weights)
    hub = hub or Hub()
    with exclusive_folder(weights, lambda: progress(Progress(Phase.WAITING))):
        remotes = _look_up(hub, model, weights, setting, again=again)
        progress(Progress(Phase.SOURCE, note=f"From the authors' hub, {hub.host}."))
        total = sum(remote.bytes for remote in remotes.values())
        begun = sum(size_of(part_of(model.folder(weights) / file)) for file in remotes)
        _refuse_without_room(weights, total - begun)
        advance = Meter(progress, Phase.FETCHING, total).of(model.name)
        for file, remote in remotes.items():
            target = model.folder(weights) / file
            with explained(model.named(file), setting):
                hub.download(remote, part_of(target), advance)
                part_of(target).replace(target)
    return model.folder(weights)


def remove_hub_model(model: HubModel, weights: Path) -> int:
    """Delete a model's files, and what an interrupted fetch left; returns the bytes freed.

    The model that all of Kokoro's voices share stays while another of them is here.

    Raises:
        WeightsError: A file cannot be deleted.
    """
    freed = 0
    try:
        gone = {*model.files, *model.optional} - _needed_by_others(model, weights)
        whole = [model.folder(weights) / file for file in sorted(gone)]
        for path in (*whole, *map(part_of, whole)):
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
    except OSError as e:
        raise WeightsError(
            f"{model.name} cannot be deleted: {e.strerror}.",
            hint=f"Check the permissions of {model.folder(weights)}.",
        ) from None
    return freed


def _needed_by_others(model: HubModel, weights: Path) -> frozenset[str]:
    if model.repo != _KOKORO[0]:
        return frozenset()
    others = (model.folder(weights) / "voices").glob("*.bin")
    is_shared = any(f"voices/{voice.name}" not in model.files for voice in others)
    return frozenset({KOKORO_MODEL} if is_shared else ())


def _look_up(
    hub: Hub, model: HubModel, weights: Path, setting: str, *, again: bool
) -> dict[str, RemoteFile]:
    """Ask for every file to fetch first: nothing is fetched of a model that cannot be complete."""
    found: dict[str, RemoteFile] = {}
    for file in (*model.optional, *model.files):
        if (model.folder(weights) / file).is_file() and not again:
            continue
        with explained(model.named(file), setting):
            try:
                found[file] = hub.look_up(model.ref(file))
            except HubRefusedError:
                if file not in model.optional:
                    raise
    return found


def _refuse_without_room(weights: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(weights).free
    if free < needed_bytes:
        raise WeightsError(
            f"Not enough disk space: {needed_bytes / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB "
            f"free in {weights}.",
            hint="Free some space, or set SKYDECK_WEIGHTS_DIR to another disk.",
        )
