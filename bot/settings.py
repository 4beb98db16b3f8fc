"""Every setting, from the environment and from `.env`; nothing else reads the environment.

`.env.example` shows every setting with its default; a test compares the two.

The fields are flat, one for each variable. Nested models would need an alias in every field, since
no delimiter divides names such as SKYDECK_BUDGET_USER_DAY_USD; `services` groups what has a group.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple

import platformdirs
from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.asr_source import AUTO as ASR_AUTO
from bot.asr_source import read_asr
from bot.choices import Identity, Mode
from bot.env_file import ENV_FILE, read_env_file, settings_file
from bot.errors import BadSettings
from bot.hosts import is_loopback, name_of
from bot.language_names import language_named, no_language
from bot.llm_source import AUTO, read_llm
from bot.persona import MAX_INSTRUCTIONS_CHARS, Persona, as_instructions, read_name
from bot.presets import Preset, with_preset
from bot.prices import GPU_USD_PER_S
from bot.rate_limits import GUILD_PER_MINUTE, USER_PER_MINUTE
from bot.reasons import validation_in_words
from bot.voices.server_voices import read_voice_names
from bot.voices.voice_names import read_voices


class Device(StrEnum):
    """Where this machine's models run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class LogFormat(StrEnum):
    """How log lines are written: for people, or as JSON."""

    PLAIN = "plain"
    JSON = "json"


_SECRET_LINE = re.compile(
    r"\s*(?:export\s+)?(?:RUNPOD_API_KEY|DISCORD_TOKEN|ANTHROPIC_API_KEY|SKYDECK_DATABASE_URL"
    r"|SKYDECK_SERVE_KEY|SKYDECK_LLM_KEY|SKYDECK_ASR_KEY|SKYDECK_TTS_KEY)\s*=\s*[^\s#]",
    re.IGNORECASE,
)


class Eager(StrEnum):
    """Whether to begin work that may turn out to be useless."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def _cache() -> Path:
    return platformdirs.user_cache_path("skydeck") / "weights"


def _database() -> SecretStr:
    return SecretStr(f"sqlite:///{platformdirs.user_data_path('skydeck') / 'skydeck.db'}")


_READERS: Mapping[str, Callable[[str], object]] = {
    "skydeck_llm": read_llm,
    "skydeck_asr": read_asr,
    "skydeck_voices": read_voices,
    "skydeck_tts_voice": read_voice_names,
    "skydeck_persona_name": read_name,
}
"""What reads a setting where it is used; it raises ValueError for a value that is in no form."""


class ServiceSettings(NamedTuple):
    """How a service is called."""

    endpoint_id: str | None
    mode: Mode
    deadline_s: float


class Settings(BaseSettings):
    """All settings. Every default works without an account."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore")

    runpod_api_key: SecretStr | None = None
    """RunPod's key. Without it the three services run on this machine."""
    runpod_base_url: HttpUrl = HttpUrl("https://api.runpod.ai/v2")
    """Where the endpoints are: RunPod, or a server of your own (`skydeck serve`)."""
    penny_endpoint_id: str = "0mxhaokgsmgee3"
    """Penny's endpoint."""
    grace_endpoint_id: str | None = None
    """Grace's endpoint."""
    factory_endpoint_id: str | None = None
    """The Factory's endpoint."""
    penny_mode: Mode = Mode.STREAM
    """How Penny is called."""
    grace_mode: Mode = Mode.RUN
    """How Grace is called."""
    factory_mode: Mode = Mode.STREAM
    """How the Factory is called."""
    penny_deadline_s: float = Field(default=120, gt=0, le=604_800)
    """The longest time that a call to Penny may take, in seconds, including the queue."""
    grace_deadline_s: float = Field(default=900, gt=0, le=604_800)
    """The same for Grace."""
    factory_deadline_s: float = Field(default=3600, gt=0, le=604_800)
    """The same for the Factory."""

    discord_token: SecretStr | None = None
    """The bot's token; `skydeck bot` says how to get one."""
    skydeck_database_url: SecretStr = Field(default_factory=_database)
    """Where settings, conversations and the job journal are; empty: a file in the user's folder."""
    skydeck_message_days: int = Field(default=30, ge=1, le=3650)
    """How long the bot remembers conversations, in days."""
    skydeck_job_days: int = Field(default=30, ge=1, le=3650)
    """How long the journal keeps jobs that have ended, in days."""
    skydeck_user_per_minute: int = Field(default=USER_PER_MINUTE, ge=1, le=600)
    """How many requests one person may make per minute."""
    skydeck_guild_per_minute: int = Field(default=GUILD_PER_MINUTE, ge=1, le=6000)
    """How many requests all members of a server together may make per minute."""
    skydeck_builds_per_guild: int = Field(default=3, ge=1, le=100)
    """How many builds of a server run at once; the others wait, and people take turns."""
    skydeck_shards: str = ""
    """Which of Discord's shards this process serves. Empty: all, as many as Discord advises.
    auto: identical processes divide them among themselves through PostgreSQL (auto/9: nine shards).
    0-2/9: the first three of nine, chosen by hand."""
    skydeck_farewell_s: float = Field(default=20, ge=0, le=600)
    """How long a conversation in a voice channel may continue after the process was told to end, in
    seconds."""

    skydeck_gpu_usd_per_s: Decimal = Field(default=GPU_USD_PER_S, ge=0, le=1)
    """What a second of a worker costs, in US dollars; by default that of RunPod's L4 (flex). The
    bot estimates a call's cost from it when the service does not report one."""
    skydeck_gpu_idle_tail_s: float = Field(default=0, ge=0, le=3600)
    """Seconds of idling to add to each estimate; RunPod bills those before it stops a worker (5 s
    by default), so 5 is right for an endpoint with few calls."""
    skydeck_budget_user_day_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """What one person may spend in a day (UTC), in US dollars; empty: no limit."""
    skydeck_budget_user_month_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """The same in a month."""
    skydeck_budget_guild_day_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """What a server may spend in a day; it can choose less with `/budget`."""
    skydeck_budget_guild_month_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """The same in a month."""
    skydeck_budget_all_day_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """What everyone together may spend in a day."""
    skydeck_budget_all_month_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    """The same in a month."""
    skydeck_ledger_days: int = Field(default=400, ge=32, le=3650)
    """How long the ledger keeps the cost of each call, in days; a month's budget needs 32."""

    skydeck_voice_eager: Eager = Eager.AUTO
    """Whether recognition begins at a speaker's first pause, before the turn is known to be over:
    on, off, or auto (on if the services run on this machine and no model there has a key, off if
    each call may cost money)."""
    skydeck_voice_warm_s: float = Field(default=60, ge=0, le=86_400)
    """On RunPod: wake Penny when somebody begins to speak, if nobody has called her for this many
    seconds; 0: never."""
    skydeck_voice_keep_dir: Path | None = None
    """A folder for each spoken turn as an Ogg Opus file; empty: the bot keeps none."""
    skydeck_voice_keep_days: int = Field(default=7, ge=1, le=3650)
    """How long the bot keeps those files, in days."""
    skydeck_voice_keep_mb: int = Field(default=1000, ge=1, le=1_000_000)
    """How much room those files may take, in MB; beyond that the bot deletes the oldest."""

    anthropic_api_key: SecretStr | None = None
    """Lets Penny on this machine answer with Claude; without it a small local model answers."""
    anthropic_model: str = "claude-haiku-4-5"
    """The Claude model."""
    skydeck_identity: Identity = Identity.DECK
    """The assistant that speaks: DECK (Alfred) or CORP (Jared)."""
    skydeck_persona_name: str = ""
    """What you call the assistant in `skydeck talk` and `ask`: 1 to 32 letters, digits, spaces,
    hyphens and apostrophes; empty: by its identity. On a server, `/settings persona` decides."""
    skydeck_persona_instructions: str = Field(default="", max_length=MAX_INSTRUCTIONS_CHARS)
    """How the assistant is to be there, in your own words, in up to 1,000 characters."""
    skydeck_actions: bool = True
    """Whether a sentence may ask for what commands do ("summarise this"), in Discord and in
    `skydeck ask`."""
    skydeck_preset: Preset | None = None
    """The models for a kind of machine: laptop, or gpu-24gb (an 8B language model, Whisper
    large-v3-turbo, Kokoro). It sets SKYDECK_LLM, SKYDECK_ASR and SKYDECK_VOICES where they are
    empty or auto; empty: nothing."""
    skydeck_llm: str = Field(
        default=AUTO, validation_alias=AliasChoices("skydeck_llm", "skydeck_local_model")
    )
    """The local language model. auto: the best that fits this machine, and for voice the best
    that starts to speak within 2 s. tiny: qwen2.5-coder-0.5b, quick, but half of its answers are
    wrong. small: qwen2.5-coder-1.5b. Also a .gguf file, or hf:owner/repository/file.gguf."""
    skydeck_llm_url: HttpUrl | None = None
    """A server that speaks OpenAI's chat completions (Ollama, LM Studio, vLLM, llama.cpp,
    OpenRouter), up to and including /v1. Its model answers in place of the local one and of
    Claude; empty: none."""
    skydeck_llm_model: str = Field(default="", validate_default=True)
    """The model's name at SKYDECK_LLM_URL."""
    skydeck_llm_key: SecretStr | None = None
    """The key of SKYDECK_LLM_URL; empty: it needs none."""
    skydeck_llm_context: int = Field(default=8192, ge=2048, le=2_000_000)
    """How many tokens the model at SKYDECK_LLM_URL reads; longer texts are worked on in pieces."""
    skydeck_pictures: Literal["auto", "on", "off"] = "auto"
    """Whether pictures that people attach in Discord are sent to the model that answers. auto:
    where that is Claude or the model at SKYDECK_LLM_URL; if the server refuses them, they are only
    named. on: to RunPod, too."""
    skydeck_asr: str = ASR_AUTO
    """The local speech recognition. auto: whisper-tiny.en for English, whisper-base for all else.
    Also a faster-whisper model by name, as large-v3-turbo, a folder with one, as ./my-whisper, or
    owner/repository at the hub."""
    skydeck_asr_url: HttpUrl | None = None
    """A server that speaks OpenAI's audio transcriptions (Speaches, whisper.cpp, vLLM, LocalAI), up
    to and including /v1. It recognises speech in place of the local models; empty: none."""
    skydeck_asr_model: str = "whisper-1"
    """The model's name at SKYDECK_ASR_URL."""
    skydeck_asr_key: SecretStr | None = None
    """The key of SKYDECK_ASR_URL; empty: it needs none."""
    skydeck_voices: str = ""
    """The voice of each language on this machine, as en=joe,es=es_ES-davefx-medium. A voice is
    one of Piper's or Kokoro's by name (`skydeck models voices` lists them), an .onnx file of
    Piper's, or a folder with one. Empty: joe for English, a voice that was pulled, else eSpeak."""
    skydeck_kokoro_dir: Path | None = None
    """A folder with Kokoro's model (.onnx) and its voices (voices/NAME.bin); empty: what was
    pulled."""
    skydeck_tts_url: HttpUrl | None = None
    """A server that speaks OpenAI's audio speech (Kokoro-FastAPI, Speaches, openedai-speech,
    LocalAI), up to and including /v1. Its voices speak in place of the local ones; empty: none."""
    skydeck_tts_model: str = "tts-1"
    """The model's name at SKYDECK_TTS_URL."""
    skydeck_tts_key: SecretStr | None = None
    """The key of SKYDECK_TTS_URL; empty: it needs none."""
    skydeck_tts_voice: str = ""
    """The server's voice, or one for each language as en=af_heart,es=ef_dora; empty: by the
    server's own list, else alloy."""
    skydeck_device: Device = Device.AUTO
    """Where the models run: auto (an NVIDIA GPU for each model that can use one), cpu, or cuda (a
    GPU, or an error that says what is missing)."""
    skydeck_threads: int = Field(default=0, ge=0, le=256)
    """Processor threads for the models; 0: the best number for each model."""
    skydeck_weights_dir: Path = Field(default_factory=_cache)
    """Where the model files are; empty: the user's cache folder."""
    skydeck_grace_catalogue: Path | None = None
    """Your own catalogue of Grace's modules; empty: the one that comes with skydeck."""
    skydeck_languages: str = ""
    """The languages that people speak and write here, as `en,es`; empty: all."""
    skydeck_keep_loaded_s: float = Field(default=300, ge=0, le=86_400)
    """How long the models stay loaded on this machine after the last `skydeck ask`, `call` or
    `talk`, in seconds, so that the next one answers sooner; 0: each command loads them itself."""
    skydeck_queue_limit: int = Field(default=64, ge=1, le=10_000)
    """How many jobs may wait in each queue of the embedded server before it answers 429."""
    skydeck_serve_key: SecretStr | None = None
    """The key that callers of `skydeck serve` must send; empty: it generates one, and shows it."""
    skydeck_serve_hosts: str = ""
    """The host names that `skydeck serve` answers to behind a proxy, separated by commas. It always
    answers to localhost and 127.0.0.1."""
    skydeck_log_level: str = "INFO"
    """The level of the log: DEBUG, INFO (a line for each request and call), WARNING or ERROR."""
    skydeck_log_format: LogFormat = LogFormat.PLAIN
    """How the bot writes log lines: plain, or json."""
    skydeck_metrics_address: str = ""
    """Where the bot answers /metrics, /healthz and /readyz, as HOST:PORT; empty: nowhere."""
    skydeck_otlp_endpoint: HttpUrl | None = None
    """An OpenTelemetry collector's base URL (OTLP over HTTP); empty: the bot sends no traces."""

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Leave out `.env` where it has nothing: each source looks at every field's type."""
        names = ("init_settings", "env_settings", "dotenv_settings")
        return tuple(sources[n] for n in names if getattr(sources[n], "env_vars", True))

    @model_validator(mode="before")
    @classmethod
    def _fill_in_preset(cls, values: dict[str, object]) -> dict[str, object]:
        return with_preset(values)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_means_default(cls, value: object, info: Any) -> object:
        """Read `NAME=` in a .env file as if the line were not there."""
        if isinstance(value, str) and not value.strip():
            return cls.model_fields[info.field_name].get_default(call_default_factory=True)
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object, info: ValidationInfo) -> object:
        """Refuse bytes that are not UTF-8: what leaves the process as JSON cannot hold them."""
        kind = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, str) and kind not in (Path, Path | None):
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("is not text (UTF-8)") from None
        return value

    @field_validator(*_READERS)
    @classmethod
    def _is_readable(cls, value: str, info: ValidationInfo) -> str:
        _READERS[info.field_name or ""](value)
        return value

    @field_validator("skydeck_llm_model")
    @classmethod
    def _llm_is_named(cls, model: str, info: ValidationInfo) -> str:
        if info.data.get("skydeck_llm_url") is not None and not model.strip():
            raise ValueError("must name the model that SKYDECK_LLM_URL serves")
        return model.strip()

    @field_validator("skydeck_log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level.upper()

    @field_validator("skydeck_languages")
    @classmethod
    def _known_languages(cls, listed: str) -> str:
        for one in filter(None, (part.strip() for part in listed.split(","))):
            if language_named(one) is None:
                raise ValueError(" ".join(no_language(one)).rstrip("."))
        return listed

    @property
    def languages(self) -> frozenset[str]:
        """The codes of the languages to choose from; empty: all."""
        named = (language_named(part) for part in self.skydeck_languages.split(","))
        return frozenset(one.code for one in named if one is not None)

    @property
    def persona(self) -> Persona:
        """Who the assistant is in the commands at this machine."""
        instructions = as_instructions(self.skydeck_persona_instructions)
        return Persona(name=read_name(self.skydeck_persona_name), instructions=instructions)

    @property
    def services(self) -> Mapping[str, ServiceSettings]:
        """How each service is called, by its name in the contract."""
        penny = ServiceSettings(self.penny_endpoint_id, self.penny_mode, self.penny_deadline_s)
        grace = ServiceSettings(self.grace_endpoint_id, self.grace_mode, self.grace_deadline_s)
        factory = ServiceSettings(
            self.factory_endpoint_id, self.factory_mode, self.factory_deadline_s
        )
        return {"PENNY": penny, "GRACE": grace, "FACTORY": factory}

    @property
    def serve_names(self) -> frozenset[str]:
        """The names that `skydeck serve` answers to besides those of the loopback."""
        names = self.skydeck_serve_hosts.split(",")
        return frozenset(name.strip().lower().rstrip(".") for name in names) - {""}

    @property
    def embedded(self) -> bool:
        """Whether the services run on this machine."""
        return self.runpod_api_key is None

    @property
    def shows_pictures(self) -> bool:
        """Whether what answers may be able to see."""
        if self.skydeck_pictures != "auto":
            return self.skydeck_pictures == "on"
        may_see = self.anthropic_api_key is not None or self.skydeck_llm_url is not None
        return self.embedded and may_see

    @property
    def has_paid_models(self) -> bool:
        """Whether a model of the services on this machine has a key, so that calls may cost."""
        keys = (
            self.anthropic_api_key,
            self.skydeck_llm_key,
            self.skydeck_asr_key,
            self.skydeck_tts_key,
        )
        return any(key is not None for key in keys)

    @property
    def otlp_endpoint(self) -> str | None:
        """The collector's base URL."""
        url = self.skydeck_otlp_endpoint
        return None if url is None else str(url)

    @property
    def voice_is_eager(self) -> bool:
        """Whether recognition begins before the turn is known to be over."""
        if self.skydeck_voice_eager is Eager.AUTO:
            return self.embedded and not self.has_paid_models
        return self.skydeck_voice_eager is Eager.ON

    @property
    def keys_in_the_clear(self) -> list[tuple[str, HttpUrl]]:
        """The keys that go to another machine without TLS, and where to."""
        keys = [
            ("RUNPOD_API_KEY", self.runpod_api_key, self.runpod_base_url),
            ("SKYDECK_LLM_KEY", self.skydeck_llm_key, self.skydeck_llm_url),
            ("SKYDECK_ASR_KEY", self.skydeck_asr_key, self.skydeck_asr_url),
            ("SKYDECK_TTS_KEY", self.skydeck_tts_key, self.skydeck_tts_url),
        ]
        return [
            (name, url)
            for name, key, url in keys
            if key is not None
            and url is not None
            and url.scheme == "http"
            and not is_loopback(name_of(url.host or ""))
        ]


def precautions(settings: Settings, *, env_file: Path = Path(ENV_FILE)) -> list[tuple[str, str]]:
    """Find what lets others read secrets; each comes with what to do about it.

    Args:
        settings: All settings.
        env_file: The file from which they were read, if there is one.
    """
    found: list[tuple[str, str]] = []
    for name, url in settings.keys_in_the_clear:
        found.append(
            (
                f"{name} is sent to {url.host} without encryption.",
                "Use an https:// address; or reach the server through a tunnel.",
            )
        )
    if _others_can_read(env_file):
        found.append(
            (f"Other users of this machine can read {env_file}.", f"Run: chmod 600 {env_file}")
        )
    return found


def _others_can_read(file: Path) -> bool:
    """Whether other users can read a file with a secret in it; on Windows always false."""
    try:
        if os.name != "posix" or not file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            return False
        return any(map(_SECRET_LINE.match, read_env_file(file).text.splitlines()))
    except (OSError, BadSettings):
        return False


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        BadSettings: `.env` cannot be read, or a variable cannot be used; the message has its name,
            never its value.
    """
    try:
        return Settings(_env_file_encoding=_encoding())  # type: ignore[call-arg]
    except ValidationError as e:
        problem = e.errors(include_input=False)[0]
        name = str(problem["loc"][0]).upper() if problem["loc"] else "a setting"
        words = validation_in_words(str(problem["msg"]))
        raise BadSettings(
            f"{name}: {words}{'' if words.endswith('?') else '.'}",
            hint=f"Correct it in {_where_it_is_set(name)}.",
        ) from None


def _encoding() -> str | None:
    """That of `.env`, if there is one; what is no file (a password manager's pipe) is read once."""
    file = Path(str(Settings.model_config.get("env_file") or os.devnull))
    return read_env_file(file).encoding if file.is_file() else None


def _where_it_is_set(name: str) -> str:
    is_in_environment = any(one.upper() == name for one in os.environ)  # noqa: TID251 - here it is read
    return "the environment, where it is set" if is_in_environment else str(settings_file())


def system_language() -> str:
    """The language of this machine's user, as gettext finds it: `es_ES.UTF-8`; empty: not set."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := os.environ.get(name))), "")  # noqa: TID251 - here it is read


def is_in_tmux() -> bool:
    """Whether this process runs in a window of tmux."""
    return bool(os.environ.get("TMUX"))  # noqa: TID251 - here it is read
