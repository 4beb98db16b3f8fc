"""Every module's own example on the real small model: the right form, and some sense."""

import difflib
from pydoc_data.topics import topics

import pytest
from jsonschema import Draft202012Validator

from bot.catalogue import load_grace
from bot.contract import Source, System
from bot.contract.grace import task
from bot.settings import Settings
from bot.workers.grace.handler import GraceHandler

pytestmark = pytest.mark.models

CATALOGUE = {
    name: module.model_copy(update={"temperature": 0.0})  # the same answer each time
    for name, module in load_grace(Settings(_env_file=None)).items()
}
SOURCE = Source(system=System.DECK)


@pytest.fixture(scope="module")
def examples():
    """What the modules have made of their examples: the same each time, so each is made once."""
    return {}


async def example(qwen, name, examples):
    """The output for a module's own example."""
    if name not in examples:
        examples[name], _ = await work(qwen, name)
    return examples[name]


async def work(qwen, name, text=None, *, catalogue=CATALOGUE, **options):
    """The completed response, and the partials before it."""
    module = catalogue[name]
    options = options or (module.example.options if text is None else {})
    asked = task(module, text or module.example.input, source=SOURCE, options=options)
    *partials, last = [r async for r in GraceHandler(catalogue, qwen).handle(asked)]
    return last.output, partials


def alike(left, right):
    return difflib.SequenceMatcher(None, left.lower(), right.lower()).ratio()


EXPECTED = {
    "SUMMARIZER": ["main street", "council"],
    "TRANSLATOR": ["museo", "abre"],
    "CLASSIFIER": ["label: billing"],
    "EXTRACTOR": ["2041", "maria ortega", "480"],
    "SENTIMENT": ["positive"],
    "KEYWORDS": ["electricity"],
    "REWRITER": ["bread"],
    "PROOFREADER": ["received", "letter"],
    "EXPLAINER": ["plant", "light"],
    "SIMPLIFIER": ["tenant", "thirty days"],
    "QUESTION_ANSWERER": ["seven years"],
    "TITLER": ["tomatoes"],
    "OUTLINER": ["tomatoes"],
    "BRAINSTORMER": ["read"],
    "COMPARER": ["plan a", "plan b"],
    "ACTION_ITEMS": ["contract", "flights", "spreadsheet", "who: ana"],
    "EMAIL_WRITER": ["subject:", "park", "alex moreno"],
    "CODE_REVIEWER": ["eval"],
}
"""Words that a sensible answer to the example has, whatever else it says."""


@pytest.mark.parametrize("name", CATALOGUE)
async def test_every_example_gets_a_sensible_answer(qwen, name, examples):
    module = CATALOGUE[name]
    output = await example(qwen, name, examples)
    assert output.type == module.output
    assert output.text.strip() == output.text
    if module.output == "json":
        schema = module.answer_schema(module.settings(module.example.options))
        Draft202012Validator(schema).validate(output.data)
    else:
        assert output.data == output.text
    for word in EXPECTED[name]:
        assert word in output.text.lower()


async def test_a_summary_is_shorter_than_the_text(qwen, examples):
    output = await example(qwen, "SUMMARIZER", examples)
    assert len(output.text) < 0.7 * len(CATALOGUE["SUMMARIZER"].example.input)


async def test_a_rewritten_text_is_not_the_old_one(qwen, examples):
    output = await example(qwen, "PROOFREADER", examples)
    assert 0.6 < alike(output.text, CATALOGUE["PROOFREADER"].example.input) < 1


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("I am so happy with my new bike, it rides like a dream.", "positive"),
        ("The parcel arrived broken and nobody answers my e-mails.", "negative"),
        ("The library has 200 parking spaces.", "neutral"),
        ("No me gustó nada la película, muy aburrida.", "negative"),
    ],
)
async def test_sentiment(qwen, text, sentiment):
    output, _ = await work(qwen, "SENTIMENT", text)
    assert output.data["sentiment"] == sentiment


async def test_spanish_is_answered_in_spanish(qwen):
    text = "El plan, propuesto por la concejala María Ortega, cerrará la calle Mayor a los coches."
    output, _ = await work(qwen, "QUESTION_ANSWERER", text, question="¿Quién propuso el plan?")
    assert "María Ortega" in output.text


async def test_a_users_labels_are_the_only_ones(qwen):
    text = "The striker scored twice in the final minutes of the match."
    output, _ = await work(qwen, "CLASSIFIER", text, labels=["politics", "sports", "health"])
    assert output.data["label"] == "sports"


async def test_fields_may_have_any_name(qwen):
    fields = ["invoice no.", '¿quién? "buyer"', "größe"]
    output, _ = await work(qwen, "EXTRACTOR", "Invoice 77: Eva Ruiz bought a lamp.", fields=fields)
    assert sorted(output.data) == sorted(fields)


@pytest.mark.timeout(300)
async def test_a_long_text_is_summarized_in_pieces(qwen):
    text = topics["try"][:1_000]
    quick = {"piece_chars": 700, "max_tokens": 120}  # room to end: who is cut off is asked again
    small = {"SUMMARIZER": CATALOGUE["SUMMARIZER"].model_copy(update=quick)}
    output, partials = await work(qwen, "SUMMARIZER", text, catalogue=small, length="short")
    assert 20 < len(output.text) < 3_000
    assert any(w in output.text.lower() for w in ("statement", "exception", "class", "python"))
    progress = [p.output.data["progress"] for p in partials]
    assert progress[0]["total"] == 3
    assert progress[-1]["done"] == 2


@pytest.mark.bench
@pytest.mark.timeout(1200)
async def test_100_kb_are_summarized(qwen):
    text = "\n\n".join(topics[name] for name in sorted(topics))[:100_000]
    output, partials = await work(qwen, "SUMMARIZER", text)
    assert "python" in output.text.lower() or "class" in output.text.lower()
    assert partials[-1].output.data["progress"]["total"] > 17
