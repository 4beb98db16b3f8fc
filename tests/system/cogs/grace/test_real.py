"""Grace herself, with the small model."""

import pytest

from bot.catalogue import load_grace
from bot.contract import Service
from bot.settings import Settings
from bot.workers.grace.handler import GraceHandler
from tests.fakes.handlers import Scripted, hang
from tests.integration.cogs.grace.sight import settled

pytestmark = pytest.mark.models

TEXT = (
    "The city council of Lakeview voted on Tuesday to close Main Street to cars from May to "
    "September. The plan will turn six blocks into a pedestrian zone with outdoor seating and a "
    "weekly market. Supporters say that a trial last summer raised sales in nearby shops by 12 "
    "percent. Opponents fear that customers will not find parking."
)


@pytest.fixture
def handlers(qwen, penny):
    return {
        "grace": GraceHandler(load_grace(Settings(_env_file=None)), qwen),
        "penny": Scripted(penny, service=Service.PENNY),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


async def test_a_summary_by_the_real_model(sim, deck, ben):
    await ben.slash("/grace summarize", text=TEXT, length="short")
    message = await settled(ben, "**Summary** · “", within=240)
    _heading, *body, took = message.content.splitlines()
    assert "Main Street" in " ".join(body) or "Lakeview" in " ".join(body)
    assert len(" ".join(body)) < len(TEXT)
    assert took.startswith("-# ")
    assert not sim.problems


async def test_facts_by_the_real_model(sim, deck, ana):
    await ana.slash("/grace extraer", texto=TEXT, campos="city, street")
    await settled(ana, "**Datos** · «The city council", within=240)
    assert not sim.problems
