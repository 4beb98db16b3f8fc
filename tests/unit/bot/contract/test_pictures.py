"""Pictures on the wire: by their bytes, bounded."""

import base64

import pytest

from bot.contract import Source
from bot.contract.penny import converse
from bot.contract.pictures import (
    MAX_PICTURE_BYTES,
    Picture,
    picture_of,
    picture_type,
    pictures_in,
    pictures_param,
)
from bot.errors import BadInput, TooLarge

DECK = Source(system="DECK")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def asked(value: object) -> object:
    return pictures_in(converse("what?", source=DECK, params={"pictures": value}))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_bytes_say_what_it_is(content: bytes, media_type: str | None) -> None:
    assert picture_type(content) == media_type


def test_there_and_back() -> None:
    picture = picture_of(PNG)
    assert picture is not None
    assert asked(pictures_param([picture])["pictures"]) == (picture,)
    assert pictures_param([]) == {}
    assert pictures_in(converse("what?", source=DECK)) == ()


def test_what_a_caller_claims_does_not_count() -> None:
    claimed = {"media_type": "text/html", "data": base64.b64encode(PNG).decode()}
    assert asked([claimed]) == (Picture(media_type="image/png", data=claimed["data"]),)


@pytest.mark.parametrize(
    "value",
    ["x", {"data": "x"}, [3], [{"media_type": "image/png"}], [{"media_type": "a", "data": "***"}],
     [{"media_type": "image/png", "data": base64.b64encode(b"<svg>").decode()}]],
)  # fmt: skip
def test_what_is_none_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        asked(value)


def test_what_is_too_much_is_refused() -> None:
    large = base64.b64encode(PNG + bytes(MAX_PICTURE_BYTES)).decode()
    with pytest.raises(TooLarge):
        asked([{"media_type": "image/png", "data": large}])
    with pytest.raises(TooLarge):
        asked([{"media_type": "image/png", "data": ""}] * 4)
    assert picture_of(PNG + bytes(MAX_PICTURE_BYTES)) is None
