"""What was heard in several recordings, for the message that shows the answer."""

from bot.contract import Response
from bot.contract.recordings import Heard, heard_in
from bot.i18n import Words
from cogs.shared.error_messages import reason_of
from cogs.shared.splitting import as_plain_text


def notes_of(response: Response, words: Words) -> list[str]:
    """A line for each of several recordings that was not heard, not wholly, or is silent."""
    return [note for one in heard_in(response) if (note := _note(one, words))]


def _note(heard: Heard, words: Words) -> str:
    name = as_plain_text(heard.name)
    if heard.error is not None:
        reason = reason_of(heard.error.code, heard.error.message, words)
        return words("common.file.unheard", name=name, reason=reason)
    if not heard.transcript:
        return words("common.file.silent", name=name)
    return words("common.file.unasked", name=name) if heard.is_cut else ""
