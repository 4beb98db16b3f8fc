"""The words of a job's message."""

import pytest

from bot.contract import Output, Response, Service, Status, Usage
from bot.i18n import words_for
from bot.runpod.models import JobState, Update, Waiting
from cogs.grace._pages import Look, Progress, finished, under_way

ENGLISH, SPANISH = words_for("en"), words_for("es")
LOOK = Look(heading="**Summary** · a.txt", service=Service.GRACE, begun=100.0)


def told(*updates, words=ENGLISH, grows=False):
    progress = Progress(grows=grows)
    for update in updates:
        progress.take(update)
    return under_way(LOOK, progress, words, 165.0).splitlines()


def partial(**output):
    return Update(
        state=JobState.RUNNING,
        response=Response(status=Status.PARTIAL, output=Output(**output)),
    )


@pytest.mark.parametrize(
    ("update", "english", "spanish"),
    [
        (Update(state=JobState.SUBMITTING), "Submitting", "Enviando"),
        (Update(state=JobState.QUEUED), "Queued", "En la cola"),
        (
            Update(state=JobState.WAITING_FOR_WORKER, waiting=Waiting.STARTING),
            "Waiting for the service to start",
            "Esperando a que arranque el servicio",
        ),
        (
            Update(state=JobState.WAITING_FOR_WORKER, waiting=Waiting.STARVED),
            "Waiting: no worker is free in the data centre",
            "Esperando: no hay ninguna máquina libre en el centro de datos",
        ),
        (Update(state=JobState.RUNNING), "Working on it", "Trabajando en ello"),
        (Update(state=JobState.COMPLETED), "Working on it", "Trabajando en ello"),
        (
            partial(data={"progress": {"done": 2, "total": 5}}),
            "Working on it: 2 of 5 parts",
            "Trabajando en ello: 2 de 5 partes",
        ),
    ],
)
def test_every_state_has_its_words_and_the_time(update, english, spanish):
    assert told(update) == ["**Summary** · a.txt", f"-# ⏳ {english} · 1 min 5 s"]
    assert told(update, words=SPANISH)[1] == f"-# ⏳ {spanish} · 1 min 5 s"


def test_a_draft_is_replaced_or_grows():
    parts = [partial(text="One"), partial(text="One two"), partial(data={"progress": {}})]
    assert told(*parts)[2:] == ["One two"]
    parts = [partial(text="One"), partial(text=" two"), partial(transcript=" three")]
    assert told(*parts, grows=True)[2:] == ["One two three"]


def test_of_a_long_draft_the_end_is_shown():
    text = under_way(LOOK, Progress(grows=False, draft="x" * 5_000 + "END"), ENGLISH, 100.0)
    assert text.endswith("xEND")
    assert len(text) < 2_000


@pytest.mark.parametrize("data", [{"progress": 3}, {"progress": {"done": 9, "total": 2}}, [], "x"])
def test_progress_of_another_kind_is_let_be(data):
    assert "Working on it ·" in told(partial(data=data))[1]


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (Response(output=Output(data="words")), "words"),
        (Response(output=Output(data={"text": "words"})), "words"),
        (Response(output=Output(data={"verdict": "good", "why": "so"})), "**Verdict:** good"),
        (Response(), "The service finished but gave no answer."),
        (Response.parse("bare words"), "bare words"),
        (Response.parse(["a", "b"]), "- a\n- b"),
    ],
)
def test_a_service_may_answer_in_its_own_way(response, text):
    assert text in finished(LOOK, response, ENGLISH, 100.0).text


def test_without_files_what_is_left_out_is_not_promised():
    look = Look(heading="h", service=Service.GRACE, begun=0, is_json=True, may_attach=False)
    response = Response(output=Output(data={"ideas": [f"idea {n}" for n in range(99)]}))
    shown = finished(look, response, ENGLISH, 1.0)
    assert "… and 59 more." in shown.text
    assert not shown.files


def test_a_text_that_shows_nothing_is_no_result():
    response = Response.model_validate(
        {"status": "COMPLETED", "output": {"type": "text", "text": "\u200b", "transcript": "Hi."}}
    )
    assert "Hi." in finished(LOOK, response, ENGLISH, 100.0).text


@pytest.mark.parametrize(
    ("cost_usd", "english", "spanish"),
    [
        (19.05, "$19.05", "19,05 $"),
        (0.72, "$0.72", "0,72 $"),
        (0.00111, "$0.0011", "0,0011 $"),
        (None, None, None),
    ],
)
def test_a_sum_is_written_as_the_reader_writes_it(cost_usd, english, spanish):
    output = Output(type="text", data="Short.", text="Short.")
    usage = Usage(cost_usd=cost_usd)
    response = Response(status=Status.COMPLETED, output=output, usage=usage)
    for words, told in ((ENGLISH, english), (SPANISH, spanish)):
        end = finished(LOOK, response, words, 165.0).text.splitlines()[-1].replace("\u00a0", " ")
        assert end == (f"-# 1 min 5 s · {told}" if told else "-# 1 min 5 s")
