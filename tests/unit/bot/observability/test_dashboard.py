"""The dashboard asks only for metrics that exist."""

import json
import re

from bot.observability.metrics import Metrics
from bot.observability.reception import Reception
from tests.paths import ROOT

FILE = ROOT / "deploy" / "grafana" / "skydeck.json"


def expressions() -> list[str]:
    panels = json.loads(FILE.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_figure_is_shown_and_no_other_is_asked_for() -> None:
    metrics = Metrics()
    metrics.registry.register(Reception(list))
    known = {family.name for family in metrics.registry.collect()}
    asked = set(re.findall(r"skydeck_\w+", " ".join(expressions())))
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} == known
