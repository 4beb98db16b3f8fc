import pytest

from bot.contract import Message
from bot.errors import BadSettings, JobFailed
from bot.workers.grace.retrying_model import AnswerTooLong, RetryingModel, UsageTotal, check_schema
from bot.workers.protocols import Prompt
from tests.fakes.language_model import ScriptedModel

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["a", "b"]}},
    "required": ["label"],
}


def prompt(schema=None):
    return Prompt(
        messages=[Message(role="user", content="Which?")],
        max_tokens=50,
        temperature=0.1,
        schema=schema,
    )


def unseen(_answer):
    pass


async def test_words_are_shown_as_they_come_and_given_without_blanks():
    seen = []
    answer = await RetryingModel(ScriptedModel([" one two "]), UsageTotal()).text(
        prompt(), seen.append
    )
    assert answer == "one two"
    assert seen == ["", " one", " one two", " one two "]


async def test_an_empty_answer_is_asked_for_again_warmer():
    model = ScriptedModel(["", "  ", "at last"])
    assert await RetryingModel(model, UsageTotal()).text(prompt(), unseen) == "at last"
    temperatures = [asked.temperature for asked in model.prompts]
    assert temperatures == sorted(set(temperatures))
    assert {asked.messages[-1].content for asked in model.prompts} == {"Which?"}


async def test_an_answer_that_was_cut_off_gets_more_room():
    model = ScriptedModel([("half an", "length"), "a whole answer"])
    assert await RetryingModel(model, UsageTotal()).text(prompt(), unseen) == "a whole answer"
    assert [asked.max_tokens for asked in model.prompts] == [50, 100]


async def test_an_answer_without_end_is_a_failure_in_words():
    model = ScriptedModel([("on and on", "length")])
    with pytest.raises(AnswerTooLong, match="did not end its answer") as caught:
        await RetryingModel(model, UsageTotal()).text(prompt(), unseen)
    assert len(model.prompts) == 3
    assert "SKYDECK_LLM" in caught.value.hint


async def test_a_loop_is_left_at_once():
    model = ScriptedModel(["What is it? The cat is here. " * 40, "It is a cat."])
    usage_total = UsageTotal()
    assert await RetryingModel(model, usage_total).text(prompt(), unseen) == "It is a cat."
    assert model.left_early == 1
    assert usage_total.spent[0].output_tokens < 100


async def test_a_value_is_checked_and_the_model_is_told_what_was_wrong():
    model = ScriptedModel(["I say b", '{"label": "c"}', '```json\n{"label": "b"}\n```'])
    assert await RetryingModel(model, UsageTotal()).json_object(prompt(SCHEMA)) == {"label": "b"}
    assert "no JSON object" in model.questions[1]
    assert "label: 'c' is not one of ['a', 'b']" in model.questions[2]
    assert model.prompts[2].messages[-2].content == '{"label": "c"}'
    assert all(asked.schema == SCHEMA for asked in model.prompts)


async def test_a_value_that_was_cut_off_gets_more_room():
    model = ScriptedModel([('{"label": ', "length"), '{"label": "a"}'])
    assert await RetryingModel(model, UsageTotal()).json_object(prompt(SCHEMA)) == {"label": "a"}
    assert model.prompts[1].max_tokens == 100


async def test_a_value_that_never_fits_is_a_failure_in_words():
    with pytest.raises(JobFailed, match="cannot be used: the object: 'label' is a required") as e:
        await RetryingModel(ScriptedModel(['{"lable": "a"}']), UsageTotal()).json_object(
            prompt(SCHEMA)
        )
    assert e.value.service_code == "unusable_answer"


@pytest.mark.parametrize(("least", "items"), [(1, ["x", "y"]), (3, ["x", "y", "X"])])
async def test_repeats_are_dropped_where_the_schema_lets_them(least, items):
    schema = {"type": "object", "properties": {"a": {"type": "array", "minItems": least}}}
    model = ScriptedModel(['{"a": ["x", "y", "X"]}'])
    assert await RetryingModel(model, UsageTotal()).json_object(prompt(schema)) == {"a": items}


async def test_every_try_is_paid_for():
    usage_total = UsageTotal()
    await RetryingModel(ScriptedModel(["", "one two three"]), usage_total).text(prompt(), unseen)
    usage = usage_total.to_usage()
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (20, 4, 0.0)


async def test_a_note_may_be_cut_off_and_is_asked_for_once():
    model = ScriptedModel([("It is a long sto", "length")])
    assert await RetryingModel(model, UsageTotal()).note(prompt()) == "It is a long sto"
    assert len(model.prompts) == 1


def test_a_schema_that_is_none_is_a_bad_setting():
    with pytest.raises(
        BadSettings, match=r"MINE\.json_schema\.properties\.a\.type: 'strin' is not"
    ):
        check_schema("MINE", {"type": "object", "properties": {"a": {"type": "strin"}}})
