"""The dashboard asks only for metrics that exist."""

import json
import re
from typing import Any

from bot.observability.metrics import Metrics
from bot.observability.reception import Reception
from tests.paths import ROOT

FILE = ROOT / "deploy" / "grafana" / "skydeck.json"


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def panels() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text())["panels"]


def test_what_matters_stands_at_the_top_as_a_figure() -> None:
    tiles = {panel["title"]: panel for panel in panels() if panel["gridPos"]["y"] == 0}
    assert set(tiles) == {
        "Bots up", "Spent today", "Of today's budget", "Median turn", "Refused today",
        "Deaf channels",
    }  # fmt: skip
    assert all(panel["type"] == "stat" and panel["description"] for panel in tiles.values())
    assert sum(panel["gridPos"]["w"] for panel in tiles.values()) == 24


def test_no_panel_lies_over_another() -> None:
    taken = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_figure_is_shown_and_no_other_is_asked_for() -> None:
    metrics = Metrics()
    metrics.registry.register(Reception(list))
    known = {family.name for family in metrics.registry.collect()}
    asked = set(re.findall(r"skydeck_\w+", " ".join(expressions())))
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} == known
