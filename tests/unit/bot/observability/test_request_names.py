"""What somebody asks for, in a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.observability.request_names import request_name

TEXT = [{"type": 3, "name": "text", "value": "a secret"}]


@pytest.mark.parametrize(
    ("interaction", "name"),
    [
        ({"type": 2, "data": {"type": 1, "name": "status"}}, "/status"),
        ({"type": 2, "data": {"type": 1, "name": "ask", "options": TEXT}}, "/ask"),
        (
            {
                "type": 2,
                "data": {
                    "type": 1,
                    "name": "grace",
                    "options": [{"type": 1, "name": "summarize", "options": TEXT}],
                },
            },
            "/grace summarize",
        ),
        ({"type": 2, "data": {"type": 3, "name": "Translate"}}, "menu Translate"),
        ({"type": 3, "data": {"custom_id": "x"}}, "a button or a list"),
        ({"type": 5, "data": {}}, "a form"),
        ({"type": 4, "data": {"name": "ask", "options": TEXT}}, ""),
        ({"type": 1}, ""),
        ({}, ""),
        ({"type": 2, "data": "nonsense"}, "/None"),
    ],
)
def test_a_request_has_a_name_and_no_words(interaction, name):
    assert request_name(interaction) == name


JSON = st.recursive(
    st.none() | st.integers(0, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "data", "name", "options"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "data"]), JSON))
def test_whatever_discord_sends_is_no_fault(interaction):
    assert isinstance(request_name(interaction), str)
