"""Finds the operator's own voices: those that were pulled, and those that the settings name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.errors import BadInput, WeightsError
from bot.languages import find_language, primary
from bot.models.hub_models import KOKORO_MODEL, kokoro_folder, piper_model, pulled_piper_voices
from bot.settings import Settings
from bot.voices.server_voices import read_voice_names
from bot.voices.voice_book import Engine, Voice, VoiceBook
from bot.voices.voice_names import (
    JOE,
    KokoroVoiceName,
    NamedVoice,
    PiperVoiceFile,
    PiperVoiceName,
    VoiceSource,
    find_voice,
    read_voices,
)

_MAX_OWN: Final = 200
"""How many of the operator's own voices are shown."""
_MAX_CONFIG_BYTES: Final = 5_000_000
SETTING: Final = "SKYDECK_VOICES"


def voice_book(settings: Settings) -> VoiceBook:
    """Find all voices of this machine; looks at names only."""
    weights = settings.skydeck_weights_dir
    styles = kokoro_styles(settings)
    chosen = {
        code: _chosen(code, source, weights, styles)
        for code, source in read_voices(settings.skydeck_voices).items()
    }
    return VoiceBook(chosen, (*_pulled(weights), *_kokoro(styles))[:_MAX_OWN])


def voices_are_known(settings: Settings) -> bool:
    """Whether this machine's voices speak, and not those of a worker or a server elsewhere."""
    return settings.embedded and settings.skydeck_tts_url is None


def voices_to_choose(settings: Settings) -> VoiceBook:
    """The voices that somebody can choose; of those elsewhere, the ones that we know of."""
    if voices_are_known(settings):
        return voice_book(settings)
    if not settings.embedded:
        return VoiceBook()
    names = dict.fromkeys(read_voice_names(settings.skydeck_tts_voice).values())
    return VoiceBook(only=tuple(Voice(name, name, Engine.SERVER, "") for name in names))


def voices_needed(settings: Settings) -> list[str]:
    """The names of the voices that speak without being asked for, to be fetched if need be."""
    names = voice_book(settings).models_needed()
    for source in read_voices(settings.skydeck_voices).values():
        match source:
            case PiperVoiceName(name):
                names.append(name)
            case KokoroVoiceName(name) if settings.skydeck_kokoro_dir is None:
                names.append(name)
    return names


def check_voices(settings: Settings) -> str:
    """Say which voice speaks which language.

    Raises:
        WeightsError: A voice that SKYDECK_VOICES names is not there.
    """
    styles = kokoro_styles(settings)
    for source in read_voices(settings.skydeck_voices).values():
        match source:
            case NamedVoice(name) if name != JOE:
                _check_espeak(name)
            case PiperVoiceFile(path):
                check_piper(path)
            case KokoroVoiceName(name) if name not in styles:
                own = settings.skydeck_kokoro_dir
                advice = f"skydeck models pull {name}"
                if own is not None:
                    advice = f"Check SKYDECK_KOKORO_DIR ({own}): an .onnx, and voices/{name}.bin."
                raise WeightsError(f"Kokoro's voice {name} is not there.", hint=advice)
            case PiperVoiceName(name) if not piper_model(source).is_in(
                settings.skydeck_weights_dir
            ):
                raise WeightsError(
                    f"Piper's voice {name} is not there.", hint=f"skydeck models pull {name}"
                )
    return spoken_by(settings)


def spoken_by(settings: Settings) -> str:
    """Say which voice speaks which language, whether it is there or not."""
    book = voice_book(settings)
    spoken = dict.fromkeys(["en", "es", *book.chosen, *(primary(v.language) for v in book.own)])
    voices = ((code, book.choose(code, None)) for code in spoken if code)
    return ", ".join(f"{code}: {voice.name} ({voice.engine})" for code, voice in voices)


def check_piper(path: Path) -> Path:
    """Return the model of a Piper voice: an `.onnx`, or the only one of a folder.

    Raises:
        WeightsError: It is not there, or its configuration is not beside it.
    """
    hint = f"Check {SETTING}: an .onnx file with its .onnx.json, or a folder with both."
    try:
        models = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
        if len(models) != 1 or not models[0].is_file():
            raise WeightsError(f"There is no Piper voice at {path}.", hint=hint)
        config = Path(f"{models[0]}.json")
        if not config.is_file():
            raise WeightsError(f"{config.name} is not beside {models[0]}.", hint=hint)
        if config.stat().st_size > _MAX_CONFIG_BYTES:
            raise WeightsError(f"{config} is too large to be Piper's.", hint=hint)
    except OSError as e:
        raise WeightsError(f"{path} cannot be read: {e.strerror}.", hint=hint) from None
    return models[0]


def _check_espeak(name: str) -> None:
    from bot.workers.penny import espeak  # noqa: PLC0415  (loads a library)

    try:
        espeak.check(name)
    except BadInput:
        raise WeightsError(
            f"eSpeak has no voice {name}.",
            hint=f"Check {SETTING}; `skydeck models voices` lists the voices that can be had.",
        ) from None


def kokoro_model_file(settings: Settings) -> Path | None:
    """The Kokoro model: of SKYDECK_KOKORO_DIR, else the pulled one; None: there is none."""
    own = settings.skydeck_kokoro_dir
    if own is None:
        pulled = kokoro_folder(settings.skydeck_weights_dir) / KOKORO_MODEL
        return pulled if pulled.is_file() else None
    try:
        found = sorted([*own.glob("*.onnx"), *own.glob("onnx/*.onnx")])
    except OSError:
        return None
    return found[0] if found else None


def kokoro_styles(settings: Settings) -> dict[str, Path]:
    """The Kokoro voices that are there, by name; each file holds one voice's styles."""
    folder = settings.skydeck_kokoro_dir or kokoro_folder(settings.skydeck_weights_dir)
    if kokoro_model_file(settings) is None:
        return {}
    try:
        files = sorted((folder / "voices").glob("*.bin"))[:_MAX_OWN]
    except OSError:
        return {}
    return {file.stem: file for file in files if isinstance(find_voice(file.stem), KokoroVoiceName)}


def _chosen(code: str, source: VoiceSource, weights: Path, styles: dict[str, Path]) -> Voice:
    match source:
        case NamedVoice(name):
            return VoiceBook().choose(code, name)
        case PiperVoiceFile(path):
            return Voice(
                path.stem, f"{path.stem} ({_english(code)})", Engine.PIPER, code, file=path
            )
        case PiperVoiceName(name):
            file = piper_model(source).folder(weights) / source.path
            return Voice(name, _label(source), Engine.PIPER, source.locale, file=file)
        case KokoroVoiceName(name):
            file = styles.get(name, kokoro_folder(weights) / "voices" / f"{name}.bin")
            return _kokoro_voice(source, file)


def _pulled(weights: Path) -> Iterator[Voice]:
    for name in pulled_piper_voices(weights):
        if isinstance(voice := find_voice(name), PiperVoiceName):
            file = piper_model(voice).folder(weights) / voice.path
            yield Voice(name, _label(voice), Engine.PIPER, voice.locale, file=file)


def _kokoro(styles: dict[str, Path]) -> Iterator[Voice]:
    for name, file in styles.items():
        yield _kokoro_voice(KokoroVoiceName(name), file)


def _kokoro_voice(voice: KokoroVoiceName, file: Path) -> Voice:
    person = voice.name.partition("_")[2].capitalize()
    label = f"{person} (Kokoro, {_english(voice.language)})"
    return Voice(voice.name, label, Engine.KOKORO, voice.espeak, file=file)


def _label(voice: PiperVoiceName) -> str:
    _, speaker, quality = voice.name.split("-", 2)
    speaker = speaker.replace("_", " ").capitalize()
    return f"{speaker} ({_english(voice.language)}, {voice.locale[-2:]}, {quality})"


def _english(code: str) -> str:
    language = find_language(code)
    return language.english if language else code
