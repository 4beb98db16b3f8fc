"""Every error as words for the person it affects, with a reference that is also in the log."""

import functools
import logging
import math
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, ParamSpec

import aiohttp
import discord
from discord import app_commands

from bot import errors
from bot.clock import SystemClock
from bot.figures import duration, money
from bot.i18n import DEFAULT, Translated, Words, words_for
from bot.money import Scope
from bot.redaction import hide_keys
from cogs.shared.splitting import disarm

log = logging.getLogger(__name__)

_P = ParamSpec("_P")

FACTS_LIMIT_CHARS: Final = 400
"""How much of an error's own message is quoted."""
_MAX_DEPTH: Final = 8
"""How many levels of wrapped errors are unwrapped."""

_WITH_FACTS: Final = (
    errors.BadInput,
    errors.TooLarge,
    errors.UnknownModule,
    errors.NotAllowed,
    errors.NotPossible,
    errors.NoVoiceChannel,
    errors.JobFailed,
)
"""Errors whose own message adds facts to the words for their kind."""

_INPUT_ERRORS: Final = frozenset(
    kind.code for kind in (errors.BadInput, errors.TooLarge, errors.UnknownModule)
)
"""Our error codes that a service may also report as its own failure."""

_NO_ACCESS: Final = 50001
_CANNOT_DM: Final = 50007
_SERVER_ERROR: Final = 500
TOKEN_IS_DEAD: Final = frozenset({10062, 10015, 50027})
"""Unknown interaction, unknown webhook, invalid webhook token: it is too late to respond."""
ALREADY_ANSWERED: Final = 40060
_DEFERRED: Final = frozenset({discord.InteractionResponseType.deferred_channel_message})
"""The placeholder is still to be replaced. Source: Discord's reference, "Create Followup Message":
replacing it by a follow-up is deprecated."""

_PERMISSION_BY_ROUTE: Final = (
    ("POST", re.compile(r"/threads$"), "create_public_threads"),
    ("POST", re.compile(r"/messages$"), "send_messages"),
    ("PUT", re.compile(r"/reactions/"), "add_reactions"),
    ("GET", re.compile(r"/messages"), "read_message_history"),
    ("DELETE", re.compile(r"/messages/"), "manage_messages"),
    ("PATCH", re.compile(r"/channels/\d+$"), "manage_threads"),
)
"""Discord does not say which permission is missing; the request suggests it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An error in words.

    Attributes:
        text: For the person; ends with the reference. Short enough for any message.
        reference: Kind and number, as in the log: `job_failed · 7F3A`.
    """

    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """An error's kind and words, and whether such errors are expected."""

    kind: str
    text: str
    is_expected: bool = True


def explain(error: BaseException, words: Words, *, privately: bool = False) -> Explained:
    """Say what happened and what to do next, and log it under the same reference.

    The log gets no message texts: those of services and of Discord may quote people.

    Args:
        error: The error.
        words: The person's language.
        privately: Whether only the person reads it, so that it may contain their budget.
    """
    error = _innermost(error)
    reading = _read(error, words, privately=privately)
    reference = f"{reading.kind} · {secrets.token_hex(2).upper()}"
    if isinstance(error, errors.JobCancelled):
        return Explained(reading.text, reference)  # the person asked for it
    if reading.is_expected:
        log.warning("(%s) %s", reference, _facts_for_log(error))
    else:
        log.error("(%s) unexpected\n%s", reference, "".join(_trace(error)))
    return Explained(f"{reading.text}\n-# ({reference})", reference)


def reason_of(code: str, message: str, words: Words) -> str:
    """One line on an error that is a part of an answer, by its code; there is no reference."""
    key = f"errors.{code}"
    text = words.texts.get(key, "{")
    if "{" in text:
        text = words("errors.job_failed")
    is_fact = code in _INPUT_ERRORS or text == words("errors.job_failed")
    facts = facts_of(errors.JobFailed(message), words) if is_fact else ""
    return f"{text} ({facts})" if facts else text


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Report an error to the person who used a command, button or modal; never raises.

    Only they see it, unless a public response was deferred. If the interaction has expired, they
    get it as a direct message.
    """
    explained = explain(
        error,
        words_for(str(interaction.locale)),
        privately=interaction.response.type not in _DEFERRED,
    )
    if interaction.type is discord.InteractionType.autocomplete:
        return  # there is nowhere to show it
    try:
        await _answer(interaction, explained.text)
    except (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError) as e:
        # RuntimeError: from aiohttp, if the session is closed
        log.warning(
            "(%s) could not be shown to the person: %s", explained.reference, _facts_for_log(e)
        )


def reported(callback: Callable[_P, Awaitable[None]]) -> Callable[_P, Awaitable[None]]:
    """Report the errors of a `DynamicItem`'s callback, which discord.py only logs."""

    @functools.wraps(callback)
    async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            await callback(*args, **kwargs)
        except Exception as e:  # noqa: BLE001 - every error is reported to the person
            given = (*args, *kwargs.values())
            await report(next(a for a in given if isinstance(a, discord.Interaction)), e)

    return guarded


class ReportingView(discord.ui.View):
    """A view that reports its errors to the person who clicked."""

    async def on_error(
        self, interaction: discord.Interaction, error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Report the error."""
        await report(interaction, error)


class ReportingModal(discord.ui.Modal):
    """A modal that can be submitted once, and reports its errors to the person who submitted it."""

    _is_sent = False

    async def on_error(  # type: ignore[override]  # discord.py's own Modal differs from its view
        self, interaction: discord.Interaction, error: Exception, /
    ) -> None:
        """Report the error."""
        await report(interaction, error)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Refuse further submissions: each would start a job that was admitted only once."""
        if self._is_sent:
            words = words_for(str(interaction.locale))
            raise errors.NotPossible(words("common.already_sent"))
        self._is_sent = True
        await self.on_first_submit(interaction)

    async def on_first_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the first submission."""
        raise NotImplementedError


def permission_names(permissions: tuple[str, ...] | list[str], words: Words) -> str:
    """The names of permissions (by discord.py's names) as in Discord's menus."""
    keys = [(name, f"errors.permission.{name}") for name in permissions]
    return ", ".join(
        words(key) if words.has(key) else name.replace("_", " ").title() for name, key in keys
    )


# -- what an error is ------------------------------------------------------------------------


def _innermost(error: BaseException) -> BaseException:
    for _ in range(_MAX_DEPTH):
        inner = _inner(error)
        if inner is None:
            break
        error = inner
    return error


def _inner(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        ours = error.subgroup(errors.SkydeckError)
        return (ours or error).exceptions[0]
    if isinstance(error, app_commands.TransformerError):
        cause = error.__cause__
        return cause if isinstance(cause, errors.SkydeckError) else None
    original = getattr(error, "original", None)  # of a CommandInvokeError, hybrid or not
    return original if isinstance(original, BaseException) else None


def _read(error: BaseException, words: Words, *, privately: bool) -> _Reading:
    if isinstance(error, errors.OverBudget):
        return _Reading(error.code, _of_budget(error, words, privately=privately))
    if isinstance(error, errors.SkydeckError):
        return _Reading(error.code, _of_skydeck(error, words))
    if isinstance(error, app_commands.AppCommandError):
        return _of_command(error, words)
    if isinstance(error, discord.RateLimited):
        return _reading(words, "discord_limited", wait=_wait(error.retry_after))
    if isinstance(error, discord.HTTPException):
        return _of_discord(error, words)
    if isinstance(error, aiohttp.ClientError | ConnectionError | TimeoutError):
        return _reading(words, "discord_failed")
    return _Reading("unexpected", words("errors.unexpected"), is_expected=False)


def _reading(words: Words, kind: str, **values: object) -> _Reading:
    return _Reading(kind, words(f"errors.{kind}", **values))


def _of_skydeck(error: errors.SkydeckError, words: Words) -> str:
    match error:
        case errors.TooSoon():
            return words("errors.too_soon", wait=_wait(error.wait_s))
        case errors.ServiceDown():
            again = words("errors.down.again", when=f"<t:{_at(error.wait_s)}:R>")
            return f"{words('errors.service_down')} {again}"
        case errors.MissingPermission(permissions=permissions) if permissions:
            return words(
                "errors.missing_permission", permissions=permission_names(permissions, words)
            )
        case errors.MissingPermission():
            return words("errors.discord_shut")
    if isinstance(error, _WITH_FACTS) and isinstance(error.message, Translated):
        return facts_of(error, words)  # it says what happened, and what to do
    key = _key_of(type(error), words)
    if isinstance(error, errors.JobFailed) and error.service_code in _INPUT_ERRORS:
        key = f"errors.{error.service_code}"  # another input would help, a retry would not
    text = words(key)
    if isinstance(error, _WITH_FACTS) and error.message:
        text += f"\n> {facts_of(error, words)}"
    return text


def _of_budget(error: errors.OverBudget, words: Words, *, privately: bool) -> str:
    """A budget error, with figures only for those who may know them.

    A person's own figures are private, and the total budget is the operator's. Any member of a
    server can see its budget with `/budget show`.
    """
    facts = {
        "budget": words(f"budgets.{error.scope}_{error.period}"),
        "renews": f"<t:{error.renews_ms // 1000}:R>",
    }
    is_shown = error.scope == Scope.GUILD or (privately and error.scope == Scope.USER)
    if is_shown:
        facts |= {
            "left": money(error.left_micro_usd, words.language),
            "limit": money(error.limit_micro_usd, words.language),
        }
    which = "left" if is_shown else "spent"
    return words(f"budgets.{which}", **facts)


def _key_of(kind: type[errors.SkydeckError], words: Words) -> str:
    """The text's key for a kind of error, or for its nearest base that has a text."""
    for one in kind.__mro__:
        key = f"errors.{getattr(one, 'code', '')}"
        if words.has(key):
            return key
    return "errors.error"


def facts_of(error: errors.SkydeckError, words: Words) -> str:
    """The error's own message in one line, and whose words they are unless they are ours.

    A service writes in its own language; what skydeck writes for the log is English. Only our own
    refusals may mention roles. A service's error may quote its own keys, and others in the channel
    read it.
    """
    message = hide_keys(" ".join(error.message.split()))
    if not message:
        return ""
    if len(message) > FACTS_LIMIT_CHARS:
        message = f"{message[: FACTS_LIMIT_CHARS - 1]}…"
    if not isinstance(error, errors.NotAllowed):
        message = disarm(message)
    if isinstance(error.message, Translated):
        return message
    if error.message == errors.UNEXPLAINED:
        return words("errors.unexplained")
    if isinstance(error, errors.JobFailed):
        return words("errors.said_by_service", facts=message)
    return message if words.language == DEFAULT else words("errors.said_in_english", facts=message)


def _of_command(error: app_commands.AppCommandError, words: Words) -> _Reading:
    match error:
        case app_commands.CommandOnCooldown():
            return _reading(words, "cooldown", wait=_wait(error.retry_after))
        case app_commands.MissingPermissions():
            names = permission_names(error.missing_permissions, words)
            return _reading(words, "your_permissions", permissions=names)
        case app_commands.BotMissingPermissions():
            names = permission_names(error.missing_permissions, words)
            return _reading(words, "missing_permission", permissions=names)
    for kind, key in _COMMAND_ERRORS:
        if isinstance(error, kind):
            return _reading(words, key)
    return _Reading("unexpected", words("errors.unexpected"), is_expected=False)


_COMMAND_ERRORS: Final = (
    (app_commands.NoPrivateMessage, "not_in_private"),
    (app_commands.MissingRole, "your_role"),
    (app_commands.MissingAnyRole, "your_role"),
    (app_commands.CheckFailure, "check_failed"),  # the base of all those before it
    (app_commands.TransformerError, "bad_option"),
    (app_commands.CommandNotFound, "changed_command"),
    (app_commands.CommandSignatureMismatch, "changed_command"),
)


def _of_discord(error: discord.HTTPException, words: Words) -> _Reading:
    if error.code in TOKEN_IS_DEAD:
        return _reading(words, errors.TooLate.code)
    if error.code == _CANNOT_DM:
        return _reading(words, "discord_no_direct")
    if isinstance(error, discord.Forbidden):
        likely = _likely_permission(error)
        if likely is None:
            return _reading(words, "discord_shut")
        return _reading(words, "missing_permission", permissions=permission_names((likely,), words))
    if isinstance(error, discord.NotFound):
        return _reading(words, "discord_gone")
    if error.status >= _SERVER_ERROR:
        return _reading(words, "discord_failed")
    # A request that Discord refuses is our own bug, so the log has to show it.
    return _Reading("discord_refused", words("errors.discord_refused"), is_expected=False)


def _likely_permission(error: discord.Forbidden) -> str | None:
    if error.code == _NO_ACCESS:
        return "view_channel"
    method = str(getattr(error.response, "method", ""))
    path = str(getattr(getattr(error.response, "url", None), "path", ""))
    return next(
        (name for m, route, name in _PERMISSION_BY_ROUTE if m == method and route.search(path)),
        None,
    )


def _at(wait_s: float) -> int:
    """The time in seconds since the epoch, which Discord shows in each reader's time zone."""
    return math.ceil(SystemClock().wall() + wait_s)


def _wait(seconds: float) -> str:
    return duration(max(1.0, seconds + 0.5))  # never too early


# -- telling, and logging --------------------------------------------------------------------


async def _answer(interaction: discord.Interaction, text: str) -> None:
    try:
        if interaction.is_expired():
            await interaction.user.send(text)
        elif interaction.response.type in _DEFERRED:
            await interaction.edit_original_response(content=text, embeds=[], view=None)
        elif interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except discord.HTTPException as e:
        if e.code == ALREADY_ANSWERED:
            await interaction.followup.send(text, ephemeral=True)
        elif e.code in TOKEN_IS_DEAD:
            await interaction.user.send(text)
        else:
            raise


def _facts_for_log(error: BaseException) -> str:
    match error:
        case errors.JobFailed():
            code = re.sub(r"[^\w.-]", "", error.service_code)[:40]
            return f"JobFailed, the service's code: {code or 'none'}"
        case discord.HTTPException():
            return f"{type(error).__name__} {error.status}, Discord's code {error.code}"
    return type(error).__name__


def _trace(error: BaseException) -> Iterator[str]:
    """The traceback without the messages, which may be private."""
    one: BaseException | None = error
    for _ in range(_MAX_DEPTH):
        if one is None:
            return
        yield from traceback.format_tb(one.__traceback__)
        yield f"{type(one).__module__}.{type(one).__qualname__}\n"
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if one is not None:
            yield "because of, or while handling:\n"
