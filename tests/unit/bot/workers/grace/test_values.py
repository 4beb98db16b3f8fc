import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.grace.values import find_object, merge, readable

WORD = st.sampled_from(["a", "b", "c", "A", "", "Zoë"])
RECORDS = st.fixed_dictionaries({"items": st.lists(WORD, max_size=5), "who": WORD})


@settings(deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_merging_keeps_every_item_once_in_order(values):
    merged = merge(values)["items"]
    every = [item for value in values for item in value["items"]]
    assert {item.casefold() for item in merged} == {item.casefold() for item in every}
    assert len({item.casefold() for item in merged}) == len(merged)
    assert merged == sorted(merged, key=every.index)


@settings(deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=3), st.lists(RECORDS, min_size=1, max_size=3))
def test_merging_in_two_steps_is_merging_at_once(left, right):
    assert merge([merge(left), merge(right)]) == merge([*left, *right])


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        ([], None),
        ([{}], {}),
        ([{"a": ""}, {"a": "x"}, {"a": "y"}], {"a": "x"}),
        ([{"a": 0}, {"a": 1}], {"a": 0}),
        ([{"a": None}], {"a": None}),
        ([{"a": []}, {"a": ["x"]}], {"a": ["x"]}),
        ([{"a": {"b": [1]}}, {"a": {"b": [1, 2], "c": 3}}], {"a": {"b": [1, 2], "c": 3}}),
        ([{"a": [{"k": "X y"}, {"k": "x  Y"}]}], {"a": [{"k": "X y"}]}),
    ],
)
def test_merge(values, merged):
    assert merge(values) == merged


@pytest.mark.parametrize(
    "answer",
    ['{"a": 1}', 'Sure! Here it is:\n```json\n{"a": 1}\n```\nAnything else?', ' {"a": 1} {"b": 2}'],
)
def test_an_object_is_found_among_words(answer):
    assert find_object(answer) == {"a": 1}


@pytest.mark.parametrize("answer", ["", "no idea", '["a"]', '{"a": ', '{"a": NaN}', '{"a":' * 9999])
def test_what_is_no_object_is_refused(answer):
    with pytest.raises(ValueError, match=r".+"):
        find_object(answer)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | WORD,
        lambda inner: st.lists(inner) | st.dictionaries(WORD, inner),
    )
)
def test_every_json_value_can_be_told(value):
    assert isinstance(readable(json.loads(json.dumps(value))), str)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"keywords": ["one", "two"]}, "- one\n- two"),
        ({"issues": []}, "none"),
        ({"label": "billing", "sure": True}, "Label: billing\nSure: yes"),
        ({"who_said": "Ann", "dates": []}, "Who said: Ann\nDates: none"),
        (
            {
                "items": [
                    {"task": "call", "who": "Bob", "when": ""},
                    {"task": "rest", "who": "", "when": ""},
                ]
            },
            "- call (who: Bob)\n- rest",
        ),
        (
            {"title": "Tea", "sections": [{"heading": "Water", "points": ["boil it", "pour it"]}]},
            "Title: Tea\nSections:\n- Water\n  - boil it\n  - pour it",
        ),
    ],
)
def test_readable(value, text):
    assert readable(value) == text
