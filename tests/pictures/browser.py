"""A page as a PNG, by a headless Chromium; the page needs nothing beside itself."""

import io
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TALLEST: Final = 2_400
_SCALE: Final = 2
"""Pixels of the picture for each of the page, as sharp screens have them."""
_COLOURS: Final = 128
_MARGIN: Final = 20
_WAIT_S: Final = 60


def photographed(page: str, width: int) -> bytes:
    """The page at this width, as high as what is on it.

    Args:
        page: HTML.
        width: In the page's pixels; also narrower than a window of Chromium can be.

    Raises:
        RuntimeError: There is no Chromium, or no font that has the page's signs.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise RuntimeError("The pictures of Discord need Chromium: apt-get install chromium.")
    emoji = subprocess.run(["fc-list", ":lang=und-zsye"], check=True, capture_output=True).stdout
    if not emoji:  # else a box stands in place of each
        fonts = "fonts-noto-core fonts-noto-color-emoji"
        raise RuntimeError(f"The pictures of Discord need emoji: apt-get install {fonts}.")
    framed = (
        "<!doctype html><style>body{margin:0}iframe{border:0;display:block}</style>"
        f"<iframe width='{width}' height='{_TALLEST}' srcdoc='{escape(page)}'></iframe>"
    )
    with tempfile.TemporaryDirectory() as folder:
        source, picture = Path(folder) / "page.html", Path(folder) / "page.png"
        source.write_text(framed)
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={folder}/profile", f"--force-device-scale-factor={_SCALE}",
                f"--window-size={max(width, 600)},{_TALLEST}", f"--screenshot={picture}",
                source.as_uri(),
            ],
            check=True, capture_output=True, timeout=_WAIT_S,
        )  # fmt: skip
        return _small(_cropped(Image.open(picture).convert("RGB"), width))


def _cropped(picture: Image.Image, width: int) -> Image.Image:
    """Without the empty rest below and beside the page."""
    page = picture.crop((0, 0, width * _SCALE, picture.height))
    paper = page.getpixel((page.width - 1, page.height - 1))
    box = ImageChops.difference(page, Image.new("RGB", page.size, paper)).getbbox()
    height = page.height if box is None else min(page.height, box[3] + _MARGIN * _SCALE)
    return page.crop((0, 0, page.width, height))


def _small(picture: Image.Image) -> bytes:
    """As few bytes as it can have without looking worse."""
    out = io.BytesIO()
    few = picture.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
