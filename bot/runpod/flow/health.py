"""Asking an endpoint for its health, as a flow of its own."""

from http import HTTPStatus
from typing import Final

from bot.contract.job import Health
from bot.errors import RateLimited, ServiceUnreachable, SkydeckError
from bot.runpod.flow.context import FlowContext, is_ok
from bot.runpod.models import Flow, HttpRequest, HttpResponse, Reply, TransportErrorKind
from bot.runpod.reply_errors import final_error
from bot.runpod.results.parsing import read_health
from bot.runpod.retry import MAX_HEALTH_S, MAX_HEALTH_TRIES, POLLS, TRANSIENT, Rng, retry_after_s

_TIMEOUT_S: Final = 10.0


def ask_health(*, rng: Rng, now: float) -> Flow[Health]:
    """GET /health, repeated after transient faults.

    Raises:
        KeyRefused, EndpointNotFound, ServiceFailed: The service refuses.
        RateLimited, ServiceUnreachable: It gave no usable answer in several tries.
    """
    context = FlowContext(now=now, deadline=now + MAX_HEALTH_S, rng=rng)
    attempt = 0
    while True:
        reply = yield from context.ask(
            HttpRequest(method="GET", path="health", timeout_s=_TIMEOUT_S)
        )
        health = read_health(reply.body) if is_ok(reply) else None
        if health is not None:
            return health
        attempt += 1
        if not _can_help(reply) or attempt >= MAX_HEALTH_TRIES or context.left_s == 0:
            raise _error(reply)
        yield from context.wait(retry_after_s(reply) or POLLS.delay_s(attempt, rng))


def _can_help(reply: Reply) -> bool:
    """Whether asking again can help."""
    if not isinstance(reply, HttpResponse):
        return reply.kind is not TransportErrorKind.OVERSIZED
    return is_ok(reply) or reply.status in TRANSIENT


def _error(reply: Reply) -> SkydeckError:
    if is_ok(reply):
        return ServiceUnreachable(
            "The service's answer cannot be read.",
            hint="Check that RUNPOD_BASE_URL points to a RunPod API.",
        )
    if isinstance(reply, HttpResponse) and reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("The service keeps answering HTTP 429.", hint="Try again later.")
    return final_error(reply)
