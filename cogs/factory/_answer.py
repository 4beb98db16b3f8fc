"""The first answer to an interaction, when the job is in the journal before it.

Written the other way round, a process that dies between the two leaves somebody with a working
line that nobody will ever change. So the journal first holds how the answer can be found (the
interaction's token, which is good for 15 minutes and for nothing else), and once the answer is
there, the number of its message instead.
"""

from collections.abc import Mapping

import discord
from pydantic import JsonValue

from bot.client import SkyDeck
from cogs.shared.patience import persist

_TOKEN = "answer"  # noqa: S105  (the name of a field)


def to_place(interaction: discord.Interaction[SkyDeck]) -> dict[str, JsonValue]:
    """How to find the answer to an interaction, if there is one; for the journal."""
    return {_TOKEN: [str(interaction.application_id), interaction.token]}


async def find_answer(bot: SkyDeck, place: Mapping[str, JsonValue]) -> int | None:
    """The answer that another process has given; None when there is none, and nobody waits.

    Discord itself has told the person then that the application did not respond.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    match place.get(_TOKEN):
        case [application_id, str(token)]:
            webhook = discord.Webhook.partial(int(str(application_id)), token, client=bot)
        case _:
            return None
    try:
        # discord.py passes the word on as it is; only its annotation is narrower
        answer = await persist(lambda: webhook.fetch_message("@original"))  # type: ignore[arg-type]
    except discord.HTTPException:
        return None
    return answer.id
