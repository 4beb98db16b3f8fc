"""From what a person asks for to a job that runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import discord

from bot.contract import Request
from bot.contract.factory import MAX_ITERATIONS, File, build
from bot.discord_client import SkyDeck
from bot.errors import BadInput, MissingPermission, SkydeckError, TooLarge
from bot.i18n import Words
from bot.jobs.build_queue import BuildQueue
from bot.jobs.view import Requester
from cogs.factory._files import MAX_BYTES, Attachment, unpack
from cogs.factory._job_view import make_show, place_of
from cogs.factory._plan import Plan, plan_for
from cogs.shared.answering import answer_in_time, give_reason, live_reply, working_line
from cogs.shared.live import NO_MESSAGE
from cogs.shared.requester import words_of

ITERATIONS: Final = 4
"""When nobody says how many."""

What = Literal["auto", "python", "text"]
Fetch = Callable[[], Awaitable[list[File]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What is to be built.

    Attributes:
        task: In words.
        kind: What it is.
        limit: The most iterations.
        files: Of an earlier build, to start from.
        fetch: Gets them instead, when that takes its time.
    """

    task: str
    kind: What = "auto"
    limit: int = ITERATIONS
    files: tuple[File, ...] = ()
    fetch: Fetch | None = None


async def place_order(
    bot: SkyDeck,
    turns: BuildQueue,
    interaction: discord.Interaction[SkyDeck],
    asker: Requester,
    order: BuildRequest,
) -> None:
    """Answer an interaction with a build, and see the build through.

    Raises:
        MissingPermission, BadInput: It cannot be begun here, or as asked; nothing was said.
        SkydeckError: It was not begun, and nothing was said.
    """
    _check_own(interaction)
    words = words_of(asker)
    request = _request(order, asker)
    plan = _plan(bot, interaction, asker, order, words)
    if order.fetch is None:
        live = live_reply(bot, interaction, asker, NO_MESSAGE)
        show = make_show(bot, turns, plan, live)
        show.answer = lambda: answer_in_time(interaction, words)
        await bot.runner.perform(
            request,
            asker=asker,
            place=place_of(plan, live),
            title=plan.title,
            show=show,
            reply_token=interaction.token,
            interaction_id=interaction.id,
        )
        return
    live = await working_line(bot, interaction, asker)
    try:
        files = tuple(await order.fetch())
        await bot.runner.perform(
            _request(replace(order, files=files), asker),
            asker=asker,
            place=place_of(plan, live),
            title=plan.title,
            show=make_show(bot, turns, plan, live),
            interaction_id=interaction.id,
        )
    except (SkydeckError, discord.HTTPException) as e:
        await give_reason(live, e, words)


def order_of(request: Request) -> BuildRequest:
    """What an earlier request has asked for, its files included.

    Raises:
        ValueError: It was no request of ours.
    """
    kind = request.option("kind", "auto")
    limit = (request.policy.max_iterations if request.policy else None) or ITERATIONS
    given = request.option("files") or []

    return BuildRequest(
        task=str(request.input.data),
        kind=kind if kind in {"auto", "python", "text"} else "auto",
        limit=min(limit, MAX_ITERATIONS),
        files=tuple(File.model_validate(file) for file in given),
    )


def refined(
    order: BuildRequest, change: str, message: discord.Message | None, words: Words
) -> BuildRequest:
    """The same again, starting from the files of a message, with something changed."""

    async def fetch() -> list[File]:
        return await _files_of(message, words)

    task = f"{order.task}\n\n{words('factory.change')}: {change.strip()}"
    return replace(order, task=task, fetch=fetch)


async def _files_of(message: discord.Message | None, words: Words) -> list[File]:
    attached = message.attachments if message is not None else []
    if not attached:
        raise BadInput(words("factory.no_files"))
    if sum(one.size for one in attached) > MAX_BYTES:
        raise TooLarge(words("factory.too_much"))
    read: list[Attachment] = [(one.filename, await one.read()) for one in attached]
    try:
        return unpack(read)
    except BadInput:
        raise BadInput(words("factory.not_text")) from None
    except TooLarge:
        raise TooLarge(words("factory.too_much")) from None


def _request(order: BuildRequest, asker: Requester) -> Request:
    return build(
        order.task,
        source=asker.source,
        kind=order.kind,
        iterations=order.limit,
        refine=list(order.files),
    )


def _plan(
    bot: SkyDeck,
    interaction: discord.Interaction[SkyDeck],
    asker: Requester,
    order: BuildRequest,
    words: Words,
) -> Plan:
    """Where it is to be shown: in a thread of its own, when that can be opened here."""
    plan = plan_for(asker, order.task, order.limit, begun=bot.clock.wall(), words=words)
    if not isinstance(interaction.channel, discord.TextChannel):
        return plan
    may = interaction.app_permissions
    can_open = may.create_public_threads and may.send_messages_in_threads
    return replace(plan, opens_thread=can_open, lacks_thread=not can_open)


def _check_own(interaction: discord.Interaction[SkyDeck]) -> None:
    """Whether the bot can show a build here, also when the interaction has expired."""
    if interaction.guild_id is None:
        return
    may = interaction.app_permissions
    is_thread = isinstance(interaction.channel, discord.Thread)
    needed = (
        "view_channel",
        "send_messages_in_threads" if is_thread else "send_messages",
        "embed_links",
        "attach_files",
        "read_message_history",
    )
    lacking = tuple(name for name in needed if not getattr(may, name))
    if lacking:
        raise MissingPermission(lacking)
