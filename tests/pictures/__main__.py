"""Writes the pictures of the README into docs/pictures: `make pictures`."""

import sys

from tests.pictures import album
from tests.pictures.browser import photographed


def main() -> None:
    """Write all pictures, and beside them what they were made from."""
    album.FOLDER.mkdir(parents=True, exist_ok=True)
    for name, svg in album.drawings().items():
        (album.FOLDER / name).write_text(svg, encoding="utf-8")
    pages = album.pages()
    for name, (page, width) in album.PHOTOGRAPHS.items():
        (album.FOLDER / name).write_bytes(photographed(pages[page], width))
    album.SOURCES.write_text(album.made_from(pages), encoding="utf-8")
    for file in sorted(album.FOLDER.iterdir()):
        sys.stdout.write(f"{file.stat().st_size / 1000:7.1f} kB  {file.name}\n")


if __name__ == "__main__":
    main()
