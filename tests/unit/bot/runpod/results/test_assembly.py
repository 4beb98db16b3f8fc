"""What a worker yields: given once each, joined if it was split, and never lost."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.contract.job import StreamChunk
from bot.runpod.results.assembly import Joiner, OutputAssembly
from bot.steps import at_once
from tests.fakes.runpod_script import completed, partial


def fed(joiner, chunk):
    return at_once(joiner.steps(chunk))


def taken(outputs, values):
    """The new partials among values of the stream."""
    chunks = [StreamChunk.model_construct(output=value) for value in values]
    return [new for new in outputs.take(chunks) if new is not None]


def finished(outputs, output):
    """The missed partials, and the result."""
    return [new for new in outputs.finish(output) if new is not None], outputs.result


@given(st.lists(st.integers(1, 200)), st.text(min_size=1, max_size=300))
def test_a_contract_survives_any_split(cuts, text):
    whole = json.dumps(completed(text), ensure_ascii=False)
    pieces, rest = [], whole
    for cut in cuts:
        if len(rest) > cut:
            pieces.append(rest[:cut])
            rest = rest[cut:]
    joiner = Joiner()
    found = [value for piece in [*pieces, rest] for value in fed(joiner, piece)]
    assert [*found, *joiner.flush()] == [completed(text)]


@given(st.lists(st.text(max_size=20)))
def test_words_come_out_as_they_went_in(words):
    joiner = Joiner()
    found = [value for word in words for value in fed(joiner, word)]
    assert [*found, *joiner.flush()] == words


def test_json_that_is_no_contract_stays_words():
    joiner = Joiner()
    assert fed(joiner, '{"a":') == []
    assert fed(joiner, " 1}") == ['{"a":', " 1}"]


def test_what_never_ends_is_let_go():
    joiner = Joiner()
    assert fed(joiner, '{"a": "') == []
    out = [value for _ in range(5000) for value in fed(joiner, "x")]
    assert len(out) >= 4096


def test_a_dict_ends_what_was_held_back():
    assert fed(Joiner(), 1) == [1]
    joiner = Joiner()
    fed(joiner, '{"a":')
    assert fed(joiner, partial(0)) == ['{"a":', partial(0)]


def test_unnumbered_partials_are_not_told_again():
    bare = {"status": "partial", "output": {"text": "a"}}
    outputs = OutputAssembly()
    assert len(taken(outputs, [bare, bare])) == 2
    missed, final = finished(outputs, [bare, bare, completed()])
    assert missed == []
    assert final.text == "hello"
    missed, _ = finished(OutputAssembly(), [bare, bare, completed()])
    assert len(missed) == 2


def test_a_list_that_is_the_result_itself():
    _, final = finished(OutputAssembly(), [1, 2, 3])
    assert final.output.data == [1, 2, 3]


def test_the_last_of_foreign_values_that_looks_like_an_answer():
    outputs = OutputAssembly()
    taken(outputs, [{"step": 1}, {"output": {"data": "end"}}])
    assert finished(outputs, None)[1].text == "end"
    outputs = OutputAssembly()
    taken(outputs, [{"step": 1}, {"step": 2}])
    assert finished(outputs, None)[1].output.data == [{"step": 1}, {"step": 2}]


def test_nothing_at_all():
    assert finished(OutputAssembly(), None) == ([], None)
