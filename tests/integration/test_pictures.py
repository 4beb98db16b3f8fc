"""The README's pictures show what people see today."""

# mypy: ignore-errors

import json

from tests.pictures import album

OLD = "docs/pictures/{} is old: run `make pictures`, and look at it before you commit it"


def test_the_terminal_looks_as_in_its_pictures():
    for name, svg in album.drawings().items():
        path = album.FOLDER / name
        assert path.exists(), OLD.format(name)
        assert path.read_text("utf-8") == svg, OLD.format(name)
        assert len(svg.encode()) < 400_000


def test_discord_looks_as_in_its_pictures():
    kept = json.loads(album.SOURCES.read_text("utf-8"))
    now = json.loads(album.made_from(album.pages()))
    for name, made in now.items():
        assert kept.get(name) == made, OLD.format(name)
        assert (album.FOLDER / name).stat().st_size < 200_000
    assert kept.keys() == now.keys()


def test_no_picture_needs_anything_from_elsewhere():
    drawings = list(album.FOLDER.glob("*.svg"))
    assert len(drawings) == 4
    for path in drawings:
        svg = path.read_text("utf-8")
        assert "url(" not in svg
        assert "href" not in svg
        assert "@import" not in svg
