"""Forgets questions, and stops the jobs that answer them, in whichever process those run."""

from collections.abc import Collection

from bot.discord_client import SkyDeck
from bot.jobs.place import question_at
from bot.store.repositories.recovery import Job


async def forget_messages(bot: SkyDeck, gone: Collection[int]) -> None:
    """Forget messages, and stop the jobs that answer them.

    A question that only points at one of them has its words, and is forgotten with it. Later jobs
    of the same conversation were sent its words as well.
    """
    bot.runner.withdraw(lambda running: question_at(running.place) in gone)
    memory = bot.store.conversations
    forgotten = {*gone, *await memory.holding(gone)}
    talks = await memory.talks_with(forgotten)
    await forget_questions(bot, forgotten)
    await bot.store.jobs.forget_histories(talks)


async def forget_questions(bot: SkyDeck, questions: Collection[int]) -> None:
    """Forget questions and all words of their jobs, and take back what is being answered."""
    if not questions:
        return
    memory, journal = bot.store.conversations, bot.store.jobs
    bot.runner.withdraw(lambda running: question_at(running.place) in questions)
    people = await memory.who_asked(questions)
    await memory.delete(questions)
    if people:  # else nobody asked anything with these, as with most messages
        await withdraw_jobs(bot, await journal.answering(questions, user_ids=people))


async def withdraw_jobs(bot: SkyDeck, jobs: Collection[Job]) -> None:
    """Stop the jobs that still run, and forget the words of all."""
    for job in jobs:
        if job.ending is None:
            await bot.remote_jobs.withdraw(job)
    await bot.store.jobs.forget_words([job.journal_id for job in jobs])
