"""What is written down about the running service, and how both sides prove that they know its key.

Pure: no file and no clock. The file is private, so its key tells the owner's commands from all
others. A port says nothing: when the service has ended, another program may listen there. So
neither side sends the key, nor a question, before the other has proven that it knows it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, TypeAdapter

from bot.asr_source import WhisperFolder, read_asr
from bot.hosts import is_loopback
from bot.llm_source import GgufFile, read_llm
from bot.settings import Settings

MAX_BYTES: Final = 64 * 1024
"""More than any record or order has."""
PREFIX: Final = "/service/"
"""Where the service's own routes are, beside RunPod's."""
NONCE: Final = "X-Skydeck-Nonce"
PROOF: Final = "X-Skydeck-Proof"
_ELSEWHERE: Final = frozenset(
    {
        *("runpod_api_key", "runpod_base_url", "penny_endpoint_id", "grace_endpoint_id"),
        *("factory_endpoint_id", "penny_mode", "grace_mode", "factory_mode", "penny_deadline_s"),
        *("grace_deadline_s", "factory_deadline_s", "discord_token", "skydeck_database_url"),
        *("skydeck_message_days", "skydeck_job_days", "skydeck_user_per_minute"),
        *("skydeck_guild_per_minute", "skydeck_builds_per_guild", "skydeck_shards"),
        *("skydeck_farewell_s", "skydeck_gpu_usd_per_s", "skydeck_gpu_idle_tail_s"),
        *("skydeck_budget_user_day_usd", "skydeck_budget_user_month_usd"),
        *("skydeck_budget_guild_day_usd", "skydeck_budget_guild_month_usd"),
        *("skydeck_budget_all_day_usd", "skydeck_budget_all_month_usd", "skydeck_ledger_days"),
        *("skydeck_voice_eager", "skydeck_voice_warm_s", "skydeck_voice_keep_dir"),
        *("skydeck_voice_keep_days", "skydeck_voice_keep_mb", "skydeck_identity"),
        *("skydeck_persona_name", "skydeck_persona_instructions", "skydeck_actions"),
        *("skydeck_serve_key", "skydeck_serve_hosts", "skydeck_log_level", "skydeck_log_format"),
        *("skydeck_metrics_address", "skydeck_preset"),  # a preset has filled in the others
    }
)
"""Settings that mean nothing to the services: they do not make another service of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about the running service.

    Attributes:
        pid: Its process.
        began_s: When the process began, as the operating system says it, which tells it from a
            later one with the same number.
        url: The address of its RunPod routes, `http://127.0.0.1:PORT/v2`.
        key: What callers must know.
        kind: What it is (`kind_of`): of another kind it is of no use.
        idle_s: How long it stays without use.
    """

    pid: int
    began_s: float
    url: str
    key: str
    kind: str
    idle_s: float

    @property
    def own_url(self) -> str:
        """The address of its own routes, up to and including the slash."""
        return self.url.removesuffix("/v2") + PREFIX

    def to_json(self) -> bytes:
        """Encode it."""
        return json.dumps(asdict(self)).encode()


_RECORD: Final = TypeAdapter(Record)


def read_record(data: bytes) -> Record | None:
    """Decode a record; None: it is none, as after a disk was full, or from another version."""
    try:
        record = _RECORD.validate_json(data)
    except ValueError:
        return None
    authority = record.url.removeprefix("http://").partition("/")[0].rpartition(":")[0]
    is_sound = record.pid > 1 and record.key.isascii() and is_loopback(authority.strip("[]"))
    return record if is_sound else None


def settings_for_service(settings: Settings) -> dict[str, Any]:
    """The settings that the services use, with secrets, as JSON has them."""
    return {
        name: _plain(getattr(settings, name))
        for name in Settings.model_fields
        if name not in _ELSEWHERE
    }


def _plain(value: object) -> Any:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return str(value.expanduser().absolute())
        case _:
            return str(value)


def kind_of(settings: Settings, code: str, folder: str) -> str:
    """What tells one service from another: its code, and the settings that it uses.

    Args:
        settings: All settings.
        code: Which version of skydeck this is.
        folder: The current one, which counts where a setting names a file from there.
    """
    parts = [code, json.dumps(settings_for_service(settings), sort_keys=True)]
    if _names_files(settings):
        parts.append(folder)
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _names_files(settings: Settings) -> bool:
    return (
        isinstance(read_llm(settings.skydeck_llm), GgufFile)
        or isinstance(read_asr(settings.skydeck_asr), WhisperFolder)
        or any(mark in settings.skydeck_voices for mark in "/\\.")
    )


def proof(key: str, who: str, nonce: str) -> str:
    """Show that one knows the key, without saying it.

    Args:
        key: The service's key.
        who: `client` or `service`: one's proof cannot serve as the other's.
        nonce: What the other side chose, once.
    """
    return hmac.new(key.encode(), f"{who} {nonce}".encode(), hashlib.sha256).hexdigest()


def proves(shown: str, key: str, who: str, nonce: str) -> bool:
    """Whether this is the proof of that side."""
    return bool(nonce) and hmac.compare_digest(shown.encode(), proof(key, who, nonce).encode())


def order(settings: Settings, *, kind: str) -> bytes:
    """What the new process is told on its standard input, which nobody else can read."""
    return json.dumps({"settings": settings_for_service(settings), "kind": kind}).encode()


def read_order(data: bytes) -> tuple[Settings, str]:
    """Read it: the settings, and the kind of service.

    Raises:
        ValueError: It is no order.
    """
    found = json.loads(data)
    if not isinstance(found, Mapping) or not isinstance(found.get("settings"), Mapping):
        raise ValueError("no order")  # noqa: TRY004  (what was sent is wrong, not our call)
    # Given values come before those of the environment, and no .env of some folder is read.
    settings = Settings(_env_file=None, **found["settings"])  # type: ignore[call-arg]
    return settings, str(found.get("kind"))
