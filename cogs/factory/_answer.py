"""The first answer to an interaction, when the job is in the journal before it.

Written the other way round, a process that dies between the two leaves somebody with a working
line that nobody will ever change. So the journal first holds how the answer can be found (the
interaction's token, which is good for 15 minutes), and once the answer is there, the number of its
message instead. With the token anybody could speak for the bot there, so it is kept apart from all
that people may see of a job (`bot.store.tables.jobs`).
"""

import discord

from bot.client import SkyDeck
from bot.store import Job
from cogs.shared.patience import persist


async def find_answer(bot: SkyDeck, job: Job) -> int | None:
    """The answer that another process has given; None when there is none, and nobody waits.

    Discord itself has told the person then that the application did not respond.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    if job.reply_token is None or bot.application_id is None:
        return None
    webhook = discord.Webhook.partial(bot.application_id, job.reply_token, client=bot)
    try:
        # discord.py passes the word on as it is; only its annotation is narrower
        answer = await persist(lambda: webhook.fetch_message("@original"))  # type: ignore[arg-type]
    except discord.HTTPException:
        return None
    return answer.id
