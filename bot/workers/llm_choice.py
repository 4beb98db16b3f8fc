"""Chooses the local language models: one for text, and one that is quick enough for voice.

The larger model answers more questions correctly, and begins to speak later: on slow cores too late
for a conversation. `docs/quality.md` has the figures.
"""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from bot.llm_source import SMALL, TINY, GgufFile, Listed, LlmSource, read_llm
from bot.memory import usable_memory_bytes
from bot.processors import usable_processors
from bot.settings import Settings

MIN_MEMORY_GIB: Final = 4.5
"""With less memory, the larger model leaves no room: it takes 1.9 GiB, the smaller one 0.7, speech
recognition and the voice 0.8."""
MAX_FIRST_SOUND_S: Final = 2.0
"""The longest wait for the first sound of a spoken answer."""
_MODEL_GIB: Final = {TINY: 0.7, SMALL: 1.9}
_SPEECH_GIB: Final = 0.8
_REST_GIB: Final = 0.2
RECOGNITION_AND_SYNTHESIS_S: Final = 0.45
"""What recognition and synthesis add to the language model's first sentence; measured on two slow
cores."""
_TRIAL_FILE: Final = "llm-trial.json"
_MAX_TRIAL_S: Final = 3600
_GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on.

    Attributes:
        memory_bytes: What this process may use.
        cores: How many processor cores it may use.
        threads: SKYDECK_THREADS; 0: our choice.
    """

    memory_bytes: int
    cores: int
    device: str
    threads: int

    @property
    def fits_small(self) -> bool:
        """Whether the larger model fits beside everything else."""
        return self.memory_bytes >= MIN_MEMORY_GIB * _GIB


@dataclass(frozen=True, slots=True)
class Trial:
    """How soon a model had written its first sentence, in seconds, and on which machine."""

    model: str
    first_sentence_s: float
    cores: int
    device: str
    threads: int

    def holds_for(self, machine: Machine) -> bool:
        """Whether it was measured on a machine like this one."""
        return (self.cores, self.device, self.threads) == (
            machine.cores,
            machine.device,
            machine.threads,
        )

    @property
    def first_sound_s(self) -> float:
        """When a spoken answer begins, counted from the end of the question."""
        return self.first_sentence_s + RECOGNITION_AND_SYNTHESIS_S


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """The language models of this machine; often the same for both.

    Attributes:
        text: For chat, Grace and the Factory.
        voice: For spoken turns.
        why: One line for people.
        needs_trial: Whether a measurement is to decide the model for voice.
    """

    text: LlmSource
    voice: LlmSource
    why: str
    needs_trial: bool = False

    @property
    def sources(self) -> tuple[LlmSource, ...]:
        """Each model once."""
        return tuple(dict.fromkeys((self.text, self.voice)))


def choose(setting: str, machine: Machine, trial: Trial | None) -> LlmChoice:
    """Choose the models.

    Args:
        setting: SKYDECK_LLM.
        machine: This machine.
        trial: The kept measurement of the larger model, if there is one.

    Raises:
        ValueError: The setting is none of its forms.
    """
    wanted = read_llm(setting)
    if wanted is not None:
        return LlmChoice(wanted, wanted, "as the settings say")
    gib = machine.memory_bytes / _GIB
    if not machine.fits_small:
        why = f"{gib:.1f} GiB of memory; the larger model needs {MIN_MEMORY_GIB}"
        return LlmChoice(Listed(TINY), Listed(TINY), why)
    if trial is None or not trial.holds_for(machine):
        why = "the first start measures whether the larger one is quick enough"
        return LlmChoice(Listed(SMALL), Listed(TINY), why, needs_trial=True)
    quick = trial.first_sound_s <= MAX_FIRST_SOUND_S
    voice = Listed(SMALL if quick else TINY)
    limit = "within" if quick else "over"
    why = (
        f"with the larger model a spoken answer begins after {trial.first_sound_s:.1f} s, "
        f"{limit} the limit of {MAX_FIRST_SOUND_S:.0f} s"
    )
    return LlmChoice(Listed(SMALL), voice, why)


def needed_gib(choice: LlmChoice, *, speaks: bool) -> float:
    """Roughly how much memory the local models take once all are loaded, in GiB.

    Args:
        choice: The language models; the operator's own file counts with its size, one at the hub
            does not count.
        speaks: Whether speech is recognised and spoken on this machine.
    """
    models = sum(map(_model_gib, choice.sources))
    return models + (_SPEECH_GIB if speaks else 0.0) + _REST_GIB


def _model_gib(source: LlmSource) -> float:
    match source:
        case Listed(name):
            return _MODEL_GIB.get(name, _MODEL_GIB[SMALL])
        case GgufFile(path):
            with contextlib.suppress(OSError):
                return path.stat().st_size / _GIB
    return 0.0


def this_machine(settings: Settings) -> Machine:
    """Describe this machine as far as the choice depends on it."""
    return Machine(
        memory_bytes=usable_memory_bytes(),
        cores=usable_processors(),
        device=settings.skydeck_device.value,
        threads=settings.skydeck_threads,
    )


def present_choice(settings: Settings) -> LlmChoice:
    """Return the choice as far as it is known now, without measuring."""
    trial = read_trial(settings.skydeck_weights_dir)
    return choose(settings.skydeck_llm, this_machine(settings), trial)


def settle_choice(settings: Settings, measure: Callable[[], float | None]) -> LlmChoice:
    """Return the final choice; measures the larger model if that was never done here.

    Args:
        settings: All settings.
        measure: Returns how soon the larger model writes its first sentence, in seconds; None: the
            machine is too busy to tell, and the next start tries again. Blocks.
    """
    choice = present_choice(settings)
    if not choice.needs_trial:
        return choice
    machine = this_machine(settings)
    seconds = measure()
    if seconds is None:
        why = "the machine was too busy to measure the larger model; the next start tries again"
        return LlmChoice(Listed(SMALL), Listed(TINY), why)
    trial = Trial(SMALL, round(seconds, 2), machine.cores, machine.device, machine.threads)
    keep_trial(settings.skydeck_weights_dir, trial)
    return choose(settings.skydeck_llm, machine, trial)


def read_trial(folder: Path) -> Trial | None:
    """Read the kept measurement; None: there is none that can be read."""
    file = folder / _TRIAL_FILE
    try:
        if not file.is_file():  # a pipe would be waited for
            return None
        trial = TypeAdapter(Trial).validate_json(file.read_bytes(), strict=True)
    except (OSError, ValueError):
        return None
    return trial if trial.model == SMALL and 0 <= trial.first_sentence_s < _MAX_TRIAL_S else None


def keep_trial(folder: Path, trial: Trial) -> None:
    """Keep a measurement; where the folder cannot be written, the next start measures again."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{_TRIAL_FILE}.{os.getpid()}"
        try:
            part.write_text(json.dumps(asdict(trial)), encoding="utf-8")
            part.replace(folder / _TRIAL_FILE)
        finally:
            part.unlink(missing_ok=True)
