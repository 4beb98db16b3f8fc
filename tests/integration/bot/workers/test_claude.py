"""Claude through the real SDK, against a small Anthropic on a loopback port."""

import asyncio
import contextlib
import logging
import traceback
from dataclasses import replace
from itertools import pairwise

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Message, Source
from bot.contract.penny import converse
from bot.contract.pictures import Picture
from bot.errors import JobFailed, KeyRefused, RateLimited, ServiceUnreachable, SkydeckError
from bot.workers.claude import Claude
from bot.workers.protocols import CompletionUsage, Prompt, Tool, ToolCall, complete
from tests.fakes.anthropic_api import KEY, Answer, FakeAnthropic
from tests.fakes.loopback_api import End, Refusal

QUESTION = "What is the capital of France?"
PROMPT = Prompt(messages=[Message(role="user", content=QUESTION)], max_tokens=200)
PARIS = Answer(("The capital", " is Par", "is. ", "Voilà!"), input_tokens=25, output_tokens=15)
HAIKU = "claude-haiku-4-5"


@contextlib.asynccontextmanager
async def claude(*script: Answer | Refusal, model: str = HAIKU, key: str = KEY):
    async with FakeAnthropic(*script) as api:
        llm = Claude(SecretStr(key), model=model, base_url=api.url)
        try:
            yield llm, api
        finally:
            await llm.close()


async def failure(llm: Claude, prompt: Prompt = PROMPT) -> tuple[list[str], SkydeckError]:
    """What was written before the error, and the error."""
    written: list[str] = []
    try:
        async for piece in llm.stream(prompt):
            written.append(piece)  # noqa: PERF401  (kept when the stream fails)
    except SkydeckError as e:
        return written, e
    pytest.fail(f"no error, but {written}")


# What it answers


async def test_pieces_come_in_order_and_then_what_they_took():
    async with claude(PARIS) as (llm, _):
        *pieces, spent = [piece async for piece in llm.stream(PROMPT)]
    assert pieces == ["The capital", " is Par", "is. ", "Voilà!"]
    assert spent == CompletionUsage(25, 15, "stop", (25 * 1 + 15 * 5) / 1e6)


@pytest.mark.parametrize(
    ("stop_reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("a reason of next year", "stop"),
    ],
)
async def test_it_says_why_the_answer_ended(stop_reason: str, finish: str):
    async with claude(Answer(("Once upon a",), stop_reason=stop_reason)) as (llm, _):
        text, spent = await complete(llm, PROMPT)
    assert (text, spent.finish_reason) == ("Once upon a", finish)


async def test_thoughts_are_not_spoken():
    async with claude(Answer(("Paris.",), thinks=True), model="claude-opus-5-5") as (llm, _):
        text, _spent = await complete(llm, PROMPT)
    assert text == "Paris."


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("claude-haiku-4-5-20251001", 25 + 75),
        ("claude-haiku-5-5", 2.5 + 7.5),
        ("claude-sonnet-4-6", 75 + 225),
        ("claude-sonnet-5-5", 50 + 150),
        ("claude-opus-4-8", 125 + 375),
        ("claude-opus-5", 125 + 375),
        ("claude-opus-5-5", 100 + 300),
    ],
)
async def test_each_model_has_its_price(model: str, usd: float):
    async with claude(PARIS, model=model) as (llm, _):
        _text, spent = await complete(llm, PROMPT)
    assert spent.cost_usd == pytest.approx(usd / 1e6)


async def test_a_model_that_is_not_known_yet_has_none():
    async with claude(PARIS, model="claude-next") as (llm, _):
        _text, spent = await complete(llm, PROMPT)
    assert spent == CompletionUsage(25, 15, "stop", None)


# What it asks


async def test_the_request_is_what_we_mean():
    prompt = Prompt(
        messages=[
            Message(role="system", content="You are Penny."),
            Message(role="user", content="My dog is called Rex."),
            Message(role="assistant", content="  "),  # an answer to silence; the API refuses it
            Message(role="user", content="What is my dog called?"),
        ],
        max_tokens=77,
        temperature=0.2,
    )
    async with claude(PARIS) as (llm, api):
        await complete(llm, prompt)
    assert api.heard[0].body == {
        "model": HAIKU,
        "max_tokens": 77,
        "stream": True,
        "system": "You are Penny.",
        "messages": [
            {"role": "user", "content": "My dog is called Rex."},
            {"role": "user", "content": "What is my dog called?"},
        ],
    }


async def test_without_a_system_prompt_none_is_sent():
    async with claude(PARIS) as (llm, api):
        await complete(llm, PROMPT)
    assert "system" not in api.heard[0].body


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        (HAIKU, {}),
        ("claude-sonnet-5", {"thinking": {"type": "disabled"}}),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
        ("claude-next", {}),
    ],
)
async def test_each_model_is_asked_in_its_own_way_to_answer_at_once(model: str, extra: dict):
    async with claude(PARIS, model=model) as (llm, api):
        await complete(llm, PROMPT)
    body = api.heard[0].body
    assert {k: body[k] for k in ("thinking", "output_config") if k in body} == extra


@pytest.mark.parametrize(("model", "effort"), [(HAIKU, {}), ("claude-opus-5-5", {"effort": "low"})])
async def test_a_form_for_the_answer_is_enforced_by_the_api(model: str, effort: dict):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 40}},
        "required": ["city"],
    }
    prompt = Prompt(messages=PROMPT.messages, schema=schema)
    async with claude(Answer(('{"city":', '"Paris"}')), model=model) as (llm, api):
        text, _spent = await complete(llm, prompt)
    assert text == '{"city":"Paris"}'
    sent = api.heard[0].body["output_config"]
    assert sent.keys() == {"format", *effort}
    assert sent["format"]["type"] == "json_schema"
    assert sent["format"]["schema"]["required"] == ["city"]
    # the API takes no lengths; the SDK tells the model of them in words
    assert "maxLength: 40" in sent["format"]["schema"]["properties"]["city"]["description"]


# What goes wrong


@pytest.mark.parametrize(
    ("refusal", "error", "words"),
    [
        (Refusal(401, "authentication_error"), KeyRefused, "refused the key. Check ANTHROPIC_API"),
        (Refusal(403, "permission_error"), KeyRefused, "refused the key"),
        (Refusal(402, "billing_error"), JobFailed, "cannot bill this account. Check its credit"),
        (Refusal(404, "not_found_error"), JobFailed, "no Claude model 'claude-haiku-4-5'. Check"),
        (Refusal(400, "invalid_request_error"), JobFailed, "(invalid_request_error). Check"),
        (Refusal(418, ""), JobFailed, "(HTTP 418)"),
    ],
)
async def test_a_refusal_is_said_in_words_and_not_repeated(refusal, error, words: str):
    async with claude(refusal) as (llm, api):
        written, caught = await failure(llm)
    assert (written, type(caught), len(api.heard)) == ([], error, 1)
    assert words in str(caught)
    assert not getattr(caught, "service_retryable", False)


async def test_too_often_for_longer_than_a_person_waits_says_when():
    async with claude(Refusal(429, "rate_limit_error", {"retry-after": "37"})) as (llm, api):
        async with asyncio.timeout(2):
            _, caught = await failure(llm)
    assert type(caught) is RateLimited
    assert str(caught) == "Claude's rate limit is reached. Try again in 37 s."
    assert len(api.heard) == 1


async def test_too_often_for_a_moment_is_waited_out():
    script = Refusal(429, "rate_limit_error", {"retry-after": "0.01"}), PARIS
    async with claude(*script) as (llm, api):
        text, _spent = await complete(llm, PROMPT)
    assert text == "The capital is Paris. Voilà!"
    assert len(api.heard) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(529, "overloaded_error", {"retry-after-ms": "1"}),
        Refusal(500, "api_error", {"retry-after-ms": "1"}),
        Refusal(502, "", {"retry-after-ms": "1"}),
    ],
    ids=lambda r: str(r.status),
)
async def test_an_overloaded_claude_is_asked_three_times(refusal: Refusal):
    async with claude(refusal) as (llm, api):
        _, caught = await failure(llm)
    assert isinstance(caught, JobFailed)
    assert str(caught) == "Claude is overloaded. Try again in a moment."
    assert caught.service_code == f"claude_{refusal.type or refusal.status}"
    assert caught.service_retryable
    assert len(api.heard) == 3


@pytest.mark.parametrize(
    ("event", "error", "words"),
    [
        ("overloaded_error", JobFailed, "overloaded"),
        ("rate_limit_error", RateLimited, "rate limit is reached. Try again in a minute"),
    ],
)
async def test_an_error_in_the_middle_of_the_stream_ends_it(event: str, error, words: str):
    async with claude(Answer(("The cap",), error=event)) as (llm, api):
        written, caught = await failure(llm)
    assert (written, type(caught), len(api.heard)) == (["The cap"], error, 1)
    assert words in str(caught)


@pytest.mark.parametrize("end", [End.RESET, End.SHORT])
@pytest.mark.parametrize("pieces", [("The capital is",), ()])
async def test_half_an_answer_does_not_pass_for_a_whole_one(end: End, pieces: tuple[str, ...]):
    async with claude(Answer(pieces, end=end)) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == (list(pieces), ServiceUnreachable)
    assert "broke off" in str(caught)


async def test_nobody_at_the_address_is_unreachable():
    async with FakeAnthropic(PARIS) as api:
        gone = api.url
    llm = Claude(SecretStr(KEY), model=HAIKU, base_url=gone)
    _, caught = await failure(llm)
    await llm.close()
    assert type(caught) is ServiceUnreachable
    assert "Check the network" in str(caught)


async def test_silence_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.claude._SILENCE_S", 0.2)
    async with claude(Answer(("Well",), end=End.HANG)) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == (["Well"], ServiceUnreachable)


@pytest.mark.parametrize("pieces", [(), ("I could tell you",)])
async def test_an_answer_that_is_declined_is_an_error(pieces: tuple[str, ...]):
    async with claude(Answer(pieces, stop_reason="refusal")) as (llm, _):
        written, caught = await failure(llm)
    assert isinstance(caught, JobFailed)
    assert (written, caught.service_code) == (list(pieces), "claude_refusal")
    assert "declines" in str(caught)


async def test_thinking_until_nothing_is_left_is_an_error():
    async with claude(Answer(thinks=True, stop_reason="max_tokens")) as (llm, _):
        _, caught = await failure(llm)
    assert "no tokens left" in str(caught)


# The key, the question, the connection


async def test_the_key_is_sent():
    async with claude(PARIS, key=f"{KEY}\n") as (llm, api):  # as a file ends
        await complete(llm, PROMPT)
    assert api.heard[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", [KEY, "sk-ant-\nsecret", "sk-ant-secret-ü"])
@pytest.mark.parametrize(
    "answer",
    [Refusal(400, "invalid_request_error"), Answer(error="api_error"), Answer(end=End.RESET)],
    ids=["refused", "failed", "cut"],
)
async def test_neither_the_key_nor_the_question_is_in_an_error(key: str, answer):
    async with claude(answer, key=key) as (llm, _):
        _, caught = await failure(llm)
    told = "".join(traceback.format_exception(caught)) + repr(vars(caught)) + repr(vars(llm))
    for secret in (KEY, "secret-ü", "\\nsecret", QUESTION):
        assert secret not in told


async def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    script = Refusal(529, "overloaded_error", {"retry-after-ms": "1"}), PARIS
    async with claude(*script) as (llm, _):
        await complete(llm, PROMPT)
    assert "Retrying" in caplog.text  # the SDK does log
    assert KEY not in caplog.text


async def test_leaving_early_closes_the_connection():
    async with claude(Answer(("One, ", "two, "), end=End.HANG)) as (llm, api):
        answer = llm.stream(PROMPT)
        assert await anext(answer) == "One, "
        assert not api.left.is_set()
        await answer.aclose()
        async with asyncio.timeout(2):
            await api.left.wait()


async def test_cancelling_closes_the_connection():
    async with claude(Answer(("One, ",), end=End.HANG)) as (llm, api):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await complete(llm, PROMPT)
        async with asyncio.timeout(2):
            await api.left.wait()


async def test_after_a_failure_the_next_question_is_answered():
    async with claude(Answer(("The",), end=End.RESET), PARIS) as (llm, _):
        await failure(llm)
        text, _spent = await complete(llm, PROMPT)
    assert text == "The capital is Paris. Voilà!"


# As Penny's llm


async def test_penny_speaks_what_claude_writes(penny):
    from bot.workers.penny.handler import PennyHandler

    async with claude(PARIS) as (llm, api):
        hers = PennyHandler(stt=penny._stt, llm=llm, tts=penny._tts, clock=SystemClock())
        request = converse(QUESTION, source=Source(system="DECK"))
        *partials, final = [response async for response in hers.handle(request)]
    kinds = ["audio" if p.audio else "text" for p in partials]
    assert kinds.count("text") == 4
    assert "audio" in kinds
    assert final.text == "The capital is Paris. Voilà!"
    assert final.audio is not None
    assert (final.usage.input_tokens, final.usage.output_tokens) == (25, 15)
    assert final.usage.cost_usd == pytest.approx(0.0001)
    assert all(before <= after for before, after in pairwise(final.timings_ms.values()))
    sent = api.heard[0].body
    assert "voice assistant" in sent["system"]
    assert sent["messages"] == [{"role": "user", "content": QUESTION}]


async def test_penny_passes_claude_s_failure_on(penny):
    from bot.workers.penny.handler import PennyHandler

    async with claude(Answer(("The capital is",), error="overloaded_error")) as (llm, _):
        hers = PennyHandler(stt=penny._stt, llm=llm, tts=penny._tts, clock=SystemClock())
        with pytest.raises(JobFailed, match="overloaded"):
            _ = [r async for r in hers.handle(converse(QUESTION, source=Source(system="DECK")))]


# Tools


async def test_it_is_offered_tools_and_its_call_comes_at_the_end() -> None:
    tool = Tool("TITLER", "Suggests a title.", {"type": "object", "properties": {}})
    prompt = replace(PROMPT, tools=[tool])
    asked = Answer(("Let me see.",), stop_reason="tool_use", calls=(("TITLER", {"words": 5}),))
    async with claude(asked, Answer(calls=(("TITLER", {}),), stop_reason="tool_use")) as (llm, api):
        text, usage = await complete(llm, prompt)
        assert (text, usage.tool_calls) == ("Let me see.", (ToolCall("TITLER", {"words": 5}),))
        assert api.heard[0].body["tools"] == [
            {
                "name": "TITLER",
                "description": "Suggests a title.",
                "input_schema": dict(tool.schema),
            }
        ]
        text, usage = await complete(llm, prompt)  # without a word
        assert (text, usage.tool_calls) == ("", (ToolCall("TITLER", {}),))


async def test_a_picture_goes_with_the_question():
    seen = replace(PROMPT, pictures=[Picture(media_type="image/png", data="iVBORw0KGgo=")])
    async with claude(PARIS) as (llm, api):
        await complete(llm, seen)
    image, words = api.heard[-1].body["messages"][-1]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert words == {"type": "text", "text": QUESTION}
