"""No token reaches the panel."""

import json

from hypothesis import given
from hypothesis import strategies as st

from local_discord.page.redacted import HIDDEN, path_without_secrets, without_secrets

SECRET = "MTAw.bot.token"

texts = st.text(max_size=20) | st.just(SECRET) | st.just(f"Bot {SECRET}!")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["token", "a", "Session_ID"]) | st.text(), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(values)
def test_a_known_secret_is_in_no_value_whatever_its_shape(value):
    assert SECRET not in json.dumps(list_of_values(without_secrets(value, (SECRET,))))


def list_of_values(value):
    """All but the keys, which Discord names and nobody else."""
    if isinstance(value, dict):
        return [list_of_values(one) for one in value.values()]
    return [list_of_values(one) for one in value] if isinstance(value, list) else value


def test_what_stands_under_a_secrets_name_is_hidden_and_the_rest_stays():
    event = {
        "token": "abc",
        "data": {"name": "ask", "session_id": "x", "options": [{"token": "y"}]},
    }
    assert without_secrets(event, ()) == {
        "token": HIDDEN,
        "data": {"name": "ask", "session_id": HIDDEN, "options": [{"token": HIDDEN}]},
    }


def test_an_address_keeps_its_ids_and_loses_its_token():
    words = (
        "POST /webhooks/12/aW50ZXJhY3Rpb24/messages/@original and /interactions/5/abc-_d/callback"
    )
    assert without_secrets(words, ()) == (
        f"POST /webhooks/12/{HIDDEN}/messages/@original and /interactions/5/{HIDDEN}/callback"
    )


def test_a_path_loses_what_its_route_calls_a_token():
    route = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
    assert path_without_secrets("/webhooks/1/s3cret/messages/2", route) == (
        f"/webhooks/1/{HIDDEN}/messages/2"
    )
    assert path_without_secrets("/odd/path", route) == route


def test_a_value_that_is_nested_without_end_is_cut():
    value: object = SECRET
    for _ in range(500):
        value = [value]
    assert SECRET not in str(without_secrets(value, (SECRET,)))
