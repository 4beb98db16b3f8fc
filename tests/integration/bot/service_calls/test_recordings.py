"""Several recordings are several calls and one answer: each with its own cost, budget and error."""

import base64
import contextlib

import pytest

from bot.contract import Output, Request, Response, Source, Status, System, Usage
from bot.contract.penny import audio_input, converse, transcribe
from bot.contract.recordings import MAX_RECORDINGS, Clip, Heard, heard_in, recordings_input
from bot.errors import BadInput, JobFailed, OverBudget, ServiceDown
from bot.money import Period, Scope
from bot.runpod.models import JobState, Update
from bot.service_calls import recordings
from bot.store.records import View
from tests.fakes.handlers import Scripted, hang
from tests.integration.bot.service_calls.conftest import until

ALWAYS = View(since_ms=0, until_ms=2**62)
SOURCE = Source(system=System.DECK, user="11", guild="22", channel="33")


class Penny:
    """Hears what a clip's bytes say; answers with what she was asked. Each call costs a cent."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def __call__(self, request: Request):
        self.asked.append(request)
        usage = Usage(cost_usd=0.01, audio_seconds=2.0)
        if request.target.module == "CONVERSE":
            text = f"You said: {request.input.data}"
            output = Output(type="text", data=text, text=text)
            yield Response(status=Status.COMPLETED, output=output, usage=Usage(cost_usd=0.01))
            return
        clip = base64.b64decode(request.input.data)
        heard = "fir" if clip == b"fir" else "second"
        if clip == b"bad":
            yield Response(status=Status.PARTIAL, output=Output(transcript="half of"))
            raise JobFailed("It broke.")
        yield Response(
            status=Status.COMPLETED,
            output=Output(type="text", text=heard, transcript=heard, language="es"),
            usage=usage,
        )


def asking(*contents: bytes, module=converse) -> Request:
    clips = [Clip.of(f"{number}.ogg", one, "ogg") for number, one in enumerate(contents)]
    request = module(recordings_input(clips), source=SOURCE)
    return request.model_copy(update={"contract_id": "the-answer"})


async def whole(client, request: Request) -> list:
    async with recordings.submit(client, request) as updates:
        return [update async for update in updates]


async def test_each_call_is_booked_and_the_answer_has_the_jobs_id(exchange):
    penny = Penny()
    async with exchange(Scripted(penny)) as at:
        async with at.open() as client:
            updates = await whole(client, asking(b"fir", b"sec"))

        async def booked():
            rows = [row async for row in at.store.spending.each(ALWAYS)]
            return rows if len(rows) == 3 else None

        rows = await until(booked)
    assert sorted(row["module"] for row in rows) == ["CONVERSE", "TRANSCRIBE", "TRANSCRIBE"]
    assert {row["cost_micro_usd"] for row in rows} == {10_000}
    assert [row["call_id"] for row in rows].count("the-answer") == 1
    last = updates[-1].response
    assert last.text == "You said: [0.ogg]\nfir\n\n[1.ogg]\nsecond"
    assert last.transcript == "[0.ogg]\nfir\n\n[1.ogg]\nsecond"
    assert [one.language for one in heard_in(last)] == ["es", "es"]
    assert last.usage.cost_usd == pytest.approx(0.03)
    assert last.usage.audio_seconds == 4
    ids = {update.job_id for update in updates} - {None}
    assert len(ids) == 1  # whoever collects the job later wants the answer
    states = [update.state for update in updates if update.state is JobState.COMPLETED]
    assert len(states) == 1


async def test_a_transcription_has_no_answer(exchange):
    penny = Penny()
    async with exchange(Scripted(penny)) as at, at.open() as client:
        updates = await whole(client, asking(b"fir", b"bad", b"sec", module=transcribe))
    assert [one.target.module for one in penny.asked] == ["TRANSCRIBE"] * 3
    last = updates[-1].response
    assert last.text == last.transcript == "[0.ogg]\nfir\n\n[1.ogg]\nhalf of\n\n[2.ogg]\nsecond"
    assert [one.error.message if one.error else "" for one in heard_in(last)] == [
        "",
        "It broke.",
        "",
    ]
    assert all(update.job_id is None for update in updates)


async def test_when_none_can_be_heard_the_first_reason_is_told(exchange):
    async def refuses(_request):
        raise BadInput("That is no recording.")
        yield

    async with exchange(Scripted(refuses)) as at, at.open() as client:
        with pytest.raises(JobFailed, match="That is no recording"):
            await whole(client, asking(b"fir", b"sec"))


@pytest.mark.parametrize("module", [transcribe, converse])
async def test_a_budget_that_is_spent_meanwhile_ends_it(exchange, module):
    penny = Penny()
    limits = {(Scope.USER, Period.DAY): 25_000}
    async with exchange(Scripted(penny), limits) as at, at.open() as client:
        await whole(client, transcribe(audio_input(b"fir", format="ogg"), source=SOURCE))

        async def booked():
            return [row async for row in at.store.spending.each(ALWAYS) if row["cost_micro_usd"]]

        await until(booked)
        asking_for_three = asking(b"fir", b"sec", b"sec", module=module)
        if module is converse:  # the answer cannot be paid for
            with pytest.raises(OverBudget):
                await whole(client, asking_for_three)
        else:
            last = (await whole(client, asking_for_three))[-1].response
            assert last.text == "[0.ogg]\nfir"
            codes = [one.error.code if one.error else "" for one in heard_in(last)]
            assert codes == ["", OverBudget.code, OverBudget.code]
        with pytest.raises(OverBudget):
            await whole(client, asking(b"fir", b"sec", module=module))  # none is heard
    assert len(penny.asked) == 2


async def test_what_was_not_sent_names_what_has_stopped_it():
    troubles = [None, JobFailed("It broke."), ServiceDown("Penny keeps failing.", wait_s=9.0)]

    class Client:
        @contextlib.asynccontextmanager
        async def submit(self, request):
            if error := troubles.pop(0):
                raise error

            async def updates():
                output = Output(type="text", text="first", transcript="first")
                response = Response(status=Status.COMPLETED, output=output)
                yield Update(state=JobState.COMPLETED, response=response)

            yield updates()

    updates = await whole(Client(), asking(b"a", b"b", b"c", b"d", module=transcribe))
    heard = heard_in(updates[-1].response)
    codes = [one.error.code if one.error else "" for one in heard]
    assert codes == ["", "job_failed", "service_down", "service_down"]


async def test_leaving_it_cancels_the_call_under_way(exchange):
    handler = Scripted(hang)
    async with exchange(handler) as at, at.open() as client:
        async with recordings.submit(client, asking(b"fir", b"sec")) as updates:
            async for update in updates:
                if update.state is JobState.RUNNING:
                    break

        async def left():
            return handler.left == 1

        await until(left)
    assert handler.started == 1


async def test_one_recording_is_one_call_as_ever(exchange):
    penny = Penny()
    request = converse(audio_input(b"fir", format="ogg"), source=SOURCE)
    async with exchange(Scripted(penny)) as at, at.open() as client:
        updates = await whole(client, request)
    (asked,) = penny.asked
    assert asked.input == request.input
    assert asked.target.module == "CONVERSE"
    assert heard_in(updates[-1].response) == ()


def test_a_foreign_field_of_that_name_is_no_recording() -> None:
    for value in ("x", [1], [{}] * (MAX_RECORDINGS + 1), {"name": "a"}, [["a"]]):
        response = Response.parse({"output": {"text": "hi", "recordings": value}})
        assert heard_in(response) == ()
    odd = Heard.model_validate({"name": 5, "transcript": "a", "error": []})
    assert (odd.name, odd.transcript, odd.error) == ("", "a", None)
