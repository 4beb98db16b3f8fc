"""What an error answer says in words."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.runpod.reply_errors import body_words

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=200), json_values.map(lambda v: json.dumps(v).encode())))
def test_the_words_of_any_body_can_be_read(body):
    body_words(body)


def test_pages_of_an_edge_say_nothing():
    assert body_words(b"<!DOCTYPE html><title>524</title>") == ""
    assert body_words(b'{"error":"queue is full"}') == "queue is full"
    assert body_words(b"plain") == "plain"
