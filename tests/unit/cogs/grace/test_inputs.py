"""Which message a link, or an id, points at."""

import pytest

from bot.errors import BadInput
from bot.i18n import words_for
from cogs.grace._inputs import Linked, read_link

WORDS = words_for("en-US")


@pytest.mark.parametrize("host", ["discord.com", "ptb.discord.com", "canary.discordapp.com"])
@pytest.mark.parametrize("rest", ["", "/", "?utm=x&y=%20", "#top", "/?a=1"])
@pytest.mark.parametrize("around", ["{}", "<{}>", "  {}\n"])
def test_a_link_as_people_copy_it(host: str, rest: str, around: str) -> None:
    link = around.format(f"https://{host}/channels/1/22/333{rest}")
    assert read_link(link, guild_id=1, words=WORDS) == Linked(22, 333)


@pytest.mark.parametrize(
    "text",
    [
        "https://discord.com@evil.example/channels/1/22/333",
        "https://evil.example/channels/1/22/333?https://discord.com/channels/1/22/333",
        "http://discord.com/channels/1/22/333",
        "https://discord.com/channels/1/22",
        "https://discord.com/channels/1/22/333 and more",
        "https://discord.com/channels/1/22/333?a b",
        "https://discord.com/channels/1/22/99999999999999999999",
        "22-",
        "-333",
        "٣٣٣",
    ],
)
def test_what_is_no_link_to_a_message(text: str) -> None:
    with pytest.raises(BadInput):
        read_link(text, guild_id=1, words=WORDS)


@pytest.mark.parametrize("guild_id", [2, None])
def test_a_link_that_leads_elsewhere(guild_id: int | None) -> None:
    with pytest.raises(BadInput):
        read_link("https://discord.com/channels/1/22/333?a=1", guild_id=guild_id, words=WORDS)
