"""What a sentence at the microphone leads to."""

from typing import Any

import pytest

from bot.actions.asked import following
from bot.catalogue import packaged_catalogue
from bot.contract import Output, Response, Service, Source, Status, System
from bot.contract.grace import parse_catalogue
from bot.errors import BadInput
from bot.i18n import words_for
from bot.local_voice.said_actions import SaidActions
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.rate_limits import ACTIONS_PER_MINUTE
from bot.voice_agent.confirmations import YesNoQuestion
from tests.fakes.handlers import TurnableClock
from tests.fakes.hostile_actions import ASKS, HOSTILE

CATALOGUE = parse_catalogue(packaged_catalogue())


def answer(module: str, *then: str, service: str = "GRACE", **params: Any) -> Response:
    steps = [{"service": "GRACE", "module": one, "params": {}} for one in then]
    action = {"service": service, "module": module, "params": params, "then": steps}
    output = Output(text="I'm on it.", action=action)
    return Response(status=Status.COMPLETED, output=output)


class Desk:
    def __init__(self, *services: Service) -> None:
        self.transcript = Transcript()
        self.clock = TurnableClock()
        self.ran: list[Any] = []
        self.asked: list[tuple[int, str | None, YesNoQuestion]] = []
        self.actions = SaidActions(
            CATALOGUE,
            services or tuple(Service),
            Source(system=System.DECK),
            "Alfred",
            self.transcript,
            lambda requests, said: self.ran.append((requests, said)),
            lambda user_id, language, question: self.asked.append((user_id, language, question)),
            self.clock,
        )

    def said(self, asked: str, answered: str) -> None:
        self.transcript.add(Kind.TURN, asked=asked, answered=answered)

    def take(self, words: str, response: Response) -> None:
        self.said(words, "I'm on it.")
        self.actions.take(1, words, response)

    @property
    def works_on(self) -> str:
        request = following(self.ran[0][0], None)
        assert request is not None
        return str(request.input.data)


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    found.said("My cat is called Miso.", "Nice name.")
    return found


def test_a_summary_is_of_all_that_was_said(desk: Desk) -> None:
    desk.take("summarise this", answer("SUMMARIZER"))
    assert desk.works_on == "You: My cat is called Miso.\nAlfred: Nice name."


def test_a_translation_is_of_the_last_answer_or_of_what_was_said(desk: Desk) -> None:
    desk.take("translate that into Spanish", answer("TRANSLATOR", to="Spanish"))
    assert desk.works_on == "Nice name."


def test_a_text_in_the_sentence_comes_first(desk: Desk) -> None:
    words = 'translate "good morning" into Spanish'
    desk.take(words, answer("TRANSLATOR", to="Spanish", text="good morning"))
    assert desk.works_on == "good morning"


def test_a_chain_gives_each_step_the_result_before(desk: Desk) -> None:
    desk.take("summarise this and translate it", answer("SUMMARIZER", "TRANSLATOR"))
    [(requests, said)] = desk.ran
    assert said == "summarise this and translate it"
    assert following(requests, None) is not None
    result = Response(status=Status.COMPLETED, output=Output(text="A cat.", type="text"))
    second = following(requests, result)
    assert second is not None
    assert (second.target.module, second.input.data) == ("TRANSLATOR", "A cat.")
    assert following(requests, result) is None


@pytest.mark.parametrize(
    ("language", "asks"),
    [
        ("en", "Shall I build this: a dice roller? Say “build it” or “leave it”."),
        ("es", "¿Hago este encargo: a dice roller? Di «haz el encargo» o «déjalo»."),
    ],
)
async def test_a_build_is_begun_by_a_yes(desk: Desk, language: str, asks: str) -> None:
    desk.take("build me a dice roller", answer("BUILD", service="FACTORY", text="a dice roller"))
    assert desk.ran == []
    [(user_id, _, question)] = desk.asked
    words = words_for(language)
    assert (user_id, question.text(words)) == (1, asks)
    assert await question.answer(False, words) == words("actions.left")
    assert desk.ran == []
    assert await question.answer(True, words) == words("actions.doing")
    assert desk.works_on == "a dice roller"


@pytest.mark.parametrize(
    ("code", "asks"), [("en", "Shall I translate it?"), ("es", "¿Lo traduzco?")]
)
async def test_what_the_service_is_not_sure_of_is_asked(desk: Desk, code: str, asks: str) -> None:
    response = answer("TRANSLATOR", to="Italian")
    response.output.action["is_unsure"] = True  # type: ignore[union-attr, index]
    desk.take("that would have to be in Italian, wouldn't it", response)
    assert desk.ran == []
    [(_, _, question)] = desk.asked
    words = words_for(code)
    assert question.text(words) == asks
    assert await question.answer(False, words) == words("actions.left")
    assert desk.ran == []
    assert await question.answer(True, words) == words("actions.doing")
    assert desk.works_on == "Nice name."


def test_what_may_be_talk_is_no_error_where_there_is_nothing_to_work_on() -> None:
    desk = Desk()
    response = answer("TRANSLATOR", to="Italian")
    response.output.action["is_unsure"] = True  # type: ignore[union-attr, index]
    desk.take("that would have to be in Italian, wouldn't it", response)
    assert (desk.ran, desk.asked) == ([], [])
    assert desk.transcript.entries[-1].kind is Kind.TURN


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("en", "Shall I do that with the text, in 2 steps?"),
        ("es", "¿Hago eso con el texto, en 2 pasos?"),
    ],
)
@pytest.mark.parametrize("unsure", ["true", 1, ["x"]])
def test_a_question_about_several_steps_does_not_name_the_first_alone(
    desk: Desk, unsure: Any, code: str, asks: str
) -> None:
    response = answer("TRANSLATOR", "TITLER", to="Italian")
    response.output.action["is_unsure"] = unsure  # type: ignore[union-attr, index]
    desk.take("that would have to be in Italian, wouldn't it", response)
    [(_, _, question)] = desk.asked
    assert question.text(words_for(code)) == asks
    assert desk.ran == []


def test_what_is_long_or_pointed_at_is_not_read_out(desk: Desk) -> None:
    words = "build a program that " + "rolls dice and " * 20
    desk.take(words, answer("BUILD", service="FACTORY", text=words.partition(" ")[2]))
    [(_, _, question)] = desk.asked
    assert question.text(words_for("en")) == "Shall I build this? Say “build it” or “leave it”."


def test_nothing_to_work_on_is_said() -> None:
    desk = Desk()
    desk.take("translate that", answer("TRANSLATOR"))
    with pytest.raises(BadInput, match="no text"):
        following(desk.ran[0][0], None)


def test_talk_leads_to_nothing_whatever_the_service_says(desk: Desk) -> None:
    desk.take("I had to summarise a book at school.", answer("SUMMARIZER"))
    assert desk.transcript.entries[-1].kind is Kind.ERROR
    assert desk.ran == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_does_not_fit_is_not_done(desk: Desk, kind: str) -> None:
    output = Output(text="I'm on it.", action=HOSTILE[kind])
    desk.take(ASKS, Response(status=Status.COMPLETED, output=output))
    assert desk.transcript.entries[-1].kind is Kind.ERROR
    assert (desk.ran, desk.asked) == ([], [])


def test_what_cannot_be_done_here_is_said() -> None:
    desk = Desk(Service.PENNY)
    assert desk.actions.params == {}
    desk.take("summarise this", answer("SUMMARIZER"))
    assert desk.transcript.entries[-1].kind is Kind.ERROR
    assert desk.ran == []


async def test_no_more_actions_a_minute_than_in_discord(desk: Desk) -> None:
    for _ in range(ACTIONS_PER_MINUTE):
        desk.take("summarise this", answer("SUMMARIZER"))
    assert len(desk.ran) == ACTIONS_PER_MINUTE
    desk.take("summarise this", answer("SUMMARIZER"))
    assert len(desk.ran) == ACTIONS_PER_MINUTE
    assert desk.transcript.entries[-1].kind is Kind.ERROR
    assert "Please try again in" in desk.transcript.entries[-1].answered

    desk.take("build me a dice roller", answer("BUILD", service="FACTORY", text="a dice roller"))
    [(_, _, question)] = desk.asked
    assert "Inténtalo otra vez" in await question.answer(True, words_for("es"))
    assert len(desk.ran) == ACTIONS_PER_MINUTE

    await desk.clock.turn(60.0 / ACTIONS_PER_MINUTE)
    desk.take("summarise this", answer("SUMMARIZER"))
    assert len(desk.ran) == ACTIONS_PER_MINUTE + 1
