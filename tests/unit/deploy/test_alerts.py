"""The alerts ask for metrics that exist, and each leads to a section that says what to do."""

import re
from typing import Any

import pytest
import yaml

from bot import errors
from bot.observability.metrics import Metrics
from bot.observability.reception import FAULTS, KINDS, Reception
from bot.runpod.models import JobState
from tests.paths import ROOT

RULES = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
RUNBOOK = ROOT / "docs" / "runbook.md"
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|=|!=)\s*"([^"]*)"')


def codes() -> set[str]:
    found, todo = set(), [errors.SkydeckError]
    while todo:
        kind = todo.pop()
        found.add(kind.code)
        todo += kind.__subclasses__()
    return found


LABELS = {
    "job": {"skydeck"},
    "kind": {*KINDS, *FAULTS.values()},
    "ending": {"completed", "left", "internal", *codes()},
    "state": set(JobState),
}


def exported() -> set[str]:
    metrics = Metrics()
    metrics.registry.register(Reception(list))
    families = metrics.registry.collect()
    samples = {sample.name for family in families for sample in family.samples}
    names = {family.name for family in metrics.registry.collect()}
    return samples | {
        f"{name}{end}" for name in names for end in ("", "_total", "_bucket", "_sum", "_count")
    }


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_its_metrics_are_exported(rule):
    asked = set(re.findall(r"\bskydeck_\w+", rule["expr"]))
    assert asked <= exported()
    assert asked or "up{" in rule["expr"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_its_labels_have_values_that_exist(rule):
    for name, values in MATCHER.findall(rule["expr"]):
        assert set(values.split("|")) <= LABELS[name]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_its_link_leads_to_a_section_about_it(rule):
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert ROOT / page == RUNBOOK
    text = RUNBOOK.read_text("utf-8")
    sections = dict(zip(HEADING.findall(text), HEADING.split(text)[2::2], strict=True))
    by_anchor = {slug(title): body for title, body in sections.items()}
    assert f"`{rule['alert']}`" in by_anchor[anchor]
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"warning", "critical"}


def test_the_page_is_about_no_other_alert():
    named = set(re.findall(r"`(Skydeck\w+)`", RUNBOOK.read_text("utf-8")))
    assert named == {rule["alert"] for rule in ALERTS}


def slug(title: str) -> str:
    """As MkDocs makes an anchor of a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title.lower())).strip("-")
