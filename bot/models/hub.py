"""Hugging Face's hub, or the mirror that HF_ENDPOINT names: where models' authors publish them.

`huggingface_hub` knows the addresses, the user's token (HF_TOKEN), HF_HUB_OFFLINE and proxies. Its
own download forgets a file that breaks off, so this module fetches the bytes itself.
"""

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from bot.errors import WeightsError
from bot.extras import extra_command
from bot.models.hub_file import HubFileRef
from bot.models.lock import exclusive
from bot.models.progress import Advance

ASK_S: Final = 4.0
"""How long the hub may take to say what a file is, name resolution included."""
MAX_BYTES: Final = 50 * 10**9
"""The largest file that is fetched."""
_CONNECT_S: Final = 10.0
"""How long a connection may take: firewalls may let the hub through, and not its files' servers."""
_READ_S: Final = 30.0
"""How long a download may stand still."""
_ATTEMPTS: Final = 4
"""How often a download continues without a new byte in between."""
_PAUSE_S: Final = 1.0
_FOLDER: Final = "hub"
_OFFLINE: Final = "HF_HUB_OFFLINE is set"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HTTP_NOT_FOUND: Final = 404
_HTTP_UNPROCESSED: Final = frozenset({407, 408, 429})
_HTTP_SERVER_ERROR: Final = 500
_HTTP_PARTIAL: Final = 206
_HTTP_NO_SUCH_RANGE: Final = 416

T = TypeVar("T")


class HubUnreachableError(Exception):
    """The hub does not answer, or may not be asked; says why."""


class HubRefusedError(Exception):
    """The hub answers, but does not give this file; says why."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the hub says about a file: where it is, its size, and its hash if it is a large one."""

    url: str
    bytes: int
    sha256: str


class Hub:
    """The hub. Every method blocks.

    Args:
        endpoint: Its URL; None: as HF_ENDPOINT says, else the hub itself.
        ask_s: How long it may take to answer a question about a file.
    """

    def __init__(self, endpoint: str | None = None, *, ask_s: float = ASK_S) -> None:
        self._endpoint = endpoint
        self._ask_s = ask_s

    @property
    def host(self) -> str:
        """The host to show to people; without a user name or a password."""
        return urlsplit(self._endpoint or _library().constants.ENDPOINT).hostname or "?"

    def look_up(self, ref: HubFileRef) -> RemoteFile:
        """Ask for a file's size and hash.

        Raises:
            HubUnreachableError: The hub does not answer in time.
            HubRefusedError: It has no such file, or does not give it.
        """
        library = _library()
        if library.constants.HF_HUB_OFFLINE:
            raise HubUnreachableError(_OFFLINE)

        def ask() -> Any:
            url = library.hf_hub_url(
                ref.repo, ref.path, revision=ref.revision, endpoint=self._endpoint
            )
            found = library.get_hf_file_metadata(
                url, timeout=self._ask_s, library_name="skydeck", endpoint=self._endpoint
            )
            return url, found

        try:
            # Name resolution has no time limit of its own.
            url, found = _within(self._ask_s, ask)
        except Exception as e:  # noqa: BLE001  (the library lets its own libraries' errors through)
            raise _explained(e) from None
        if found.size is None or not 0 < found.size <= MAX_BYTES:
            raise HubRefusedError("the hub does not say how large it is, or it is too large")
        etag = str(found.etag or "")
        return RemoteFile(url, found.size, etag if _SHA256.fullmatch(etag) else "")

    def download(
        self, remote: RemoteFile, part: Path, advance: Advance, *, sha256: str = ""
    ) -> None:
        """Fetch a file into `part`, and check its hash; continue where an earlier call broke off.

        Args:
            remote: The file.
            part: Where it is written; what has arrived stays when the connection breaks.
            advance: Counts the bytes, also those that were there before.
            sha256: The hash that it must have; empty: what the hub says, if it does.

        Raises:
            HubUnreachableError: The connection breaks again and again.
            HubRefusedError: The hub does not give the file, or gives another.
            OSError: The disk is full (ENOSPC), or the file system refuses something else.
        """
        part.parent.mkdir(parents=True, exist_ok=True)
        expected = sha256 or remote.sha256
        is_fresh = size_of(part) == 0
        self._complete(remote, part, advance)
        if not expected or _sha256(part) == expected:
            return
        part.unlink()
        advance(-remote.bytes)
        if is_fresh:
            raise HubRefusedError("the hub's file has another hash")
        self.download(remote, part, advance, sha256=sha256)  # the old part belonged to another file

    def _complete(self, remote: RemoteFile, part: Path, advance: Advance) -> None:
        if size_of(part) > remote.bytes:
            part.unlink()
        advance(size_of(part))
        left = _ATTEMPTS
        while (have := size_of(part)) < remote.bytes:
            try:
                self._continue(remote, part, have, advance)
                trouble = HubUnreachableError("its answers end too early")
            except HubUnreachableError as e:
                trouble = e
            if size_of(part) >= remote.bytes:
                return
            left = _ATTEMPTS if size_of(part) > have else left - 1
            if not left:
                raise trouble
            time.sleep(_PAUSE_S)

    def _continue(self, remote: RemoteFile, part: Path, have: int, advance: Advance) -> None:
        import httpx2  # noqa: PLC0415  (the hub's client lets its errors through)

        headers = dict(_library().utils.build_hf_headers(library_name="skydeck"))
        headers["Accept-Encoding"] = "identity"  # so that ranges count the file's own bytes
        if have:
            headers["Range"] = f"bytes={have}-"
        session = _library().utils.get_session()
        limits = httpx2.Timeout(_READ_S, connect=_CONNECT_S)
        try:
            with session.stream("GET", remote.url, headers=headers, timeout=limits) as response:
                if have and response.status_code == _HTTP_NO_SUCH_RANGE:
                    part.unlink()
                    advance(-have)
                    return
                response.raise_for_status()
                if have and response.status_code != _HTTP_PARTIAL:  # it begins at the beginning
                    advance(-have)
                    have = 0
                _write(response.iter_bytes(), part, have, remote.bytes, advance)
        except httpx2.HTTPStatusError as e:
            raise _of_status(e.response.status_code) from None
        except httpx2.HTTPError as e:
            raise HubUnreachableError(_words(e)) from None


def repository_folder(repo: str, weights: Path) -> Path:
    """Where a repository's files are kept."""
    return weights / _FOLDER / repo.replace("/", "--")


def part_of(file: Path) -> Path:
    """Where a file is written until it is whole."""
    return file.with_name(f".{file.name}.part")


@contextmanager
def exclusive_folder(weights: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let one process at a time fetch into the model folder.

    Raises:
        WeightsError: The folder cannot be written.
    """
    try:
        weights.mkdir(parents=True, exist_ok=True)
        lock = exclusive(weights / ".lock", on_wait)
        with lock:
            yield
    except OSError as e:
        raise WeightsError(
            f"The model folder {weights} cannot be used: {e.strerror or e}.",
            hint="Set SKYDECK_WEIGHTS_DIR to a writable folder.",
        ) from None


@contextmanager
def explained(what: str, setting: str) -> Iterator[None]:
    """Say to people why something cannot be fetched, and what to do about it.

    Raises:
        WeightsError: The hub has no such file, refuses it or cannot be reached, or the disk does.
    """
    try:
        yield
    except HubRefusedError as e:
        raise WeightsError(f"{what} cannot be fetched: {e}.", hint=_hint(e, setting)) from None
    except HubUnreachableError as e:
        raise WeightsError(
            f"{what} cannot be fetched: the hub does not answer ({e}).",
            hint=f"{_how_to_reach(e)} What was fetched is kept.",
        ) from None
    except OSError as e:
        raise WeightsError(f"{what} cannot be stored: {e.strerror}.") from None


def _how_to_reach(error: HubUnreachableError) -> str:
    if _OFFLINE in str(error):
        return "Remove HF_HUB_OFFLINE, or fetch the model on another machine."
    return "Check the network, or set HF_ENDPOINT to a mirror."


def _hint(error: HubRefusedError, setting: str) -> str:
    if "licence" in str(error):
        return "Accept its licence on the hub, and set HF_TOKEN."
    return f"Check {setting}, or set HF_TOKEN if the repository is private."


def _library() -> Any:
    try:
        import huggingface_hub  # noqa: PLC0415  (heavy)
        from huggingface_hub import constants, errors, utils  # noqa: F401, PLC0415
    except ImportError:
        raise WeightsError(
            "huggingface_hub is not installed.", hint=extra_command("local")
        ) from None
    except ValueError:  # it reads numbers from the environment while it loads
        raise WeightsError(
            "huggingface_hub cannot be loaded.",
            hint="Check the variables whose names begin with HF_HUB_; numbers must be whole.",
        ) from None
    return huggingface_hub


def _within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns; a thread that is still busy then is left to itself.

    Raises:
        TimeoutError: It takes longer.
    """
    answers: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as e:  # noqa: BLE001  (raised in the caller's thread)
            errors.append(e)

    thread = threading.Thread(target=run, name="hub", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError
    return answers[0]


def _explained(error: Exception) -> Exception:
    """The library's error as one of ours."""
    from huggingface_hub import errors  # noqa: PLC0415  (heavy)

    match error:
        case errors.GatedRepoError():
            return HubRefusedError("it needs your consent to its licence")
        case (
            errors.RepositoryNotFoundError()
            | errors.EntryNotFoundError()
            | errors.RevisionNotFoundError()
            | errors.HFValidationError()
        ):
            return HubRefusedError("the hub has no such file")
        case errors.HfHubHTTPError():
            return _of_status(error.response.status_code)
    return HubUnreachableError(_words(error))


def _of_status(status: int) -> Exception:
    if status >= _HTTP_SERVER_ERROR or status in _HTTP_UNPROCESSED:
        return HubUnreachableError(f"HTTP {status}")
    if status == _HTTP_NOT_FOUND:
        return HubRefusedError("the hub has no such file")
    return HubRefusedError(f"the hub answers HTTP {status}")


def _words(error: Exception) -> str:
    """A connection's error in words, without an address, which may hold a password."""
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "no answer in time"
    said = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    return said[1] if said else "no connection"


def _write(chunks: Any, part: Path, have: int, limit: int, advance: Advance) -> None:
    """Append what comes after the first `have` bytes."""
    with part.open("r+b" if have else "wb") as out:
        out.seek(have)
        for chunk in chunks:
            have += len(chunk)
            if have > limit:
                out.truncate(0)
                raise HubRefusedError("the hub sends more than it said")
            out.write(chunk)
            advance(len(chunk))
        out.flush()
        os.fsync(out.fileno())  # before it gets its final name: the machine may lose power


def size_of(path: Path) -> int:
    """A file's size in bytes; 0: there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
