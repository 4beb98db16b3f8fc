"""Finds the running service, or starts it, and holds it for as long as a command needs it."""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path
from typing import Final, Self

import aiohttp

import bot
from bot.clock import Clock
from bot.errors import WeightsError
from bot.loading import LoadPart, begins
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import NONCE, PROOF, Record, kind_of, proof, proves
from bot.local_service.start import start
from bot.models.manifest import SPEECH_MODELS
from bot.settings import Settings

_ANSWERS_S: Final = 10.0
"""How long a busy machine may take to answer what needs no model."""
_CLOSING_S: Final = 15.0
"""How long an ended service may take to close."""

Prepare = Callable[[], Awaitable[None]]
"""Fetches what the service loads, and shows a person its progress."""


class Held:
    """A service that stays as long as the block in which it is held.

    Attributes:
        record: Where it is, and its key.
        was_started: Whether it was started for this command.
    """

    def __init__(
        self, session: aiohttp.ClientSession, record: Record, answer: aiohttp.ClientResponse
    ) -> None:
        self.record = record
        self.was_started = False
        self._session = session
        self._answer = answer

    @classmethod
    async def take(cls, session: aiohttp.ClientSession, record: Record) -> "Self | None":
        """Hold the service of this record; None: it is not there any more.

        Raises:
            CannotShare: It does not answer.
        """
        nonce = secrets.token_hex()
        headers = {NONCE: nonce, PROOF: proof(record.key, "client", nonce)}
        try:
            async with asyncio.timeout(_ANSWERS_S):
                answer = await session.get(record.own_url + "hold", headers=headers)
        except TimeoutError:
            raise CannotShare(
                f"the service that keeps them (process {record.pid}) does not answer; "
                "`skydeck serve --stop` ends it"
            ) from None
        except (aiohttp.ClientError, OSError, ValueError):
            return None
        shown = answer.headers.get(PROOF, "")
        if answer.status == 200 and proves(shown, record.key, "service", nonce):  # noqa: PLR2004
            return cls(session, record, answer)
        answer.close()  # a strange program at its port, or it is about to end
        return None

    async def warm_up(self, services: Collection[str]) -> None:
        """Load the models of these services; says which begin (`bot.loading.begins`).

        Raises:
            WeightsError: They cannot be loaded.
        """
        async with self._asked("POST", f"warm-up?services={','.join(sorted(services))}") as answer:
            async for line in answer.content:
                said = json.loads(line)
                if trouble := said.get("error"):
                    raise WeightsError(str(trouble))
                if part := said.get("begins"):
                    begins(LoadPart(part))

    async def users(self) -> int:
        """How many commands use it, this one among them."""
        _, said = await self._ask("GET", "status", timeout_s=_ANSWERS_S)
        users = said.get("users")
        return users if isinstance(users, int) else 0

    async def end(self, *, unused: bool = False) -> bool:
        """End it, and wait until it is gone.

        Args:
            unused: Only if no other command uses it.

        Returns:
            Whether it ends.
        """
        suffix = "?unused=1" if unused else ""
        status, _ = await self._ask("POST", f"end{suffix}", timeout_s=_ANSWERS_S)
        if status == 409:  # noqa: PLR2004  (Conflict)
            return False
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await self._answer.read()  # it lasts as long as the service
        return True

    def close(self) -> None:
        """Let it go."""
        self._answer.close()

    async def _ask(
        self, method: str, path: str, *, timeout_s: float | None = None
    ) -> tuple[int, dict[str, object]]:
        async with self._asked(method, path, timeout_s=timeout_s) as answer:
            return answer.status, dict(await answer.json())

    @contextlib.asynccontextmanager
    async def _asked(
        self, method: str, path: str, *, timeout_s: float | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Authorization": f"Bearer {self.record.key}"}
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(
                    method, self.record.own_url + path, headers=headers
                ) as answer,
            ):
                yield answer
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as e:
            why = f"the service that keeps them went away ({type(e).__name__})"
            raise CannotShare(why) from None


@contextlib.asynccontextmanager
async def own_session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without limits of time and without proxies: what it talks to is on this machine."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        yield session


@contextlib.asynccontextmanager
async def running_service(record: Record | None) -> AsyncIterator[Held | None]:
    """Hold the service of this record, whatever its kind; None: there is none, and none is started.

    Raises:
        CannotShare: It does not answer.
    """
    async with own_session() as session:
        held = None if record is None else await Held.take(session, record)
        try:
            yield held
        finally:
            if held is not None:
                held.close()


@contextlib.asynccontextmanager
async def shared_service(
    settings: Settings, prepare: Prepare, clock: Clock, *, place: Place | None = None
) -> AsyncIterator[Held]:
    """Hold the running service, or start it.

    Args:
        settings: All settings.
        prepare: Called before a start.
        clock: Waits for other commands that start it, too.
        place: Where it is written down.

    Raises:
        CannotShare: There is none, and it cannot be started, or others use one with other
            settings.
        SkydeckError: `prepare` failed.
    """
    place = place or Place()
    place.open()
    async with own_session() as session:
        held = await _fitting(session, settings, place)
        if held is None:
            await prepare()
            async with place.locked(clock):
                held = await _fitting(session, settings, place)
                if held is None:
                    held = await _started(session, settings, place)
        with contextlib.closing(held):
            yield held


async def _fitting(session: aiohttp.ClientSession, settings: Settings, place: Place) -> Held | None:
    """Hold the running service, if it is what these settings need; end another that is unused.

    Raises:
        CannotShare: Others use it, or it does not answer.
    """
    record = place.read()
    if record is None:
        return None
    held = await Held.take(session, record)
    if held is None:
        return None  # the next one replaces the record
    if record.kind == kind(settings):
        return held
    with contextlib.closing(held):
        if not await held.end(unused=True):
            raise CannotShare("another one uses those that are loaded, with other settings")
    return None


async def _started(session: aiohttp.ClientSession, settings: Settings, place: Place) -> Held:
    place.forget()
    await start(settings, kind(settings), place)
    record = place.read()
    held = None if record is None else await Held.take(session, record)
    if held is None:
        raise CannotShare("the service that keeps them ended as soon as it had started")
    held.was_started = True
    return held


def kind(settings: Settings) -> str:
    """What kind of service these settings need, with this code, these models and this folder."""
    return kind_of(settings, _stamp(settings), str(Path.cwd()))


def _stamp(settings: Settings) -> str:
    """Changes with skydeck's code, with the services' models, and with Grace's catalogue."""
    code = Path(bot.__file__).parent
    files = [*_files(code), *_files(code.parent / "audio")]
    if settings.skydeck_grace_catalogue is not None:
        files.append(str(settings.skydeck_grace_catalogue))
    models = settings.skydeck_weights_dir
    names = sorted(
        one.name
        for folder in (models, models / "hub")
        for one in _inside(folder)
        if one.name not in SPEECH_MODELS
    )
    digest = hashlib.sha256("\0".join(names).encode(errors="surrogateescape"))
    for file in files:
        with contextlib.suppress(OSError):
            found = os.stat(file)  # noqa: PTH116  (hundreds of paths take half as long as text)
            digest.update(
                f"\0{file}\0{found.st_size}\0{found.st_mtime_ns}".encode(errors="replace")
            )
    return digest.hexdigest()


def _files(folder: Path) -> list[str]:
    walk = ((at, name) for at, _, names in os.walk(folder) for name in names)
    return sorted(f"{at}/{name}" for at, name in walk if name.endswith((".py", ".toml")))


def _inside(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
    except OSError:
        return []
