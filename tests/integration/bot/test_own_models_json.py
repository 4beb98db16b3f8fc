"""Servers of one's own that enforce no schema: Grace's and the Factory's answers are checked."""

import contextlib
import json
from pathlib import Path

import pytest

from bot.catalogue import load_grace
from bot.composition import WarmUp, open_services
from bot.contract import Request, Service, Source
from bot.contract.factory import build
from bot.contract.grace import task
from bot.errors import SkydeckError
from bot.i18n import words_for
from bot.settings import Settings
from cogs.shared.error_messages import explain
from tests.fakes.openai_api import Answer, FakeOpenAI

DECK = Source(system="DECK")
TEXT = "I waited an hour, and then the soup was cold."
RIGHT = {"sentiment": "negative", "reason": "It complains about cold soup."}
FENCED = f"Here you are:\n```json\n{json.dumps(RIGHT)}\n```"


@contextlib.asynccontextmanager
async def service(which: Service, url: str, folder: Path):
    """A function that asks this service; its model is behind the URL."""
    settings = Settings(
        _env_file=None, skydeck_llm_url=url, skydeck_llm_model="m", skydeck_weights_dir=folder
    )
    opened = open_services(settings, fetch=lambda *_: None, only={which}, warm_up=WarmUp.NEVER)
    async with opened as services:

        async def ask(request: Request):
            """The last response's data."""
            last = None
            async with services.client.submit(request) as updates:
                async for update in updates:
                    last = update.response or last
            return last.output.data

        yield ask


async def sentiment(api: FakeOpenAI, folder: Path):
    module = load_grace(Settings(_env_file=None))["SENTIMENT"]
    async with service(Service.GRACE, api.url, folder) as ask:
        return await ask(task(module, TEXT, source=DECK))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("They are not happy.", "it holds no JSON object"),
        ('{"sentiment": "angry", "reason": "Cold."}', "sentiment: 'angry' is not one of"),
        ('{"sentiment": "negative"}', "'reason' is a required property"),
        ('{"sentiment": "negative", "reason": NaN}', "NaN is not a JSON value"),
        ('{"sentiment": "negative", "reason"', "it is not valid JSON"),
        ("[" * 500, "it holds no JSON object"),
    ],
)
async def test_grace_says_what_was_wrong_and_asks_again(tmp_path: Path, wrong: str, told: str):
    async with FakeOpenAI(Answer((wrong,)), Answer((FENCED,)), key="") as api:
        assert await sentiment(api, tmp_path) == RIGHT
    first, second = (heard.body for heard in api.heard)
    assert first["response_format"]["type"] == "json_schema"
    *before, quoted, advice = second["messages"]
    assert before == first["messages"]
    assert quoted == {"role": "assistant", "content": wrong}
    assert told in advice["content"]
    assert second["temperature"] > first["temperature"]


async def test_a_server_without_schemas_is_asked_in_words(tmp_path: Path):
    wrong, right = Answer(("They are not happy.",)), Answer((FENCED,))
    async with FakeOpenAI(wrong, right, refuses=["response_format"], key="") as api:
        assert await sentiment(api, tmp_path) == RIGHT
    refused, *answered = (heard.body for heard in api.heard)
    assert "response_format" in refused
    assert len(answered) == 2, "what it refuses is remembered"
    for body in answered:
        assert "response_format" not in body
        assert body["messages"][-1]["role"] == "system"
        assert '"sentiment"' in body["messages"][-1]["content"]


async def test_what_never_fits_is_a_line_that_says_what_to_do(tmp_path: Path):
    async with FakeOpenAI(Answer(("They are not happy.",)), key="") as api:
        with pytest.raises(SkydeckError, match="The model's answer cannot be used") as caught:
            await sentiment(api, tmp_path)
    assert len(api.heard) == 3
    assert "SKYDECK_LLM_MODEL" in str(caught.value)
    for locale in ("en", "es"):
        shown = explain(caught.value, words_for(locale)).text
        assert words_for(locale)("errors.unexpected") not in shown
        assert TEXT not in shown


@pytest.mark.parametrize(
    ("grade", "score"),
    [
        ('{"problem": "It is short.", "score": 9}', 0.9),
        ('Sure!\n```json\n{"problem": "It is short.", "score": 9}\n```', 0.9),
        ('{"problem": "It is short.", "score": 8.0}', 0.8),
        ('{"problem": 7, "score": 1e400}', 1.0),
        ('{"score": true}', 0.5),
        ('{"score": "nine"}', 0.5),
        ("Nine out of ten!", 0.5),
        ('{"a": ' * 500, 0.5),
        ("[" * 2_000, 0.5),
    ],
)
async def test_the_factory_reads_a_grade_in_any_wrapping_or_takes_a_middling_one(
    tmp_path: Path, grade: str, score: float
):
    poem = Answer(("Rain falls on the roof.",))
    async with (
        FakeOpenAI(poem, Answer((grade,)), key="") as api,
        service(Service.FACTORY, api.url, tmp_path) as ask,
    ):
        built = await ask(build("a poem about rain", source=DECK, kind="text", iterations=1))
    [iteration] = built["iterations"]
    assert iteration["score"] == score
    assert built["passed"] == (score >= 0.8)
    assert [file["content"].strip() for file in built["files"]] == ["Rain falls on the roof."]
