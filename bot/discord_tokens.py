"""What stands for something else in a Discord text: mentions, emoji, commands and times. Pure.

Source of the forms: Discord's reference, "Message Formatting".
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

TOKEN: Final = re.compile(
    r"<(?:"
    r"@!?(?P<person>[0-9]{1,20})"
    r"|@&(?P<role>[0-9]{1,20})"
    r"|\#(?P<channel>[0-9]{1,20})"
    r"|/(?P<command>[^:<>\n]{1,100}):[0-9]{1,20}"
    r"|a?:(?P<emoji>\w{1,32}):[0-9]{1,20}"
    r"|t:(?P<time>-?[0-9]{1,13})(?::(?P<style>[A-Za-z]))?"
    r"|id:(?P<place>customize|browse|guide|linked-roles)(?::[0-9]{1,20})?"
    r")>"
)
"""One of them; the group that matched last says which."""
PLACES: Final = {
    "customize": "Channels & Roles",
    "browse": "Browse Channels",
    "guide": "Server Guide",
    "linked-roles": "Linked Roles",
}
"""Parts of a server that every server has, by their names in Discord's client."""
_TIMES: Final = {"t": "%H:%M UTC", "T": "%H:%M:%S UTC", "d": "%Y-%m-%d", "D": "%Y-%m-%d"}
"""Without the words of any language. A time that Discord shows as "in 3 days" is a date here: a
service does not know when it is asked."""
_ANY_TIME: Final = "%Y-%m-%d %H:%M UTC"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def time_in_words(token: re.Match[str]) -> str | None:
    """A time in ISO 8601; None if no calendar has it: Discord shows no date either."""
    try:
        at = _EPOCH + timedelta(seconds=int(token["time"]))
    except OverflowError:
        return None
    return at.strftime(_TIMES.get(token["style"] or "", _ANY_TIME))
