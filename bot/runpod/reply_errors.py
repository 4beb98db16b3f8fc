"""Makes errors of RunPod's replies that cannot be used: HTTP errors, unreadable answers. Pure."""

from http import HTTPStatus
from typing import Final

from bot.contract.failure import MAX_ERROR_TEXT_CHARS, read_failure
from bot.contract.job import MIB
from bot.errors import (
    EndpointNotFound,
    KeyRefused,
    OutputLost,
    ServiceFailed,
    ServiceUnreachable,
    SkydeckError,
)
from bot.large_json import MAX_VALUES
from bot.runpod.models import HttpResponse, Reply, TransportErrorKind
from bot.runpod.retry import TRANSIENT

REPLY_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""Larger replies are not read; RunPod itself limits results to about 20 MB."""


def final_error(reply: Reply) -> SkydeckError:
    """The error for a reply that cannot be used."""
    if not isinstance(reply, HttpResponse):
        if reply.kind is TransportErrorKind.OVERSIZED:
            return OutputLost(
                f"The service's answer is over {REPLY_LIMIT_BYTES // MIB} MiB and was not read.",
                hint="Ask for less at a time.",
            )
        return ServiceUnreachable(
            f"The service cannot be reached: {reply.reason}.",
            hint="Check the network and RUNPOD_BASE_URL.",
        )
    match reply.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            # The reply is not quoted: it may quote the key.
            return KeyRefused(
                "The service does not accept the key.",
                hint="Check RUNPOD_API_KEY: it may be mistyped, revoked, or from another account.",
            )
        case HTTPStatus.NOT_FOUND:
            return EndpointNotFound(
                "The service does not know this endpoint.",
                hint="Check the endpoint id in the settings.",
            )
        case status if status < HTTPStatus.BAD_REQUEST:
            return ServiceUnreachable(
                f"The service gave an unexpected answer (HTTP {status}).",
                hint="Check that RUNPOD_BASE_URL points to a RunPod API.",
            )
        case status if status in TRANSIENT:
            return ServiceUnreachable(f"The service keeps answering HTTP {status}.")
        case status:
            said = body_words(reply.body)
            return ServiceFailed(
                f"The service refuses the request with HTTP {status}{': ' + said if said else '.'}"
            )


def too_many_values() -> OutputLost:
    """The error for a reply whose JSON exceeds the limits of `bot.large_json`."""
    return OutputLost(
        f"The service's answer has more than {MAX_VALUES:,} values, or a value that is too long; "
        "it was not read.",
        hint="Ask for less at a time.",
    )


def body_words(body: bytes) -> str:
    """The message in an error answer; empty if there is none."""
    text = body[:MAX_ERROR_TEXT_CHARS].decode("utf-8-sig", "replace").strip()
    if text.startswith("<"):
        return ""  # an HTML page of the edge
    return read_failure(text).message
