"""Grace with a model that follows a script: what she asks, what she refuses, how far she is."""

import asyncio
import contextlib
import json

import pytest

from bot.catalogue import load_grace
from bot.contract import Request
from bot.contract.grace import MAX_TEXT_CHARS, Module
from bot.errors import BadInput, BadSettings, JobFailed, TooLarge, UnknownModule
from bot.settings import Settings
from bot.workers.grace.handler import GraceHandler
from bot.workers.protocols import PromptTooLong
from tests.fakes.language_model import ScriptedModel

CATALOGUE = load_grace(Settings(_env_file=None))

ENGLISH = (
    "The friends have agreed that they would like to have dinner together at home on Friday night."
)
SPANISH = (
    "Los amigos han quedado en que el viernes por la noche cenarán todos juntos en casa de Ben."
)


def request(module="SUMMARIZER", data="Some words.", *, kind="text", **params):
    return Request.model_validate(
        {
            "source": {"system": "DECK"},
            "target": {"service": "GRACE", "module": module},
            "input": {"type": kind, "data": data},
            "params": params or None,
        }
    )


async def work(model, asked, **settings):
    handler = GraceHandler(CATALOGUE, model, **settings)
    return [response async for response in handler.handle(asked)]


async def result(model, asked):
    [*_, last] = await work(model, asked)
    return last


def paragraphs(count, *, words=60):
    return "\n\n".join(f"Paragraph {n} says {'much ' * words}of {n}." for n in range(count))


async def test_the_seeds_own_request_is_answered_in_the_seeds_shape():
    seed = Request.model_validate(
        {
            "contract_version": "2.1",
            "source": {"system": "DECK"},
            "target": {"service": "GRACE", "module": "SUMMARIZER"},
            "input": {"type": "text", "data": "..."},
        }
    )
    last = await result(ScriptedModel(["Three dots."]), seed)
    assert last.to_wire() == {
        "status": "completed",
        "output": {"type": "text", "data": "Three dots.", "text": "Three dots."},
        "usage": {"cost_usd": 0.0, "input_tokens": 10, "output_tokens": 2},
    }


async def test_json_comes_as_a_value_and_as_words():
    model = ScriptedModel(['{"sentiment": "positive", "reason": "It thanks."}'])
    last = await result(model, request("SENTIMENT"))
    assert last.output.type == "json"
    assert last.output.data == {"sentiment": "positive", "reason": "It thanks."}
    assert last.output.text == "Sentiment: positive\nReason: It thanks."


async def test_options_shape_prompt_and_schema():
    model = ScriptedModel(['{"about": "x", "label": "red"}'])
    await result(model, request("CLASSIFIER", labels=["red", "blue"]))
    [asked] = model.prompts
    assert asked.schema["properties"]["label"]["enum"] == ["red", "blue"]
    assert "Categories: red, blue" in asked.messages[-1].content


async def test_the_texts_own_language_is_found_out():
    model = ScriptedModel(["Sí."])
    await result(model, request(data="El ayuntamiento ha decidido cerrar la calle a los coches."))
    assert "in Spanish" in model.questions[0]
    await result(model, request(data="El ayuntamiento ha decidido.", language="fr"))
    assert "in French" in model.questions[1]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("안녕하세요, 오늘 날씨가 어때요?", "Korean"),
        ("كيف حالك اليوم؟ أنا بخير.", "Arabic"),
        ("Hej, hur mår du idag? Vi ska åka till skolan.", "Swedish"),
        ("Merhaba, bu kitap çok güzel. Okula gidiyoruz.", "Turkish"),
        ("Привіт, як справи сьогодні?", "Ukrainian"),
        ("Xin chào, hôm nay bạn thế nào?", "Vietnamese"),
        ("ok 42", "the text's own language"),
        ("Salam, necəsən?", "the text's own language"),
    ],
)
async def test_any_language_is_told_by_name_and_none_is_guessed(text, language):
    model = ScriptedModel(["Words."])
    await result(model, request(data=text))
    assert f"in {language}," in model.questions[0]


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (request("NOBODY"), UnknownModule, "no module 'NOBODY'"),
        (request(data=" \n"), BadInput, "The text is empty"),
        (request(data=5), BadInput, "input.data must be text"),
        (request(data=None), BadInput, "input.data must be text"),
        (request(data={"a": 1}), BadInput, "set input.type"),
        (request(data={}, kind="json"), BadInput, "The text is empty"),
        (request(data=None, kind="json"), BadInput, "The text is empty"),
        (request(data="UklGRg==", kind="audio"), BadInput, "Send audio to PENNY"),
        (request(length="huge"), BadInput, "length must be one of short, medium, long"),
        (request(size="huge"), BadInput, "summarize has no option 'size'"),
        (request(data="x" * (MAX_TEXT_CHARS + 1)), TooLarge, "1,000,001 characters; .* 1,000,000"),
    ],
)
async def test_wrong_use_is_refused_before_the_model_is_asked(asked, error, words):
    model = ScriptedModel(["never"])
    with pytest.raises(error) as caught:
        await result(model, asked)
    caught.match(words)
    assert model.prompts == []


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ([ENGLISH, SPANISH], 1),
        ([ENGLISH, f"{ENGLISH} {ENGLISH}"], 0),
        ([SPANISH], 0),
    ],
)
async def test_an_answer_in_another_language_is_asked_for_once_more(answers, shown):
    model = ScriptedModel(answers)
    found = await result(model, request(data="¿Quedamos el viernes?", language="Spanish"))
    assert found.output.text == answers[shown]
    assert len(model.prompts) == len(answers)
    if len(answers) > 1:
        assert "not in Spanish" in model.prompts[-1].messages[-1].content


async def test_a_json_input_is_read_as_json():
    model = ScriptedModel(["Ann is 5."])
    await result(model, request(data={"name": "Añn", "age": 5}, kind="json"))
    assert '"name": "Añn"' in model.questions[0]
    await result(model, request(data="just words", kind="json"))
    assert "just words" in model.questions[1]


async def test_half_a_surrogate_pair_reaches_no_model():
    model = ScriptedModel(["Fine."])
    await result(model, request(data=json.loads('"bad \\ud83d end\\r\\nnext"')))
    assert "bad ? end\nnext" in model.questions[0]


async def test_100_kb_are_read_to_the_end():
    text = paragraphs(320)
    assert len(text) > 100_000
    model = ScriptedModel(lambda p: f"Note of {p.messages[-1].content[:14]}.")
    partials_and_last = await work(model, request(data=text), partial_s=0)
    *notes, final = model.questions
    assert all(f"Paragraph {n} says" in "".join(notes) for n in range(320))
    assert max(map(len, notes)) <= CATALOGUE["SUMMARIZER"].piece_chars
    assert final.count("Note of Paragraph") == len(notes) > 15
    *partials, last = partials_and_last
    progress = [p.output.data["progress"] for p in partials]
    assert progress == sorted(progress, key=lambda p: p["done"])
    assert {p["total"] for p in progress} == {len(notes) + 1}
    assert last.usage.input_tokens == 10 * (len(notes) + 1)


async def test_notes_that_are_still_too_long_are_condensed_again():
    model = ScriptedModel(lambda p: "word " * (len(p.messages[-1].content) // 10))
    await result(model, request(data=paragraphs(100)))
    assert len(model.questions[-1]) < 7_000


async def test_what_cannot_be_condensed_is_a_failure_and_no_endless_loop():
    model = ScriptedModel(lambda p: f"Again: {p.messages[-1].content}")
    with pytest.raises(JobFailed, match="cannot be condensed"):
        await result(model, request(data=paragraphs(40)))


async def test_pieces_that_say_nothing_of_use_are_left_out():
    def script(prompt):
        if prompt.messages[0].content.startswith("Copy the sentences"):
            return "The key is red." if "Paragraph 33" in prompt.messages[-1].content else "NONE."
        return "Red."

    model = ScriptedModel(script)
    asked = request("QUESTION_ANSWERER", paragraphs(40), question="What is red?")
    assert (await result(model, asked)).output.data == "Red."
    assert "Text: The key is red.\n" in model.questions[-1]


async def test_a_translation_is_joined_with_its_paragraphs_in_place():
    def script(prompt):
        return prompt.messages[-1].content.removeprefix("Translate into Spanish: ").upper()

    text = "\n".join(f"Line {n}: {'blah ' * 30}end.\n" for n in range(12)) + "\n  \nLast."
    partials = await work(ScriptedModel(script), request("TRANSLATOR", text, to="es"), partial_s=0)
    *drafts, last = partials
    assert last.output.data == text.upper()
    shown = [draft.output.text for draft in drafts if draft.output.text]
    assert all(text.upper().startswith(draft.rstrip()) for draft in shown)
    assert shown == sorted(shown, key=len)


async def test_lists_of_pieces_are_merged():
    def script(prompt):
        who = [n for n in ("Ann", "Bob") if n in prompt.messages[-1].content.split("Text: ")[-1]]
        return json.dumps({"name": ["Zoe", *who]})

    text = f"Ann is here. {'Nothing. ' * 300} Bob is there."
    last = await result(ScriptedModel(script), request("EXTRACTOR", text, fields="name"))
    assert last.output.data == {"name": ["Zoe", "Ann", "Bob"]}


@pytest.mark.parametrize("module", ["TRANSLATOR", "SUMMARIZER", "EXTRACTOR"])
async def test_a_prompt_that_does_not_fit_is_put_in_smaller_pieces(module):
    reply = '{"people": [], "places": [], "dates": [], "amounts": []}'
    model = ScriptedModel(
        lambda p: reply if p.schema else "Short.", window_chars=1_500, context_chars=4_000
    )
    text = paragraphs(20)
    last = await result(model, request(module, text))
    assert last.output.data
    accepted = [p for p in model.prompts if sum(len(m.content) for m in p.messages) <= 1_500]
    read = "".join(p.messages[-1].content for p in accepted)
    assert all(f"Paragraph {n} says" in read for n in range(20))


async def test_a_model_that_reads_nothing_is_a_failure():
    with pytest.raises(PromptTooLong):
        await result(ScriptedModel(["x"], window_chars=10), request(data=paragraphs(3)))


async def test_an_answer_without_end_is_tried_in_smaller_pieces():
    def script(prompt):
        text = prompt.messages[-1].content.removeprefix("Translate into Spanish: ")
        return (text, "length") if len(text) > 210 else "Bien."

    text = "One two three. " * 20
    last = await result(ScriptedModel(script), request("TRANSLATOR", text, to="es"))
    assert set(last.output.data.split()) == {"Bien."}


async def test_notes_that_still_do_not_fit_are_halved_until_they_do():
    def script(prompt):
        return "Done." if "Summary in" in prompt.messages[-1].content else "A note. " * 8

    model = ScriptedModel(script, window_chars=1_200)
    assert (await result(model, request(data=paragraphs(60)))).output.data == "Done."


async def test_the_schemas_least_number_is_kept_where_a_text_is_one_piece():
    fields = CATALOGUE["EXTRACTOR"].model_dump()
    fields["json_schema"]["properties"]["{fields}"]["minItems"] = 2
    handler = GraceHandler(
        {"EXTRACTOR": Module.model_validate(fields)}, ScriptedModel(['{"name": ["Ann", "Ann"]}'])
    )
    [last] = [r async for r in handler.handle(request("EXTRACTOR", fields="name"))]
    assert last.output.data == {"name": ["Ann", "Ann"]}


async def test_compared_texts_are_condensed_each_by_itself():
    def script(prompt):
        if prompt.schema:
            return '{"similarities": ["s"], "differences": ["d"], "conclusion": "c"}'
        return "First." if "Paragraph" in prompt.messages[-1].content else "Second."

    model = ScriptedModel(script)
    await result(model, request("COMPARER", f"{paragraphs(30)}\n---\n{'Other words. ' * 800}"))
    notes = model.questions[-1].partition("\n---\n")
    assert "First." in notes[0]
    assert "Second." not in notes[0]
    assert "Second." in notes[2]


async def test_a_failure_of_the_model_is_passed_on():
    with pytest.raises(JobFailed, match="broke"):
        await result(ScriptedModel([JobFailed("It broke.")]), request())


async def test_partials_come_a_few_times_a_second_and_hold_the_text_so_far():
    model = ScriptedModel(["one two three four five six"], pause_s=0.02)
    *partials, last = await work(model, request(), partial_s=0.05)
    assert 1 <= len(partials) <= 3
    for partial in partials:
        assert partial.status == "partial"
        assert last.output.text.startswith(partial.output.text.strip())
        assert partial.output.data is None  # one piece: the text itself is the progress


@pytest.mark.virtual_time
@pytest.mark.parametrize("leave", ["close", "cancel"])
async def test_whoever_leaves_early_stops_the_model(leave):
    model = ScriptedModel(["word " * 1000], pause_s=0.01)
    responses = GraceHandler(CATALOGUE, model, partial_s=0.02).handle(request())

    async def first():
        async with contextlib.aclosing(responses):
            async for _ in responses:
                if leave == "close":
                    return
                await asyncio.Event().wait()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await first()
    assert model.left_early == 1


async def test_two_jobs_do_not_mix():
    model = ScriptedModel(lambda p: "Left." if "left" in p.messages[-1].content else "Right.")
    left, right = await asyncio.gather(
        result(model, request(data="left")), result(model, request(data="right"))
    )
    assert (left.output.data, right.output.data) == ("Left.", "Right.")


async def test_warming_up_loads_the_model_and_closing_leaves_it_to_its_owner():
    model = ScriptedModel(["x"])
    handler = GraceHandler(CATALOGUE, model)
    await handler.warm_up()
    await handler.close()
    assert model.warmed == 1


def test_a_schema_that_is_none_is_found_at_the_start():
    fields = CATALOGUE["SENTIMENT"].model_dump()
    fields["json_schema"]["properties"]["sentiment"]["type"] = "word"
    with pytest.raises(BadSettings, match=r"SENTIMENT\.json_schema"):
        GraceHandler({"SENTIMENT": Module.model_validate(fields)}, ScriptedModel(["x"]))
