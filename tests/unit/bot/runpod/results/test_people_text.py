"""Secrets and thoughts in an answer, also cut across several partials."""

import json
from dataclasses import replace

import pytest

from bot.choices import Mode
from bot.contract import Status
from bot.runpod.flow import job
from bot.runpod.flow.submit import encode
from tests.fakes.runpod_script import (
    Play,
    Script,
    chunks,
    completed,
    contract,
    done,
    partial,
    terms,
)

KEY = "rpa_SECRET0123456789"
HALVES = (f"it is {KEY[:9]}", f"{KEY[9:]}, so")


def played(*polls, final=None, mode=Mode.STREAM):
    service = Script(
        run=[done(None, status="IN_QUEUE")],
        stream=polls,
        status=[final],
        runsync=[],
    )
    asked = replace(terms(mode, 60), secrets=(KEY,))
    return Play(job.submit(asked, encode(contract(), deadline_s=60, held=False), now=0.0), service)


def told(play):
    return "".join(r.text for r in play.responses if r.status == Status.PARTIAL)


@pytest.mark.parametrize(
    "pieces",
    [
        [partial(n, half) for n, half in enumerate(HALVES)],
        [{**partial(n), "output": {"data": half}} for n, half in enumerate(HALVES)],
        [{**partial(n), "output": {"data": {"reply": half}}} for n, half in enumerate(HALVES)],
        [{**partial(n), "output": {"data": {"Message": half}}} for n, half in enumerate(HALVES)],
        list(HALVES),
        [{"choices": [{"delta": {"content": half}}]} for half in HALVES],
    ],
    ids=["text", "data", "nested", "other name", "foreign", "openai"],
)
def test_a_key_cut_between_partials_is_hidden(pieces):
    last = [completed("done")] if "status" in pieces[0] else []
    play = played(
        chunks(*pieces[:1]),
        chunks(*pieces[1:], *last, status="COMPLETED"),
        final=done([*pieces, *last]),
    )
    assert told(play) == "it is [key], so"
    assert KEY not in play.text


CUT = [{"text": HALVES[0]}, {"text": HALVES[1]}]


@pytest.mark.parametrize(
    "output",
    [
        list(HALVES),
        CUT,
        {"choices": [{"message": {"content": CUT}}]},
        {"output": {"text": CUT}},
        {"output": CUT},
        "".join(f"data: {json.dumps({'text': half})}\n\n" for half in HALVES),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
def test_a_key_cut_between_the_parts_of_an_answer_is_hidden(output, mode):
    play = played(chunks(status="COMPLETED"), final=done(output), mode=mode)
    assert KEY not in play.text


def test_a_key_in_a_contract_that_came_in_pieces_is_hidden():
    whole = json.dumps(completed(f"it is {KEY}"))
    cut = whole.index(KEY) + 5
    play = played(chunks(whole[:cut], whole[cut:], status="COMPLETED"), final=done(None))
    assert play.text == "it is [key]"


def test_what_only_looked_like_a_key_is_told_at_the_end():
    play = played(chunks(partial(0, "see rpa_SEC")), chunks(status="FAILED"), final=done(None))
    assert told(play) == "see rpa_SEC"


def test_what_was_heard_is_hidden_by_itself():
    pieces = [
        {"status": "partial", "sequence": n, "output": {"transcript": half, "text": "yes"}}
        for n, half in enumerate(HALVES)
    ]
    play = played(
        chunks(*pieces, completed("done"), status="COMPLETED"), final=done([*pieces, completed()])
    )
    heard = [r.transcript for r in play.responses if r.status == Status.PARTIAL]
    assert "".join(heard) == "it is [key], so"
    assert told(play) == "yesyes"


THOUGHT = "<think>Is it Lyon?</think>\nParis."
CUTS = [[THOUGHT], [THOUGHT[:3], THOUGHT[3:20], THOUGHT[20:]], list(THOUGHT)]


@pytest.mark.parametrize("texts", CUTS, ids=["whole", "cut", "letters"])
@pytest.mark.parametrize(
    "piece",
    [
        partial,
        lambda n, text: {**partial(n), "output": {"data": text}},
        lambda n, text: {**partial(n), "output": {"data": {"reply": text}}},
        lambda _, text: text,
        lambda _, text: {"choices": [{"delta": {"content": text}}]},
    ],
    ids=["text", "data", "nested", "foreign", "openai"],
)
def test_a_thought_is_no_part_of_an_answer(piece, texts):
    pieces = [piece(n, text) for n, text in enumerate(texts)]
    last = [completed(THOUGHT)] if "status" in pieces[0] else []
    play = played(
        chunks(*pieces[:1]),
        chunks(*pieces[1:], *last, status="COMPLETED"),
        final=done([*pieces, *last]),
    )
    assert told(play) == play.text == "Paris."


@pytest.mark.parametrize(
    "output",
    [
        THOUGHT,
        {"text": THOUGHT},
        {"message": THOUGHT},
        {"output": {"type": "text", "data": THOUGHT, "text": THOUGHT}},
        {"choices": [{"message": {"content": THOUGHT}}]},
        [THOUGHT[:9], THOUGHT[9:]],
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
def test_a_thought_is_no_part_of_a_whole_answer(output, mode):
    play = played(chunks(status="COMPLETED"), final=done(output), mode=mode)
    assert play.text == "Paris."


def test_what_somebody_said_is_no_thought():
    output = {"output": {"transcript": "[THINK] is a word", "text": "Yes."}}
    play = played(chunks(status="COMPLETED"), final=done(output), mode=Mode.RUN)
    assert play.responses[-1].transcript == "[THINK] is a word"
