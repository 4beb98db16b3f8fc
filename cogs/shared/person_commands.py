"""What a person asks for in a sentence, spoken or written: cancel a job, how far it is, costs.

The journal, the rights and the ledger are those of the slash commands. A sentence names no title of
a job, no place and no sum where others read or hear it.
"""

import contextlib
from collections.abc import Sequence
from typing import Final

import discord

from bot.contract import Service
from bot.discord_client import SkyDeck
from bot.i18n import Words
from bot.jobs.called import called, name_of
from bot.jobs.place import address_of, question_at
from bot.money import Payer
from bot.service_calls.report import view_of
from bot.spoken_commands import CommandKind, JobNoun
from bot.store.repositories.recovery import Job, JobStage
from bot.wording import money_in_words, time_in_words
from cogs.shared.rights import Relation, Right, may

ABOUT_JOBS: Final = frozenset(
    {CommandKind.CANCEL, CommandKind.CANCEL_JOB, CommandKind.PROGRESS, CommandKind.COST}
)
"""The kinds of commands that this module carries out."""
_MAX_LOOKED_THROUGH: Final = 200


async def running_jobs(bot: SkyDeck, user_id: int, noun: JobNoun | None = None) -> Sequence[Job]:
    """A person's jobs that have not ended, newest first.

    Args:
        bot: The client.
        user_id: The person.
        noun: Which of them (`bot.jobs.called`); None: all.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    jobs = await bot.store.jobs.listing(user_id=user_id, unfinished=True)
    return called(jobs, noun, lambda job: (Service(job.service), job.module))


async def job_shown_in(
    bot: SkyDeck, message_id: int, guild_id: int | None, user_id: int
) -> Job | None:
    """The unfinished job that a message shows, or whose question it is; None: there is none.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    listed = await bot.store.jobs.listing(
        guild_id=guild_id,
        user_id=user_id if guild_id is None else None,
        unfinished=True,
        limit=_MAX_LOOKED_THROUGH,
    )
    return next(
        (
            job
            for job in listed
            if message_id in (address_of(job).message_id, question_at(job.place))
        ),
        None,
    )


async def cancel(bot: SkyDeck, job: Job, relation: Relation, words: Words) -> str:
    """Cancel a job, if this person may; returns what to tell them.

    Raises:
        StoreFailed: The other processes cannot be told.
    """
    if not may(Right.STOP_JOB, relation):
        return words("commands.cancelled_not_yours")
    if not await bot.remote_jobs.stop(job):
        return words("common.already_over")
    return words("commands.cancelled", job=_noun(job, words))


def nothing_runs(noun: JobNoun | None, words: Words) -> str:
    """What to tell a person who has no job that they could cancel."""
    return words("commands.cancelled_nothing" if noun is None else "commands.cancelled_no_such")


async def cancel_newest(
    bot: SkyDeck, user_id: int, words: Words, noun: JobNoun | None = None
) -> str:
    """Cancel a person's newest job, or the newest that is called so; returns what to tell them.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    jobs = await running_jobs(bot, user_id, noun)
    if not jobs:
        return nothing_runs(noun, words)
    return await cancel(bot, jobs[0], Relation(is_owner=True), words)


async def progress(
    bot: SkyDeck,
    user_id: int,
    words: Words,
    job: Job | None = None,
    noun: JobNoun | None = None,
) -> str | None:
    """How far a certain job is, or a person's newest one that is called so; None: they have none.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    jobs = [job] if job is not None else await running_jobs(bot, user_id, noun)
    if not jobs:
        return None
    said = [_progress_of(bot, jobs[0], words)]
    if len(jobs) > 1:
        said.append(words.count("commands.more", len(jobs) - 1))
    return " ".join(said)


def _progress_of(bot: SkyDeck, job: Job, words: Words) -> str:
    took = time_in_words(bot.clock.wall() - job.created_at_ms / 1000, words)
    noun = _noun(job, words)
    if job.stage is JobStage.WAITING:
        return words("commands.waits", job=noun[:1].upper() + noun[1:], took=took)
    step = bot.runner.step_of(job.journal_id, words)
    if step:
        return words("commands.works_step", job=noun, took=took, step=step)
    return words("commands.works", job=noun, took=took)


def _noun(job: Job, words: Words) -> str:
    return name_of(Service(job.service), job.module, words)


async def cost_today(bot: SkyDeck, user_id: int, words: Words) -> str:
    """What a person has spent today, in a sentence; it is for them alone.

    Raises:
        StoreFailed: The ledger cannot be read.
    """
    view = view_of(Payer(user_id=user_id), int(bot.clock.wall() * 1000), 1)
    spent = sum(one.micro_usd for one in await bot.store.spending.by_day(view))
    if spent == 0:
        return words("commands.cost_nothing")
    return words("commands.cost", money=money_in_words(spent, words))


async def tell_alone(bot: SkyDeck, user_id: int, text: str, words: Words) -> str:
    """Send a person what only they may know; returns what to tell them where they asked."""
    with contextlib.suppress(discord.HTTPException, discord.ClientException, OSError):
        direct = await bot.create_dm(discord.Object(user_id))
        await direct.send(text)
        return words("commands.sent_to_you")
    return words("commands.not_sent_to_you")
