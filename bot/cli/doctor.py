"""`skydeck doctor`: it checks the installation, and says what to do about each fault."""

import asyncio
import dataclasses
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated

import numpy as np
import typer

from audio import codec, isolated, ogg
from audio.discord_voice.datagrams import ReceiveBuffer, probe_receive_buffer
from audio.errors import AudioError
from bot import terminal
from bot.catalogue import load_grace
from bot.cli.health import ask_availability
from bot.cli.health_report import WARMTH_TEXT
from bot.cli.model_checks import language_model_state, memory_state, model_source
from bot.cli.serve_status import in_one_line
from bot.cli.settings_checks import unused
from bot.cli.speech_checks import recognition_state, voices_state
from bot.cli.storage_checks import database_state, free_space
from bot.cluster.discord_time import describe_skew
from bot.contract import Service
from bot.discord_client import Account, check_token, discord_proxy
from bot.errors import BadSettings, ServiceFailed, ServiceUnreachable, SkydeckError, WeightsError
from bot.extras import extra_command
from bot.local_service.place import CannotShare
from bot.models.any_model import missing_models
from bot.models.store import ModelStore
from bot.proxies import describe_proxy, proxy_for
from bot.sanitize import clean_excerpt
from bot.settings import Settings, load_settings, precautions
from bot.workers.build import models_needed
from bot.workers.device import place_llama, place_whisper
from bot.workers.factory.sandbox import find_sandbox
from bot.workers.penny.voice_files import check_voices

_PYTHONS = ((3, 11), (3, 14))


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor checked, whether it is well, and what to do if it is not.

    A finding that `warns` works, but is not safe.
    """

    what: str
    well: bool
    state: str
    advice: str = ""
    warns: bool = False


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False
) -> None:
    """Check settings, keys, endpoints, weights, audio and versions; say what to do about each.

    Example: skydeck doctor
    """
    failed = False
    for finding in _examine():
        failed = failed or not finding.well
        if as_json:
            terminal.out_json(dataclasses.asdict(finding))
        else:
            mark = "FAIL" if not finding.well else "warn" if finding.warns else "ok  "
            terminal.out(f"{mark}  {finding.what}: {clean_excerpt(finding.state)}\n")
            if finding.advice:
                terminal.out(f"        {finding.advice}\n")
    if failed:
        raise typer.Exit(3)


def _examine() -> Iterator[Finding]:
    yield _versions()
    try:
        settings = load_settings()
    except BadSettings as e:
        yield Finding("settings", well=False, state=e.message, advice=e.hint)
        return
    where = "this machine (no RUNPOD_API_KEY)" if settings.embedded else settings.runpod_base_url
    yield Finding("settings", well=True, state=f"services on {where}")
    for words, advice in precautions(settings):
        yield Finding("secrets", well=True, state=words, advice=advice, warns=True)
    for words, advice in unused(settings):
        yield Finding("unused settings", well=True, state=words, advice=advice, warns=True)
    yield _catalogue(settings)
    yield _audio()
    yield _receive_buffer()
    yield _try("database", lambda: database_state(settings))
    yield _try("disk", lambda: free_space(settings))
    if settings.embedded:
        yield from _local(settings)
        yield _claude(settings)
    else:
        yield from _endpoints(settings)
    yield _proxy(settings)
    yield from _discord(settings)


def _versions() -> Finding:
    python = ".".join(map(str, sys.version_info[:3]))
    well = _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]
    return Finding(
        "versions",
        well=well,
        state=f"skydeck {version('skydeck')}, Python {python}, httpx {version('httpx')}",
        advice="" if well else "Use Python 3.11, 3.12 or 3.13.",
    )


def _catalogue(settings: Settings) -> Finding:
    return _try(
        "Grace's catalogue",
        lambda: f"{len(load_grace(settings))} modules",
    )


def _audio() -> Finding:
    def round_trip() -> str:
        tone = np.sin(np.arange(16_000) / 10).astype(np.float32)
        file = ogg.mux(codec.encode(tone, 16_000))
        heard = codec.decode(file, limit_s=2)
        also = sum(
            len(piece) // 2 for piece in isolated.pcm(io.BytesIO(file), rate_hz=16_000, limit_s=2)
        )
        if also != len(heard):
            raise AudioError("FFmpeg decodes a different length from the one that was encoded.")
        return f"Opus encodes, and decodes here and in FFmpeg's process ({also / 16_000:.0f} s)"

    return _try("audio", round_trip)


def _receive_buffer() -> Finding:
    buffers: list[ReceiveBuffer] = []

    def ask() -> str:
        buffers.append(probe_receive_buffer())
        return f"the kernel keeps {buffers[0].seconds:.1f} s of fifty people's voices"

    finding = _try("receive buffer", ask)
    if all(buffer.is_enough for buffer in buffers):
        return finding
    return dataclasses.replace(finding, advice=buffers[0].advice, warns=True)


def _local(settings: Settings) -> Iterator[Finding]:
    yield _try("local runtimes", _runtimes)
    yield _try("device", lambda: _device(settings))
    yield _memory(settings)
    yield _weights(settings)
    yield _try("model source", lambda: model_source(settings))
    yield voices(settings)
    yield _try("language model", lambda: language_model_state(settings))
    yield _try("speech recognition", lambda: recognition_state(settings))
    yield _sandbox()
    yield _shared_service()


def voices(settings: Settings) -> Finding:
    """Which voice speaks which language here; if a server speaks, that it does."""
    check = check_voices if settings.skydeck_tts_url is None else voices_state
    return _try("voices", lambda: check(settings))


def _runtimes() -> str:
    names = ("faster_whisper", "piper", "espeakng_loader", "xllamacpp", "uvicorn", "starlette")
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise WeightsError(
            f"missing: {', '.join(missing)}",
            hint=f"{extra_command('local')}, or set RUNPOD_API_KEY.",
        )
    return "installed"


def _device(settings: Settings) -> str:
    heard = "a GPU" if place_whisper(settings.skydeck_device)[0] == "cuda" else "the processor"
    written = "a GPU" if place_llama(settings.skydeck_device) else "the processor"
    return f"speech recognition on {heard}, language model on {written}"


def _memory(settings: Settings) -> Finding:
    state, is_enough = memory_state(settings)
    if is_enough:
        return Finding("memory", well=True, state=state)
    advice = (
        "Set SKYDECK_LLM=tiny, or let other machines do it: SKYDECK_LLM_URL, SKYDECK_ASR_URL and "
        "SKYDECK_TTS_URL, or RUNPOD_API_KEY."
    )
    return Finding("memory", well=True, state=state, advice=advice, warns=True)


def _weights(settings: Settings) -> Finding:
    needed = models_needed(settings, set(Service))
    absent = missing_models(ModelStore(settings.skydeck_weights_dir), needed)
    return Finding(
        "weights",
        well=not absent,
        state=f"{len(needed) - len(absent)} of {len(needed)} models in place",
        advice=f"Run: skydeck models pull {' '.join(absent)}" if absent else "",
    )


def _sandbox() -> Finding:
    sandbox = find_sandbox()
    return Finding(
        "sandbox",
        well=True,
        state=sandbox.describe(),
    )


def _shared_service() -> Finding:
    """The process with the models that ask, call and talk share; they work without it, too."""
    what = "shared local service"
    stop = "Run: skydeck serve --stop; the next command starts it again."
    try:
        return Finding(what, well=True, state=in_one_line())
    except CannotShare as e:
        state = f"none: {e}, so each command loads the models itself"
        return Finding(what, well=True, state=state, warns=True)
    except ServiceFailed as e:
        return Finding(what, well=True, state=e.message, advice=stop, warns=True)


def _endpoints(settings: Settings) -> Iterator[Finding]:
    for service in Service:
        name = f"endpoint {service.value.lower()}"
        yield _try(name, lambda s=service: asyncio.run(_probe(settings, s)))  # type: ignore[misc]


def _claude(settings: Settings) -> Finding:
    if settings.anthropic_api_key is not None and settings.skydeck_llm_url is not None:
        return Finding("Claude", well=True, state="key set, but SKYDECK_LLM_URL answers instead")
    if settings.anthropic_api_key is None:
        state = "no ANTHROPIC_API_KEY: the language model above answers"
        return Finding("Claude", well=True, state=state)
    return Finding("Claude", well=True, state=f"key set, model {settings.anthropic_model}")


def _proxy(settings: Settings) -> Finding:
    def check() -> str:
        proxies = {
            "Discord": discord_proxy(),
            "RunPod": None if settings.embedded else proxy_for(str(settings.runpod_base_url)),
        }
        used = [f"{name} through {describe_proxy(one)}" for name, one in proxies.items() if one]
        return ", ".join(used) or "none"

    finding = _try("proxy", check)
    if not finding.well or "Discord" not in finding.state:
        return finding
    advice = (
        "Voice channels need UDP to Discord, which no HTTP proxy carries: they work only if the "
        "firewall lets UDP to ports 50000-65535 out. Everything else works."
    )
    return dataclasses.replace(finding, advice=advice, warns=True)


def _discord(settings: Settings) -> Iterator[Finding]:
    if settings.discord_token is None:
        state = "no DISCORD_TOKEN: `skydeck bot` says how to get one"
        yield Finding("Discord", well=True, state=state)
        return
    accounts: list[Account] = []

    def check() -> str:
        accounts.append(asyncio.run(check_token(settings)))
        invite = accounts[0].invite
        return f"{accounts[0].name}; invite it: {invite}" if invite else accounts[0].name

    yield _try("Discord", check)
    for account in accounts:
        yield _clock(account.ahead_s)


def _clock(ahead_s: float) -> Finding:
    skew = describe_skew(ahead_s)
    if not skew:
        return Finding("clock", well=True, state="agrees with Discord's")
    advice = "skydeck allows for it; set the clock all the same, e.g. with NTP (timedatectl)."
    return Finding("clock", well=True, state=skew, advice=advice, warns=True)


def _try(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, well=True, state=check())
    except SkydeckError as e:
        return Finding(what, well=False, state=e.message, advice=e.hint)
    except (ImportError, OSError, ValueError) as e:
        advice = "Install skydeck again in a fresh environment."
        return Finding(what, well=False, state=f"{type(e).__name__}: {e}", advice=advice)


async def _probe(settings: Settings, service: Service) -> str:
    availability = await ask_availability(settings, service)
    if availability.health is None:
        raise ServiceUnreachable(availability.trouble)
    workers, jobs = availability.health.workers, availability.health.jobs
    expected = WARMTH_TEXT[availability.warmth]
    return f"{expected}; {workers.running} working, {jobs.inQueue} jobs waiting"
