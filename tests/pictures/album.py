"""Which pictures there are, and what each is made from.

A drawing (SVG) is text and the same on every machine, so a test makes it again. How a photograph
(PNG) comes out depends on the machine's browser and fonts; so `sources.json` keeps a digest of the
page that it shows, and one of the photograph, which was made in the same run.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from tests.paths import TESTS
from tests.pictures import channel, frozen, talk
from tests.pictures.words import SPOKEN

FOLDER: Final = TESTS.parent / "docs" / "pictures"
SOURCES: Final = FOLDER / "sources.json"
_DESKTOP: Final = 760
_PHONE: Final = 390
PHOTOGRAPHS: Final = {
    "channel.png": ("channel", _DESKTOP),
    "channel-phone.png": ("channel", _PHONE),
    "channel-es.png": ("channel-es", _DESKTOP),
    "costs.png": ("costs", _DESKTOP),
    "costs-es.png": ("costs-es", _DESKTOP),
}
"""By file: which page it shows, and how wide."""
_CHART: Final = [TESTS.parent / one for one in ("cogs/costs/_picture.py", "bot/figures.py")]
_EMBEDDED: Final = re.compile(r"data:[^']*")


def drawings() -> dict[str, str]:
    """The pictures of the terminal app, by file."""
    made = {"turn": talk.turn, "talk": talk.conversation}
    return {
        f"{name}{end}.svg": asyncio.run(make(said))
        for name, make in made.items()
        for end, said in SPOKEN.items()
    }


def pages() -> dict[str, str]:
    """The pages of Discord, by name."""
    return frozen.run(channel.pages)


def made_from(pages: Mapping[str, str]) -> str:
    """What `sources.json` says of the photographs that are there."""
    told = {
        file: {"page": page_digest(pages[page]), "width": width, "picture": digest(file)}
        for file, (page, width) in PHOTOGRAPHS.items()
    }
    return json.dumps(told, indent=2) + "\n"


def page_digest(page: str) -> str:
    """A digest of a page; for a chart in it, of the code that draws it, since fonts differ."""
    text, charts = _EMBEDDED.subn("data:", page)
    drawn = "".join(one.read_text(encoding="utf-8") for one in _CHART) if charts else ""
    return _hash((text + drawn).encode())


def digest(file: str) -> str:
    """A digest of a photograph; empty if there is none."""
    path = FOLDER / file
    return _hash(path.read_bytes()) if path.exists() else ""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
