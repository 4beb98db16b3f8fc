"""A terminal as SVG."""

# mypy: ignore-errors

import re
import xml.etree.ElementTree as ET

from rich.segment import Segment
from rich.style import Style

from tests.pictures.cells import INK, PAPER, Run, mixed, row_of
from tests.pictures.svg import HEIGHT, WIDTH, Frame, moving, still

SVG = "{http://www.w3.org/2000/svg}"
ROW = (Run(2, "hello <b>", INK), Run(12, "█▒╭─╮", (1, 2, 3), is_bold=True))


def drawn(*rows):
    return ET.fromstring(still(rows, title="t", told="what <it> shows"))


def test_a_row_keeps_its_columns_and_drops_blanks():
    row = row_of([Segment("  ab "), Segment(" c", Style(bold=True)), Segment("   ")])
    assert [(run.column, run.text, run.is_bold) for run in row] == [
        (2, "ab", False),
        (6, "c", True),
    ]


def test_reversed_and_dim_letters():
    (run,) = row_of([Segment(" x ", Style(reverse=True, color="#102030"))])
    assert (run.text, run.ink, run.paper) == (" x ", PAPER, (16, 32, 48))
    (run,) = row_of([Segment("x", Style(dim=True))])
    assert run.ink != INK
    assert mixed((0, 0, 0), (100, 200, 50), 0.5) == (50, 100, 25)


def test_letters_stand_in_their_cells_and_blocks_are_shapes():
    svg = drawn(ROW)
    (letters,) = [one for one in svg.iter(f"{SVG}text") if one.text == "hello <b>"]
    assert letters.get("x") == str(2 * WIDTH)
    assert letters.get("textLength") == str(9 * WIDTH)
    assert not [one for one in svg.iter(f"{SVG}text") if one.text and "█" in one.text]
    assert len(list(svg.iter(f"{SVG}path"))) == 2
    assert svg.find(f"{SVG}title").text == "what <it> shows"


def test_each_row_is_drawn_once_for_all_the_time_that_it_looks_the_same():
    other = (Run(0, "other", INK),)
    frames = [Frame((ROW, other), 1), Frame((ROW, ()), 2), Frame((ROW, other), 1)]
    svg = moving(frames, poster=1, title="t", told="t")
    ET.fromstring(svg)
    assert svg.count("hello") == svg.count(">other<") == 1
    steps = re.search(r"@keyframes k\d+\{(.*?\})\}", svg)[1]
    assert steps == "0%{visibility:visible}25%{visibility:hidden}75%{visibility:visible}"
    assert 'class="m o"' in svg  # the poster does not have it
    assert "animation:4s step-end infinite" in svg
    assert "prefers-reduced-motion" in svg


def test_rows_lie_below_each_other():
    svg = still((ROW, (), ROW), title="t", told="t")
    assert f"translate(0 {2 * HEIGHT})" in svg
