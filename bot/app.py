"""The composition root: settings in, services out; one exit stack closes everything."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import BadSettings, WeightsError
from bot.runpod import Endpoint, RunPodClient
from bot.settings import Settings
from bot.weights import WeightStore

Fetch = Callable[[WeightStore, list[str]], object]
"""Fetches the models of these names that are missing, and shows its progress; blocking."""

ALL_SERVICES = frozenset(Service)


@dataclass(frozen=True, slots=True)
class Services:
    """The three services, ready to be called."""

    client: RunPodClient
    embedded: bool


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings, *, fetch: Fetch, only: Collection[Service] = ALL_SERVICES
) -> AsyncIterator[Services]:
    """Connect to RunPod, or start the services in this process when there is no key.

    Args:
        settings: All settings.
        fetch: How missing model files are fetched.
        only: The services that will be called.

    Raises:
        BadSettings: An endpoint id is missing.
        WeightsError: The local models are not there and cannot be fetched.
    """
    async with contextlib.AsyncExitStack() as stack:
        key = settings.runpod_api_key
        base_url = str(settings.runpod_base_url)
        if key is None:
            key = SecretStr(secrets.token_urlsafe())
            base_url = await stack.enter_async_context(embedded(settings, key, fetch, only=only))
        client = RunPodClient(
            base_url, key, {s: _endpoint(settings, s) for s in only}, clock=SystemClock()
        )
        yield Services(await stack.enter_async_context(client), settings.embedded)


@contextlib.asynccontextmanager
async def embedded(
    settings: Settings,
    key: SecretStr,
    fetch: Fetch,
    *,
    only: Collection[Service] = ALL_SERVICES,
    port: int = 0,
) -> AsyncIterator[str]:
    """Run the services in this process, behind RunPod's routes on loopback; gives the base URL.

    Raises:
        WeightsError: The models are not there and cannot be fetched.
    """
    try:
        from bot.workers.build import build_workers, models_needed  # noqa: PLC0415  (an extra)
        from bot.workers.server import embedded_server  # noqa: PLC0415
    except ImportError as e:
        raise WeightsError(
            f"The local services need {e.name}.",
            hint="pip install 'skydeck[local]', or set RUNPOD_API_KEY.",
        ) from e
    store = WeightStore(settings.skydeck_weights_dir)
    fetch(store, models_needed(settings, only))

    def folder(name: str) -> Path:
        return store.ensure([name])[name]

    workers = build_workers(settings, folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(workers.close)
        yield await stack.enter_async_context(
            embedded_server(
                {name: h for name, h in workers.handlers.items() if h.service in only},
                key=key,
                port=port,
                queue_limit=settings.skydeck_queue_limit,
                clock=SystemClock(),
            )
        )


def _endpoint(settings: Settings, service: Service) -> Endpoint:
    name = service.value.lower()
    endpoint_id = name if settings.embedded else getattr(settings, f"{name}_endpoint_id")
    if not endpoint_id:
        raise BadSettings(
            f"{name.upper()}_ENDPOINT_ID is not set, so {name.capitalize()} cannot be called.",
            hint="Put the endpoint's id from RunPod's console into .env.",
        )
    return Endpoint(
        service,
        endpoint_id,
        mode=getattr(settings, f"{name}_mode"),
        deadline_s=getattr(settings, f"{name}_deadline_s"),
    )
