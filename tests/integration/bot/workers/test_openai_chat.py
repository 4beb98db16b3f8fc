"""A model behind OpenAI's chat completions, through the real SDK, against servers that differ."""

import asyncio
import contextlib
import json
import logging
import traceback
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.contract import Message
from bot.contract.pictures import Picture
from bot.errors import JobFailed, KeyRefused, RateLimited, ServiceUnreachable, SkydeckError
from bot.workers.openai_chat import OpenAIChat
from bot.workers.protocols import CompletionUsage, Prompt, PromptTooLong, complete
from bot.workers.sdk_retries import MAX_RETRIES
from tests.fakes.loopback_api import End, Refusal
from tests.fakes.openai_api import KEY, Answer, FakeOpenAI
from tests.own_servers import assert_one_line

QUESTION = "What is the capital of France, if I may ask so late in the evening?"
PROMPT = Prompt(messages=[Message(role="user", content=QUESTION)], max_tokens=200)
PARIS = Answer(
    ("The capital", " is Par", "is. ", "Voilà!"),
    usage={"prompt_tokens": 25, "completion_tokens": 15},
)
TEXT = "The capital is Paris. Voilà!"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MODEL = "llama3.2"


def _event(content: object) -> bytes:
    return json.dumps({"choices": [{"delta": {"content": content}}]}).encode()


@contextlib.asynccontextmanager
async def chat(*script: Answer | Refusal, key: str | None = KEY, **server):
    async with FakeOpenAI(*script, **server) as api:
        llm = OpenAIChat(api.url + "/", model=MODEL, key=SecretStr(key) if key else None)
        try:
            yield llm, api
        finally:
            await llm.close()


async def failure(llm: OpenAIChat, prompt: Prompt = PROMPT) -> tuple[str, SkydeckError]:
    """What was written before the error, and the error."""
    written = ""
    try:
        async for piece in llm.stream(prompt):
            assert isinstance(piece, str)
            written += piece
    except SkydeckError as e:
        return written, e
    pytest.fail(f"no error, but {written}")


# What it answers


async def test_pieces_come_in_order_and_then_what_they_took():
    async with chat(PARIS) as (llm, _):
        *pieces, spent = [piece async for piece in llm.stream(PROMPT)]
    assert "".join(pieces) == TEXT
    assert len(pieces) > 2
    assert spent == CompletionUsage(25, 15, "stop", None)


async def test_the_price_that_openrouter_tells_is_kept():
    usage = {"prompt_tokens": 25, "completion_tokens": 15, "cost": 0.0013}
    async with chat(Answer(("Paris.",), usage=usage)) as (llm, _):
        _text, spent = await complete(llm, PROMPT)
    assert spent.cost_usd == 0.0013


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "25"}, {"completion_tokens": -1}])
async def test_without_a_count_the_tokens_are_estimated(usage):
    async with chat(Answer(("Paris is it.",), usage=usage)) as (llm, _):
        _text, spent = await complete(llm, PROMPT)
    assert spent.input_tokens > 10
    assert spent.output_tokens > 2
    assert spent.cost_usd is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(PARIS.pieces, streams=False),
        Answer(PARIS.pieces, finish="", done=True),
        Answer(PARIS.pieces, done=False),
        Answer(raw=PARIS.body().replace(b"\n\n", b"\r\n\r\n")),
        Answer(raw=b": a comment\n\nevent: message\n" + PARIS.body()),
        Answer(raw=b"data: nonsense\n\ndata: []\n\n" + PARIS.body()),
        Answer(raw=b'data: {"choices": null}\n\ndata: {"choices": [7]}\n\n' + PARIS.body()),
        Answer(raw=b'data: {"choices": [{"delta": {"content": 7}}]}\n\n' + PARIS.body()),
        Answer(raw=b"data: " + _event([{"type": "text", "text": TEXT}]) + b"\n\ndata: [DONE]\n\n"),
        Answer(
            raw=b"data: "
            + _event([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}])
            + b"\n\n"
            + PARIS.body()
        ),
    ],
    ids=[
        *("whole", "no reason", "no DONE", "CRLF", "comments", "nonsense", "choices", "content"),
        *("parts", "a thought"),
    ],
)
async def test_servers_that_differ_are_understood(answer: Answer):
    async with chat(answer) as (llm, _):
        text, spent = await complete(llm, PROMPT)
    assert (text, spent.finish_reason) == (TEXT, "stop")


async def test_a_cut_answer_says_so():
    async with chat(Answer(("Once upon a",), finish="length")) as (llm, _):
        text, spent = await complete(llm, PROMPT)
    assert (text, spent.finish_reason) == ("Once upon a", "length")


@pytest.mark.parametrize(
    "pieces",
    [("<think>Hm, France.</think>Paris.",), ("<th", "ink>\nHm", "</th", "ink>\n\nPar", "is.")],
)
async def test_thoughts_are_not_spoken(pieces: tuple[str, ...]):
    async with chat(Answer(pieces)) as (llm, _):
        text, _spent = await complete(llm, PROMPT)
    assert text == "Paris."


# What it asks


async def test_the_request_is_what_we_mean():
    prompt = Prompt(
        messages=[
            Message(role="system", content="You are Penny."),
            Message(role="assistant", content="  "),
            Message(role="user", content="Well?"),
        ],
        max_tokens=77,
        temperature=0.3,
    )
    async with chat(PARIS) as (llm, api):
        await complete(llm, prompt)
    assert api.heard[0].body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "You are Penny."},
            {"role": "user", "content": "Well?"},
        ],
        "stream": True,
        "max_tokens": 77,
        "stream_options": {"include_usage": True},
        "temperature": 0.3,
    }


async def test_nothing_of_an_account_at_openai_goes_to_another_server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    async with FakeOpenAI(PARIS, key="") as api:
        llm = OpenAIChat(api.url, model=MODEL)
        await complete(llm, PROMPT)
        await llm.close()
    sent = str(api.heard[0].headers)
    assert "mine" not in sent


async def test_a_schema_is_sent_for_the_server_to_enforce():
    prompt = Prompt(messages=PROMPT.messages, schema=SCHEMA)
    async with chat(Answer(('{"city": ', '"Paris"}'))) as (llm, api):
        text, _spent = await complete(llm, prompt)
    assert text == '{"city": "Paris"}'
    form = api.heard[0].body["response_format"]
    assert form["json_schema"]["schema"] == SCHEMA


async def test_a_server_without_schemas_is_told_of_it_in_words_from_then_on():
    prompt = Prompt(messages=PROMPT.messages, schema=SCHEMA)
    async with chat(Answer(('{"city": "Paris"}',)), refuses={"response_format"}) as (llm, api):
        await complete(llm, prompt)
        await complete(llm, prompt)
    assert len(api.heard) == 3  # one refusal, and it is remembered
    assert '"city"' in api.heard[2].body["messages"][-1]["content"]


async def test_a_model_of_openai_gets_the_fields_that_it_takes():
    refuses = {"max_tokens", "temperature", "stream_options"}
    async with chat(PARIS, refuses=refuses) as (llm, api):
        text, _spent = await complete(llm, PROMPT)
    assert text == TEXT
    assert api.heard[-1].body.keys() == {"model", "messages", "stream", "max_completion_tokens"}
    assert api.heard[-1].body["max_completion_tokens"] == 200


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    ],
)
async def test_a_model_without_a_system_role_is_told_in_the_question(words: str):
    prompt = Prompt(
        messages=[
            Message(role="system", content="You are Penny."),
            Message(role="user", content="Well?"),
            Message(role="assistant", content="Yes?"),
            Message(role="user", content="What is new?"),
            Message(role="user", content="And old?"),
        ]
    )
    async with chat(Refusal(400, words), PARIS) as (llm, api):
        text, _spent = await complete(llm, prompt)
        await complete(llm, prompt)
    assert text == TEXT
    assert len(api.heard) == 3  # one refusal, and it is remembered
    assert api.heard[-1].body["messages"] == [
        {"role": "user", "content": "You are Penny.\n\nWell?"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "What is new?\n\nAnd old?"},
    ]


async def test_a_refusal_that_names_no_field_is_met_with_the_fewest():
    prompt = Prompt(messages=PROMPT.messages, schema=SCHEMA)
    async with chat(Refusal(400, "JSON mode is not to be had"), PARIS) as (llm, api):
        text, _spent = await complete(llm, prompt)
        await complete(llm, prompt)
    assert text == TEXT
    assert len(api.heard) == 3
    assert api.heard[-1].body.keys() == {"model", "messages", "stream", "max_tokens"}
    assert '"city"' in api.heard[-1].body["messages"][-1]["content"]


async def test_fields_are_not_left_out_for_a_question_that_is_refused():
    refused = Refusal(400, "we do not answer that")
    async with chat(refused, refused, PARIS) as (llm, api):
        await failure(llm)
        await complete(llm, PROMPT)
    assert "temperature" in api.heard[-1].body


async def test_a_server_that_cannot_stream_is_asked_for_the_whole():
    whole = Answer(PARIS.pieces, streams=False)
    async with chat(Refusal(400, "Streaming is not supported here"), whole) as (llm, api):
        text, _spent = await complete(llm, PROMPT)
    assert text == TEXT
    assert api.heard[-1].body["stream"] is False
    assert "stream_options" not in api.heard[-1].body


# What goes wrong


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_question_goes_to_no_other_server(status: int):
    async with FakeOpenAI(PARIS) as other:
        moved = Refusal(status, "", {"location": f"{other.url}/chat/completions"})
        async with chat(moved) as (llm, _):
            _, caught = await failure(llm)
    assert other.heard == []
    assert f"sends its callers on to {other.url.removesuffix('/v1')}." in str(caught)


@pytest.mark.parametrize("location", ["", "http://[", "/v2", "//" + "a" * 900])
async def test_any_place_that_a_server_names_is_one_short_line(location: str):
    raw = Refusal(307, "", {"location": location} if location else {})
    async with chat(raw) as (llm, _):
        _, caught = await failure(llm)
    assert "sends its callers on" in str(caught)
    assert str(caught).isprintable()
    assert len(str(caught)) < 400


async def test_a_server_that_ignores_the_limit_is_cut():
    prompt = Prompt(messages=PROMPT.messages, max_tokens=10)
    endless = Answer(("word " * 10,) * 50, finish="", done=False, end=End.HANG)
    async with chat(endless) as (llm, api):
        text, spent = await complete(llm, prompt)
        async with asyncio.timeout(5):
            await api.left.wait()
    assert spent.finish_reason == "length"
    assert len(text) < 500


async def test_an_answer_is_cut_at_the_limit_also_within_one_event():
    prompt = Prompt(messages=PROMPT.messages, max_tokens=10)
    long = Answer(("word " * 2_000,), piece_bytes=5_000)
    async with chat(long) as (llm, _):
        text, spent = await complete(llm, prompt)
    assert spent.finish_reason == "length"
    assert text == "word " * 40


async def test_an_event_that_is_longer_than_any_answer_is_not_parsed():
    long = Answer(("word " * 300_000,), piece_bytes=100_000)
    async with chat(long) as (llm, _):
        written, caught = await failure(llm)
    assert not written
    assert "its answer is not a chat completion" in str(caught)


async def test_half_a_character_is_joined_or_replaced():
    halves = [_event("Hi \ud83d"), _event("\ude00 \udc00 and \ud800")]
    raw = b"".join(b"data: " + half + b"\n\n" for half in halves) + b"data: [DONE]\n\n"
    async with chat(Answer(raw=raw)) as (llm, _):
        text, _spent = await complete(llm, PROMPT)
    assert text == "Hi \N{GRINNING FACE} \ufffd and \ufffd"


async def test_half_a_character_in_an_error_is_replaced():
    async with chat(Answer(error="bad \ud800 token")) as (llm, _):
        _, caught = await failure(llm)
    assert "bad \ufffd token" in str(caught)


@pytest.mark.parametrize("wait", ["1e400", "nan", "-5", "999999999"])
async def test_an_odd_wait_is_said_as_a_number(wait: str):
    async with chat(Refusal(429, "", {"retry-after": wait, "x-should-retry": "false"})) as (llm, _):
        _, caught = await failure(llm)
    assert str(caught).endswith(("in a minute.", "in 86400 s."))


@pytest.mark.parametrize(
    ("refusal", "error", "words"),
    [
        (Refusal(401, ""), KeyRefused, "refused the key. Check SKYDECK_LLM_KEY"),
        (Refusal(403, ""), KeyRefused, "refused the key"),
        (Refusal(402, ""), JobFailed, "requires payment"),
        (Refusal(404, "model not found"), JobFailed, "no model 'llama3.2'"),
        (Refusal(400, ""), JobFailed, "refused the request (HTTP 400)"),
        (Refusal(400, "maximum context length is 4096 tokens"), PromptTooLong, "does not fit"),
        (Refusal(429, "", {"retry-after": "37"}), RateLimited, "Try again in 37 s"),
        (Refusal(500, "", {"retry-after-ms": "1"}), JobFailed, "fails (HTTP 500)"),
    ],
)
async def test_a_refusal_is_said_in_words(refusal, error, words: str):
    async with chat(refusal) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == ("", error)
    assert_one_line(caught, words)


@pytest.mark.parametrize("end", [End.RESET, End.SHORT])
@pytest.mark.parametrize("pieces", [("The capital is",), ()])
async def test_half_an_answer_does_not_pass_for_a_whole_one(end: End, pieces: tuple[str, ...]):
    async with chat(Answer(pieces, finish="", done=False, end=end)) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == ("".join(pieces), ServiceUnreachable)
    assert "broke off" in str(caught)


async def test_an_error_in_the_middle_keeps_what_was_written():
    async with chat(Answer(("The cap",), error="model runner has stopped")) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == ("The cap", JobFailed)
    assert "model runner has stopped" in str(caught)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(()), "answered nothing"),
        (Answer(("<think>and so on",), finish="length"), "used up its tokens"),
        (Answer(raw=b"<html>Welcome to nginx</html>"), "not a chat completion"),
        (Answer(raw=b"data: {{{{\n\n"), "not a chat completion"),
        (Answer(raw=b"[" * 100_000), "not a chat completion"),
        (Answer(raw=b"{}"), "not a chat completion"),
        (Answer(raw=b'data: {"foo": [1]}\n\ndata: [DONE]\n\n'), "not a chat completion"),
        (Answer((), finish="content_filter"), "withheld"),
    ],
    ids=["nothing", "thoughts", "a page", "nonsense", "nested", "empty", "foreign", "filtered"],
)
async def test_no_answer_is_an_error_that_says_why(answer: Answer, words: str):
    async with chat(answer) as (llm, _):
        written, caught = await failure(llm)
    assert written == ""
    assert words in str(caught)


async def test_nobody_at_the_address_is_unreachable():
    async with FakeOpenAI(PARIS) as api:
        gone = api.url
    llm = OpenAIChat(gone, model=MODEL)
    _, caught = await failure(llm)
    await llm.close()
    assert type(caught) is ServiceUnreachable
    assert "Check that its server runs" in str(caught)


async def test_silence_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.openai_chat._SILENCE_S", 0.2)
    async with chat(Answer(("Well",), finish="", done=False, end=End.HANG)) as (llm, _):
        written, caught = await failure(llm)
    assert (written, type(caught)) == ("Well", ServiceUnreachable)


@pytest.mark.parametrize("key", [KEY, "sk-\nsecret", "sk-secret-ü"])
@pytest.mark.parametrize(
    "answer",
    [Refusal(400, ""), Answer(error=f"cannot say {QUESTION}"), Answer(done=False, end=End.RESET)],
    ids=["refused", "failed", "cut"],
)
async def test_neither_the_key_nor_the_question_is_in_an_error(key: str, answer):
    async with chat(answer, key=key) as (llm, _):
        _, caught = await failure(llm)
    told = "".join(traceback.format_exception(caught)) + repr(vars(caught)) + repr(vars(llm))
    for secret in (KEY, "secret-ü", "\\nsecret", QUESTION):
        assert secret not in told


async def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with chat(Refusal(500, "", {"retry-after-ms": "1"}), PARIS) as (llm, _):
        await complete(llm, PROMPT)
    assert KEY not in caplog.text


async def test_leaving_early_closes_the_connection():
    hanging = Answer(("One, ", "two, "), finish="", done=False, end=End.HANG)
    async with chat(hanging) as (llm, api):
        answer = llm.stream(PROMPT)
        assert await anext(answer) == "One, "
        assert not api.left.is_set()
        await answer.aclose()
        async with asyncio.timeout(5):
            await api.left.wait()


async def test_after_a_failure_the_next_question_is_answered():
    async with chat(Answer(("The",), finish="", done=False, end=End.RESET), PARIS) as (llm, _):
        await failure(llm)
        text, _spent = await complete(llm, PROMPT)
    assert text == TEXT


# Pictures

CAT = Picture(media_type="image/png", data="iVBORw0KGgo=")
SEEN = replace(PROMPT, pictures=[CAT])


async def test_a_picture_goes_with_the_question():
    async with chat(PARIS) as (llm, api):
        assert (await complete(llm, SEEN))[0] == TEXT
    assert api.heard[-1].body["messages"][-1]["content"] == [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "image input is not supported - hint: you may need to provide the mmproj"),
        (400, "This model does not support multimodal inputs"),
        (422, "Input should be a valid string"),
    ],
)
async def test_a_model_that_takes_none_is_told_that_it_sees_none(status: int, words: str):
    """Once: the next question does not ask the server again."""
    refusals = [Refusal(status, words)] * {422: 2, 500: 1 + MAX_RETRIES}.get(status, 1)
    async with chat(*refusals, PARIS, PARIS) as (llm, api):
        assert (await complete(llm, SEEN))[0] == TEXT
        tried = len(api.heard)
        assert (await complete(llm, SEEN))[0] == TEXT
        assert len(api.heard) == tried + 1
    assert "You cannot see pictures" in api.heard[-1].body["messages"][-1]["content"]
