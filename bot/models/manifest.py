"""The models, the files they consist of, and the wheels that carry those files."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.errors import WrongUse
from bot.models.hub_file import HubFileRef
from bot.sanitize import quoted

MANIFEST = Path(__file__).with_name("models.toml")
SPEECH_MODELS: Final = ("silero-vad", "smart-turn-v3.2")
"""The models that detect speech and the ends of turns; conversations load them, services do not."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# A plain name: it becomes a file or folder inside the store and must not point outside.
PlainName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
HubPath = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*)?$")
]
Bytes = Annotated[int, Field(gt=0)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wheel(_Entry):
    """A wheel as the registry serves it."""

    name: PlainName
    version: PlainName
    bytes: Bytes
    sha256: Sha256

    @property
    def requirement(self) -> str:
        """The requirement to give pip."""
        return f"{self.name}=={self.version}"

    @property
    def file_name(self) -> str:
        """The name in the cache until its models are assembled."""
        return f"{self.name}-{self.version}.whl"


class HubRepository(_Entry):
    """A repository at the hub: owner/name, and a commit, a tag or a branch."""

    repo: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]
    revision: PlainName


class ModelFile(_Entry):
    """One file of a model, as its authors publish it, and as members of wheels, concatenated."""

    name: PlainName
    bytes: Bytes
    sha256: Sha256
    parts: tuple[tuple[str, str], ...] = Field(min_length=1)
    """(wheel, member), in order."""
    hub_path: HubPath = ""
    """The path in the model's repository at the hub; empty: as `name`."""


class Model(_Entry):
    """A model: a folder of files."""

    name: PlainName
    role: str
    licence: str
    source: str
    """The original publisher of the files, before they were packed into wheels."""
    hub: HubRepository | None = None
    """Where the authors publish it; None: not at the hub."""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(f.bytes for f in self.files)

    def hub_file(self, file: ModelFile) -> HubFileRef | None:
        """Where the hub has one of its files; None: nowhere."""
        if self.hub is None:
            return None
        return HubFileRef(self.hub.repo, file.hub_path or file.name, self.hub.revision)


class Manifest(_Entry):
    """All models that can be fetched."""

    models: dict[str, Model]
    wheels: dict[str, Wheel]

    @model_validator(mode="before")
    @classmethod
    def _keys_are_names(cls, data: dict[str, dict[str, dict[str, object]]]) -> object:
        return {
            table: {name: {"name": name, **entry} for name, entry in entries.items()}
            for table, entries in data.items()
        }

    @model_validator(mode="after")
    def _parts_have_wheels(self) -> Self:
        for model in self.models.values():
            for wheel, member in (part for file in model.files for part in file.parts):
                if wheel not in self.wheels:
                    raise ValueError(f"{model.name}: {member} is in a wheel that is not listed")
        return self

    def pick(self, names: Iterable[str]) -> list[Model]:
        """The models with these names, each once, in the order given.

        Raises:
            WrongUse: No model has one of the names.
        """
        wanted = list(dict.fromkeys(names))
        for name in wanted:
            if name not in self.models:
                raise WrongUse(
                    f"There is no model called {quoted(name)}.",
                    hint=f"The models are: {', '.join(self.models)}.",
                )
        return [self.models[name] for name in wanted]

    def wheels_of(self, files: Iterable[ModelFile]) -> list[Wheel]:
        """The wheels that carry these files, each once, in the order needed."""
        names = dict.fromkeys(wheel for file in files for wheel, _ in file.parts)
        return [self.wheels[name] for name in names]


def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read a manifest; by default the one that comes with skydeck.

    Raises:
        pydantic.ValidationError: The manifest contradicts itself.
    """
    return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
