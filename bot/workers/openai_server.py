"""A server that speaks a route of OpenAI's API: the connection, and errors in words.

Requests go through the `openai` SDK (version 3), within the limits of `answer_limits.py`. The
servers differ in their answers, so whoever asks reads those.
"""

import asyncio
import importlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.errors import JobFailed, KeyRefused, RateLimited, ServiceUnreachable, SkydeckError
from bot.sanitize import clean_excerpt, clean_line, quoted

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_CONNECT_S = 5.0
_NO_KEY: Final = "none"
"""The SDK insists on a key; servers without one ignore it."""
_KEY_REFUSED: Final = frozenset({401, 403})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOST_CHARS: Final = 100
_LISTING_S: Final = 3.0
_NAMED: Final = 6
"""How many of a server's models an error names."""
_NAME_CHARS: Final = 80
_MAX_LIST_BYTES: Final = 1_000_000
_WORDS_CHARS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Role:
    """What a server is for.

    Attributes:
        who: The subject of a sentence about its failure.
        server: The subject of a sentence about itself.
        route: What it must serve, in words.
        setting: The settings' common beginning.
        code: The beginning of the errors' codes.
    """

    who: str
    server: str
    route: str
    setting: str
    code: str


LLM: Final = Role(
    "The language model", "The language model's server", "chat completions", "SKYDECK_LLM", "llm"
)
ASR: Final = Role(
    "Speech recognition by",
    "The speech recognition server",
    "audio transcriptions",
    "SKYDECK_ASR",
    "asr",
)
TTS: Final = Role("Speech by", "The voice server", "audio speech", "SKYDECK_TTS", "tts")


class OpenAIServer:
    """One server.

    Args:
        base_url: The address up to and including `/v1`.
        model: The model's name there.
        key: The key; None: the server needs none.
    """

    def __init__(self, base_url: str, *, role: Role, model: str, key: SecretStr | None) -> None:
        self._base_url = base_url.rstrip("/")
        self._role = role
        self._model = model
        self._key = key
        self._client: AsyncOpenAI | None = None

    @property
    def host(self) -> str:
        """Where it is, for people: the host and port, without a password that the URL may hold."""
        parts = urlsplit(self._base_url)
        return parts.netloc.rpartition("@")[2]

    async def load(self, resource: str) -> None:
        """Load the SDK's module for a resource, which takes a second."""
        await asyncio.to_thread(importlib.import_module, f"openai.resources.{resource}")

    def connect(self, *, silence_s: float) -> "AsyncOpenAI":
        """Return the SDK's client; the first request opens the connection.

        Args:
            silence_s: An answer that pauses for longer is lost.

        Raises:
            KeyRefused: The key cannot be sent.
            BadSettings: The proxy cannot be used.
        """
        if self._client is None:
            import openai  # noqa: PLC0415

            from bot.workers.answer_limits import PLAIN, connection  # noqa: PLC0415
            from bot.workers.sdk_retries import MAX_RETRIES  # noqa: PLC0415

            self._client = openai.AsyncOpenAI(
                api_key=self._header_key(),
                organization="",  # not the user's own of OPENAI_ORG_ID: this is another server
                project="",
                base_url=self._base_url,
                timeout=openai.Timeout(silence_s, connect=_CONNECT_S),
                max_retries=MAX_RETRIES,
                default_headers=PLAIN,
                http_client=openai.DefaultAsyncHttpxClient(**connection(self._base_url)),
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def failed(self, why: str, *, retryable: bool = True) -> JobFailed:
        """Return the error of an answer that is of no use."""
        role = self._role
        return JobFailed(
            f"{role.who} {self._model} at {self.host} failed: {why}.",
            hint=f"Try again, or check {role.setting}_URL and {role.setting}_MODEL.",
            service_code=f"{role.code}_failed",
            service_retryable=retryable,
        )

    def unreachable(self) -> SkydeckError:
        """Return the error of no answer, or of half a one."""
        return ServiceUnreachable(
            f"{self._role.server} {self.host} cannot be reached, or its answer broke off.",
            hint=f"Check that its server runs, and {self._role.setting}_URL.",
        )

    async def explained(self, error: "APIStatusError") -> SkydeckError:
        """Convert a refusal as `refusal` does; of a model, with some that there are."""
        found = self.refusal(error)
        if _lacks_model(error) and (some := await self._some_models()):
            found.hint += f" It has: {some}."
        return found

    async def _some_models(self) -> str:
        """Some of the server's models; empty: it names none, or not soon."""
        import httpx2  # noqa: PLC0415
        import openai  # noqa: PLC0415

        try:
            async with asyncio.timeout(_LISTING_S):
                quick = self.connect(silence_s=_LISTING_S).with_options(max_retries=0)
                reply = await quick.get("/models", cast_to=httpx2.Response)
            if len(reply.content) > _MAX_LIST_BYTES:
                return ""
            listed = json.loads(reply.content)["data"]
            names = [clean_excerpt(one["id"], limit=_NAME_CHARS) for one in listed[:_NAMED]]
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError):
            return ""
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # it is no list
            return ""
        return ", ".join([*filter(None, names), *["…"] * (len(listed) > _NAMED)])

    def refusal(self, error: "APIStatusError") -> SkydeckError:
        """Convert a refusal, without its message, which may quote what a person wrote."""
        status = error.status_code
        where, setting = f"{self._role.server} {self.host}", self._role.setting
        if status in _KEY_REFUSED:
            return KeyRefused(f"{where} refused the key.", hint=f"Check {setting}_KEY.")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            from bot.workers.sdk_retries import wait_s  # noqa: PLC0415

            wait = wait_s(error.response)
            when = f"in {wait:.0f} s" if wait else "in a minute"
            return RateLimited(f"{where} is asked too often.", hint=f"Try again {when}.")
        what, hint = self._explained(error)
        busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        code = f"{self._role.code}_{status}"
        return JobFailed(f"{where} {what}.", hint=hint, service_code=code, service_retryable=busy)

    def _explained(self, error: "APIStatusError") -> tuple[str, str]:
        """What the server does, and what to do about it."""
        setting = self._role.setting
        match error.status_code:
            case 402:
                return "requires payment", "Check the account's credit."
            case 404 if _lacks_model(error):
                hint = f"Check {setting}_MODEL; the server may have to download the model first"
                hint += f" (ollama pull {self._model})." if self._role is LLM else "."
                return f"has no model {quoted(self._model)}", hint
            case 404 | 405:
                hint = f"Check that {setting}_URL ends in /v1, and {setting}_MODEL."
                return f"has no {self._role.route} at this address", hint
            case 503:
                what = "is not ready (HTTP 503); it may still be loading its model"
                return what, "Try again in a moment."
            case status if status in _REDIRECTS:
                hint = f"Set {setting}_URL to the final address, if you trust it."
                return f"sends its callers on to {_moved_to(error)}", hint
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return f"fails (HTTP {status})", "Try again in a moment."
            case status:
                hint = f"Check {setting}_MODEL, or send less."
                return f"refused the request (HTTP {status})", hint

    def _header_key(self) -> str:
        key = self._key.get_secret_value().strip() if self._key else _NO_KEY
        if not (key.isascii() and key.isprintable()):
            raise KeyRefused(
                f"{self._role.setting}_KEY has a character that no key has.",
                hint="Copy the key again.",
            )
        return key


def _lacks_model(error: "APIStatusError") -> bool:
    return error.status_code == HTTPStatus.NOT_FOUND and "model" in words_of_refusal(error)


def words_of_refusal(error: "APIStatusError") -> str:
    """Return what a server says about a refusal, in lower case; only searched, never shown."""
    return json.dumps(error.body, default=str)[:_WORDS_CHARS].lower()


def _moved_to(error: "APIStatusError") -> str:
    address = error.response.headers.get("location", "")
    try:
        found = error.response.url.join(address)
    except ValueError:
        return "another address"
    return clean_line(f"{found.scheme}://{found.netloc.decode('ascii', 'replace')}")[:_HOST_CHARS]
