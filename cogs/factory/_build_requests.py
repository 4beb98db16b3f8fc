"""From a person's request to a running build job."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import discord

from bot.contract import Request, Service
from bot.contract.factory import BUILD_KINDS, MAX_ITERATIONS, BuildKind, File, build
from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotPossible, SkydeckError, TooLarge
from bot.i18n import Words
from bot.jobs.build_queue import BuildQueue
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from bot.store.repositories.recovery import Ending
from cogs.factory._files import Attachment, unpack
from cogs.factory._job_view import make_view
from cogs.factory._plan import Plan, title_of
from cogs.shared.actions import AskedAction
from cogs.shared.answering import command_placeholder, give_reason, placeholder_reply
from cogs.shared.attachments import MAX_BUILD_FILES_BYTES, download
from cogs.shared.page import given_name
from cogs.shared.permissions import require_permissions, require_posting
from cogs.shared.requester import words_of

ITERATIONS: Final = 4
"""The default number of iterations."""

Fetch = Callable[[], Awaitable[list[File]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What to build.

    Attributes:
        limit: The most iterations.
        files: The files of an earlier build to start from.
        fetch: Downloads these files, if they are not there yet.
    """

    task: str
    kind: BuildKind = "auto"
    limit: int = ITERATIONS
    files: tuple[File, ...] = ()
    fetch: Fetch | None = None


async def start_build(
    bot: SkyDeck,
    queue: BuildQueue,
    interaction: discord.Interaction[SkyDeck],
    requester: Requester,
    build_request: BuildRequest,
) -> None:
    """Respond to an interaction with a build, and follow it to its end.

    Raises:
        WrongUse: It cannot start here or as asked; no response was sent.
        SkydeckError: It did not start; no response was sent.
    """
    require_posting(interaction, "embed_links", "attach_files", "read_message_history")
    words = words_of(requester)
    request = _request(build_request, requester)
    where = (interaction.app_permissions, interaction.channel)
    plan = _plan(bot, *where, build_request, words, as_guest=requester.is_guest)
    if build_request.fetch is None:
        placeholder = command_placeholder(bot, interaction, requester)
        view = make_view(bot, queue, requester, plan, placeholder.live, placeholder)
        await bot.runner.perform(
            request,
            requester=requester,
            place=view.place,
            title=plan.title,
            view=view,
            reply_token=interaction.token,
            interaction_id=interaction.id,
        )
        return
    live = await placeholder_reply(bot, interaction, requester)
    try:
        files = tuple(await build_request.fetch())
        view = make_view(bot, queue, requester, plan, live)
        await bot.runner.perform(
            _request(replace(build_request, files=files), requester),
            requester=requester,
            place=view.place,
            title=plan.title,
            view=view,
            interaction_id=interaction.id,
        )
    except (SkydeckError, discord.HTTPException) as e:
        await give_reason(live, e, words)


_TOLD: Final = frozenset({Ending.COMPLETED, Ending.FAILED, Ending.EXPIRED})
"""The endings to report; whoever cancels a build knows how it ended."""


async def build_on_request(
    bot: SkyDeck, queue: BuildQueue, asked: AskedAction, is_wanted: Wanted
) -> None:
    """Build what somebody asked for in a sentence, and follow it to its end.

    Raises:
        WrongUse: It cannot start here or as asked.
        SkydeckError: It did not start.
    """
    may = asked.permissions
    require_permissions(may, "embed_links", "attach_files", "read_message_history")
    kind = asked.steps[0].params.get("kind", "auto")
    build_request = BuildRequest(task=asked.source.text, kind=kind)
    words = words_of(asked.requester)
    plan = _plan(bot, may, asked.channel, build_request, words)
    view = make_view(bot, queue, asked.requester, plan, asked.live)
    ending = await bot.runner.perform(
        _request(build_request, asked.requester),
        requester=asked.requester,
        place=view.place,
        title=plan.title,
        view=view,
        is_wanted=is_wanted,
        interaction_id=asked.once,
    )
    if ending in _TOLD:
        asked.done(Service.FACTORY, plan.title, is_ok=ending is Ending.COMPLETED)


def read_build_request(request: Request) -> BuildRequest:
    """The build request of an earlier job, with its files.

    Raises:
        ValueError: It is not a request of this bot.
    """
    kind = request.option("kind", "auto")
    limit = (request.policy.max_iterations if request.policy else None) or ITERATIONS
    given = request.option("files") or []

    return BuildRequest(
        task=str(request.input.data),
        kind=kind if kind in BUILD_KINDS else "auto",
        limit=min(limit, MAX_ITERATIONS),
        files=tuple(File.model_validate(file) for file in given),
    )


def refined(
    build_request: BuildRequest, change: str, message: discord.Message | None, words: Words
) -> BuildRequest:
    """The same request with a change, starting from the files of a message."""

    async def fetch() -> list[File]:
        return await _files_of(message, words)

    task = f"{build_request.task}\n\n{words('factory.change')}: {change.strip()}"
    return replace(build_request, task=task, fetch=fetch)


async def _files_of(message: discord.Message | None, words: Words) -> list[File]:
    attached = message.attachments if message is not None else []
    if not attached:
        raise NotPossible(words("factory.no_files"))
    try:
        return unpack(await _read(attached, words))
    except BadInput:
        raise BadInput(words("factory.not_text")) from None
    except TooLarge:
        raise TooLarge(words("factory.too_much")) from None


async def _read(attached: Sequence[discord.Attachment], words: Words) -> list[Attachment]:
    """Download the files; the size limit is for all of them together.

    Raises:
        TooLarge: They are too large together.
        FileUnreachable, discord.HTTPException: One cannot be downloaded.
    """
    if sum(one.size for one in attached) > MAX_BUILD_FILES_BYTES:
        raise TooLarge("The files are too large together.")
    read: list[Attachment] = []
    left = MAX_BUILD_FILES_BYTES
    for one in attached:
        content = await download(one, left, words)
        left -= len(content)
        read.append((given_name(one), content))
    return read


def _request(build_request: BuildRequest, requester: Requester) -> Request:
    return build(
        build_request.task,
        source=requester.source,
        kind=build_request.kind,
        iterations=build_request.limit,
        refine=list(build_request.files),
    )


def _plan(
    bot: SkyDeck,
    may: discord.Permissions,
    channel: object,
    build_request: BuildRequest,
    words: Words,
    *,
    as_guest: bool = False,
) -> Plan:
    """Where to show the build: in a thread of its own, if one can be opened here."""
    is_wanted = isinstance(channel, discord.TextChannel) and not as_guest
    can_open = may.create_public_threads and may.send_messages_in_threads
    return Plan(
        title=title_of(build_request.task) or words("factory.untitled"),
        limit=build_request.limit,
        begun=bot.clock.wall(),
        opens_thread=is_wanted and can_open,
        lacks_thread=is_wanted and not can_open,
        goes_direct=as_guest,
    )
