"""Answers in any service's own form: what can be read is read, and a failure is told."""

import base64
import contextlib
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract import Audio, Response, Status
from bot.contract.plain import readable
from bot.errors import BadInput

CUDA = "CUDA out of memory"

FAILURES = [
    ({"error": CUDA}, CUDA),
    ({"Error": CUDA}, CUDA),
    ({"error": [CUDA]}, CUDA),
    ({"error": True, "message": CUDA}, CUDA),
    ({"error": CUDA, "output": "The capital"}, CUDA),
    ({"error": None, "output": {"error": CUDA}}, CUDA),
    ({"error": {"message": CUDA, "type": "server_error", "param": None, "code": None}}, CUDA),
    ({"error": {"code": 500, "message": CUDA}, "id": 7}, CUDA),
    ({"error": "Bad Request", "message": CUDA}, f"Bad Request: {CUDA}"),
    ({"error_message": CUDA}, CUDA),
    ({"error": {"type": "OutOfMemory", "info": CUDA}}, CUDA),
    ({"errors": [{"message": CUDA}, {"message": "retry later"}]}, f"{CUDA}; retry later"),
    ({"error": [{"msg": CUDA}, {"msg": CUDA}]}, CUDA),
    ({"errorMessage": CUDA, "errorType": "RuntimeError"}, CUDA),
    ({"error_type": "<class 'RuntimeError'>", "error_message": CUDA}, CUDA),
    ({"exception": f"RuntimeError('{CUDA}')"}, CUDA),
    ({"traceback": f"Traceback (most recent call last):\n  File x\nRuntimeError: {CUDA}"}, CUDA),
    ({"failure_reason": CUDA}, CUDA),
    ({"errors": [CUDA]}, CUDA),
    ({"data": None, "errors": [{"message": CUDA}]}, CUDA),
    ({"detail": [{"loc": ["body"], "msg": CUDA, "type": "missing"}]}, CUDA),
    ({"status": "FAILED", "message": CUDA}, CUDA),
    ({"status": "Failed", "output": CUDA}, CUDA),
    ({"status": "failure", "reason": CUDA}, CUDA),
    ({"status": "error", "error": CUDA}, CUDA),
    ({"status": f"error: {CUDA}"}, CUDA),
    ({"STATUS": "Errored", "Detail": CUDA}, CUDA),
    ({"status": 500, "message": CUDA}, CUDA),
    ({"statusCode": 503, "body": {"message": CUDA}}, ""),
    ({"status": "completed", "output": {"data": "The"}, "error": CUDA}, CUDA),
    ({"status": "completed", "output": {"status": "FAILED", "message": CUDA}}, CUDA),
    ({"status": "partial", "output": {"data": "The"}, "error": {"message": CUDA}}, CUDA),
    ({"state": "ERROR", "msg": CUDA}, CUDA),
    ({"success": False}, ""),
    ({"success": "false", "message": CUDA}, CUDA),
    ({"ok": False, "detail": CUDA}, CUDA),
    ({"isError": True, "content": [{"type": "text", "text": CUDA}]}, CUDA),
    ({"failed": True, "reason": CUDA}, CUDA),
    ({"result": "error", "message": CUDA}, CUDA),
    ({"result": {"error": CUDA}}, CUDA),
    ({"code": 500, "message": CUDA}, CUDA),
    ({"object": "error", "message": CUDA, "code": 400}, CUDA),
    ({"type": "error", "error": {"type": "overloaded_error", "message": CUDA}}, CUDA),
    ({"choices": [{"error": {"message": CUDA}}]}, CUDA),
    ([{"error": {"message": CUDA}}], CUDA),
    ([{"choices": [{"delta": {"content": "The"}}]}, {"error": CUDA}], CUDA),
]

WORDS = [
    "Paris.",
    ["Paris."],
    {"text": "Paris."},
    {"message": "Paris."},
    {"answer": "Paris."},
    {"content": "Paris."},
    {"response": "Paris."},
    {"result": "Paris."},
    {"data": "Paris."},
    {"output": "Paris."},
    {"output": ["Paris."]},
    {"outputs": [{"text": "Paris."}]},
    {"output": {"message": "Paris."}},
    {"output": {"output": {"output": {"text": "Paris."}}}},
    {"body": {"result": {"answer": "Paris.", "confidence": 0.9}}},
    {"status": "success", "message": "Paris."},
    {"status": "SUCCESS", "output": "Paris."},
    {"status": 200, "text": "Paris."},
    {"success": True, "result": {"text": "Paris."}},
    {"message": {"role": "assistant", "content": "Paris."}, "done": True},
    [{"generated_text": "Paris."}],
    [{"text": "Par"}, {"text": "is."}],
    {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": "Paris."}}]},
    {"choices": [{"message": {"content": [{"type": "text", "text": "Paris."}]}}]},
    {"choices": [{"message": {"content": None, "audio": {"data": "QQ", "transcript": "Paris."}}}]},
    {"choices": [{"text": "Paris."}]},
    [{"choices": [{"tokens": ["Par", "is."]}], "usage": {"input": 1}}],
    [
        {"choices": [{"delta": {"role": "assistant", "content": ""}}]},
        {"choices": [{"delta": {"content": "Par"}}]},
        {"choices": [{"delta": {"content": "is."}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    ],
    'data: {"choices":[{"delta":{"content":"Par"}}]}\n\n'
    'data: {"choices":[{"delta":{"content":"is."}}]}\n\ndata: [DONE]\n\n',
    {"type": "message", "content": [{"type": "thinking", "thinking": "hm"}, {"text": "Paris."}]},
    {"candidates": [{"content": {"parts": [{"text": "Paris."}], "role": "model"}}]},
    {"output": [{"type": "reasoning"}, {"type": "message", "content": [{"text": "Paris."}]}]},
    {"output": {"text": "Paris."}, "usage": {"cost_usd": "$0.001"}},
    {"output": {"text": "Paris.", "language": 7, "audio": 5, "type": []}, "usage": "lots"},
    {"output": {"text": ["Paris."], "transcript": {"words": []}}, "timings_ms": [1]},
    {"output": {"text": {"content": "Paris."}}, "sequence": "first", "error": {}},
    {"output": {"text": "Paris.", "data": None, "audio": {"data": 5}}, "status": {"a": 1}},
    {"output": {"data": {"message": "Paris."}}},
    {"output": {"data": {"result": {"Text": "Paris.", "model": "m"}}}},
    {"status": "COMPLETED", "output": {"status": "COMPLETED", "output": {"text": "Paris."}}},
    {"predictions": ["Paris."]},
    {"generations": [{"text": "Paris."}]},
    {"text": "", "message": "Paris."},
    {"output": "Paris.", "error": None, "errors": [], "success": "true"},
    {"output": "Paris.", "error": {"code": 0, "message": ""}},
    {"output": "Paris.", "error": {"code": 200, "message": "OK"}},
    {"output": "Paris.", "error": "None", "failed": False, "has_error": 0},
    {"message": {"content": "Paris."}, "done": True, "eval_count": 12, "total_duration": 5},
    {"response": "Paris.", "done_reason": "stop", "prompt_eval_duration": 7, "context": []},
    {"result": {"response": "Paris."}, "success": True, "errors": [], "messages": []},
    {"results": [{"outputText": "Paris.", "completionReason": "FINISH"}], "inputTokenCount": 4},
    {"generation": "Paris.", "prompt_token_count": 3, "stop_reason": "stop"},
    {"responses": [{"text": "Paris.", "finish_reason": "eos_token", "warnings": {}}]},
    [
        {"index": 1, "token": {"id": 7, "text": "Par", "special": False}, "generated_text": None},
        {"index": 2, "token": {"id": 8, "text": "is."}, "generated_text": None, "details": None},
        {"index": 3, "token": {"text": "</s>", "special": True}, "generated_text": "Paris."},
    ],
]

ANSWERS_THAT_SPEAK_OF_ERRORS = [
    "Error: CUDA out of memory is what you see when it is full.",
    "Traceback means that it failed.",
    {"message": "The error was in line 3."},
    {"status": "completed", "output": {"text": "It failed: an error."}},
    {"status": "completed", "output": {"type": "json", "data": {"error": "disk full"}}},
    {"output": {"data": {"status": "failed", "error": ["a"], "success": False}}},
    {"corrected": "I am.", "errors": [{"wrong": "I is", "right": "I am"}]},
    {"data": {"error": "disk full", "date": "3 May"}},
    [{"line": 1, "status": "error"}, {"line": 2, "status": "ok"}],
]

FORMS_OF_DATA = [
    {"sentiment": "positive", "reason": "joy"},
    {"keywords": ["a", "b"]},
    {"answer": 42},
    {"text": "the cat", "count": 7},
    {"answer": "yes", "reason": "it rains", "risk": 3},
    {"name": "Ana", "language": "en"},
    ["Paris", "London"],
    [{"start": 0, "text": "a"}],
    [],
    7,
]


@pytest.mark.parametrize(
    ("value", "words"), FAILURES, ids=[json.dumps(f[0])[:60] for f in FAILURES]
)
def test_a_failure_is_told_by_everything_that_says_so(value, words):
    response = Response.parse(value)
    assert response.status == Status.FAILED
    assert response.error is not None
    assert words in response.error.message
    assert response.error.code == ""  # nobody said that the request was at fault


def test_a_failure_of_the_contract_keeps_its_code_and_its_partial_output():
    error = {"code": "bad_input", "message": "Too quiet.", "retryable": True}
    response = Response.parse({"status": "failed", "output": {"text": "The"}, "error": error})
    assert response.error is not None
    assert response.error.to_wire() == error
    assert response.text == "The"


@pytest.mark.parametrize("value", WORDS, ids=lambda value: json.dumps(value)[:60])
def test_what_can_be_read_is_shown(value):
    response = Response.parse(value)
    assert readable(response) == response.text == "Paris."
    assert response.status != Status.FAILED


def test_pieces_of_one_text_are_joined_and_a_lists_items_are_not():
    assert Response.parse(["The capital", " is", " Paris."]).text == "The capital is Paris."
    assert Response.parse(["The ", "capital."]).text == "The capital."
    assert Response.parse(["Paris", "London"]).text == ""


@pytest.mark.parametrize("value", ANSWERS_THAT_SPEAK_OF_ERRORS, ids=str)
def test_a_right_answer_may_speak_of_errors(value):
    assert Response.parse(value).status != Status.FAILED


@pytest.mark.parametrize("value", FORMS_OF_DATA, ids=str)
def test_data_of_an_unknown_form_is_kept_as_it_is(value):
    response = Response.parse(value)
    assert response.output is not None
    assert response.output.data == value


def test_an_unreadable_field_is_left_out_alone():
    usage = {"cost_usd": "$0.001", "input_tokens": "12", "output_tokens": [], "gpu": "L4"}
    response = Response.parse({"output": {"text": "Paris."}, "usage": usage})
    assert response.usage is not None
    assert response.usage.cost_usd is None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (12, None)


def test_openais_tokens_are_counted():
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    response = Response.parse({"choices": [{"text": "Paris."}], "usage": usage})
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 2)


SOUND = bytes(range(256)) * 3 + b"\xfb\xff\xfe\x00"
PLAIN = base64.b64encode(SOUND).decode()
URL_ALPHABET = base64.urlsafe_b64encode(SOUND).decode()
LINES = base64.encodebytes(SOUND).decode()
ENCODED = {
    "plain": PLAIN,
    "data URL": f"data:audio/ogg;base64,{PLAIN}",
    "data URL with codecs": f"data:audio/ogg; codecs=opus;base64,{LINES}",
    "upper case data URL": f"DATA:AUDIO/WAV;BASE64,{PLAIN}",
    "percent-encoded data URL": "data:audio/wav;base64,"
    + PLAIN.replace("+", "%2B").replace("/", "%2F"),
    "line ends": LINES,
    "carriage returns": LINES.replace("\n", "\r\n"),
    "URL alphabet": URL_ALPHABET,
    "URL alphabet without padding": URL_ALPHABET.rstrip("="),
    "without padding": PLAIN.rstrip("="),
    "white space around": f" \n{PLAIN}\t ",
    "spaces within": " ".join(PLAIN),
    "escaped line ends": LINES.replace("\n", "\\n"),
    "as Python prints bytes": f"b'{PLAIN}'",
    "in quotes": f'"{PLAIN}"',
    "two texts in one": base64.b64encode(SOUND[:100]).decode()
    + base64.b64encode(SOUND[100:]).decode(),
}


@pytest.mark.parametrize("text", ENCODED.values(), ids=ENCODED)
def test_sound_is_decoded_however_it_is_written(text):
    assert Audio(data=text).file() == SOUND


@pytest.mark.parametrize(
    "holder",
    [
        {"output": {"text": "Hi.", "audio": PLAIN}},
        {"output": {"text": "Hi.", "audio": {"base64": PLAIN, "mime_type": "audio/ogg"}}},
        {"output": {"text": "Hi.", "audio": {"url": f"data:audio/ogg;base64,{PLAIN}"}}},
        {"output": {"text": "Hi.", "audio": [{"data": PLAIN}]}},
        {"output": {"text": "Hi.", "audio_base64": PLAIN}},
        {"output": {"text": "Hi.", "audioContent": PLAIN}},
        {"text": "Hi.", "audio_base64": PLAIN},
        {"text": "Hi.", "audio": f"data:audio/ogg;base64,{PLAIN}"},
        {"output": {"text": "Hi."}, "audio_base64": PLAIN},
        {"choices": [{"message": {"content": "Hi.", "audio": {"data": PLAIN}}}]},
    ],
    ids=lambda holder: json.dumps(holder)[:60],
)
def test_sound_is_found_wherever_it_is(holder):
    response = Response.parse(holder)
    assert response.text == "Hi."
    assert response.audio is not None
    assert response.audio.file() == SOUND


def test_a_data_url_says_its_format():
    response = Response.parse({"output": {"audio": f"data:audio/x-wav;base64,{PLAIN}"}})
    assert response.audio is not None
    assert response.audio.format == "wav"


def test_a_bare_data_url_is_sound_and_not_words():
    response = Response.parse(f"data:audio/mpeg;base64,{PLAIN}")
    assert response.text == ""
    assert response.audio is not None
    assert response.audio.file() == SOUND


@pytest.mark.parametrize(
    "data", ["not base64!", "QUJ\u00e9", "A", "data:audio/ogg;base64,####", "QQ=QQQQQ=Q", "\ud800"]
)
def test_garbage_is_refused_alone(data):
    response = Response.parse({"output": {"text": "Hi.", "audio": data}})
    assert response.text == "Hi."
    assert response.audio is not None
    with pytest.raises(BadInput, match="base64"):
        response.audio.file()


@pytest.mark.parametrize("audio", [None, "", 5, [], {}, {"data": None}, "https://x.example/a.ogg"])
def test_what_is_no_sound_is_none(audio):
    response = Response.parse({"output": {"text": "Hi.", "audio": audio}})
    assert (response.text, response.audio) == ("Hi.", None)


KEYS = st.sampled_from(
    [
        "status",
        "output",
        "error",
        "errors",
        "message",
        "text",
        "data",
        "audio",
        "usage",
        "choices",
        "delta",
        "content",
        "success",
        "ok",
        "result",
        "response",
        "sequence",
        "timings_ms",
        "transcript",
        "language",
        "type",
        "code",
        "cost_usd",
        "detail",
    ]
) | st.text(string.ascii_letters, max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["completed", "FAILED", "partial", "data: {}", "data:audio/ogg;base64,QQ=="])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(ANY_JSON)
def test_any_json_value_is_an_answer_or_a_failure(value):
    response = Response.parse(value)
    assert isinstance(response.text, str)
    assert response.transcript is None or isinstance(response.transcript, str)
    assert isinstance(readable(response, limit=1_000), str)
    if response.status == Status.FAILED:
        assert response.error is not None
        assert len(response.error.message) < 2_000
    if response.audio is not None:
        assert isinstance(response.audio.data, str)
    again = Response.parse(response.to_wire())
    assert (again.text, again.status) == (response.text, response.status)


@given(ANY_JSON)
def test_nothing_of_a_right_answers_text_is_lost(value):
    response = Response.parse({"status": "completed", "output": {"text": "Paris.", "data": value}})
    assert response.text == "Paris."
    assert response.output is not None
    assert response.status == Status.COMPLETED


@given(st.text(alphabet=string.ascii_letters + string.digits + "+/-_= \n%\"'", max_size=60))
def test_any_base64_is_decoded_or_refused(text):
    with contextlib.suppress(BadInput):
        assert isinstance(Audio(data=text).file(), bytes)


class Whole:
    """Work in steps, and what it returns in the end."""

    def __init__(self, steps):
        self.steps, self.value = steps, None

    def __iter__(self):
        self.value = yield from self.steps


def nested(depth: int, name: str) -> object:
    value: object = "deep"
    for _ in range(depth):
        value = {name: value}
    return value


@pytest.mark.parametrize("name", ["output", "text", "error", "choices", "audio", "data", "x"])
def test_depth_is_bounded(name):
    assert isinstance(Response.parse(nested(150, name)), Response)
    assert isinstance(Response.parse([[[[nested(150, name)]]]]), Response)


def test_a_long_list_of_pieces_is_read_in_steps():
    steps = Response.reading([{"choices": [{"delta": {"content": "a "}}]}] * 20_000)
    pauses = list(whole := Whole(steps))
    assert whole.value.text == "a " * 20_000
    assert len(pauses) >= 200
