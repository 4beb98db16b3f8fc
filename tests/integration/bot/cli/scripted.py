"""`skydeck` before scripted services: Penny with a scripted model, and echoes for the others."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.contract import Request, Response, Service
from bot.workers.penny.handler import PennyHandler
from bot.workers.protocols import Delivery
from tests.fakes.command_line import skydeck
from tests.fakes.discord_bot import KEY
from tests.fakes.handlers import Scripted
from tests.fakes.language_model import ScriptedModel
from tests.unit.bot.workers.penny.test_prepare import Ear
from tests.unit.bot.workers.penny.test_speech import Voice


def handlers(
    model: ScriptedModel, work: Callable[[Request], AsyncIterator[Response]]
) -> dict[str, Any]:
    """The three services by endpoint: `work` is what Grace and the Factory do."""
    return {
        "penny": PennyHandler(stt=Ear(""), llm=model, tts=Voice(), clock=SystemClock()),
        "grace": Scripted(work, service=Service.GRACE, delivery=Delivery.REPLY),
        "factory": Scripted(work, service=Service.FACTORY),
    }


async def skydeck_at(
    url: str, folder: Path, *args: str, **more: Any
) -> "subprocess.CompletedProcess[str]":
    """Run the command in a folder, with the services at an address."""
    return await asyncio.to_thread(
        skydeck,
        *args,
        cwd=folder,
        RUNPOD_API_KEY=KEY,
        RUNPOD_BASE_URL=url,
        PENNY_ENDPOINT_ID="penny",
        GRACE_ENDPOINT_ID="grace",
        FACTORY_ENDPOINT_ID="factory",
        SKYDECK_DATABASE_URL=f"sqlite:///{folder}/deck.db",
        **{"XDG_RUNTIME_DIR": str(folder), **more},  # no test counts another's actions
    )
