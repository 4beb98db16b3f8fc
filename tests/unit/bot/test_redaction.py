"""Secrets are found in an answer's bytes, however JSON writes them."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import BodyRedaction, Redaction, StreamRedaction, hide_keys
from bot.steps import at_once

KEY = "rpa_SEC/RET123"


def spelled(how: str) -> str:
    match how:
        case "plain":
            return KEY
        case "lower":
            return "".join(f"\\u{ord(c):04x}" for c in KEY)
        case "upper":
            return "".join(f"\\u{ord(c):04X}" for c in KEY)
        case "slash":
            return KEY.replace("/", "\\/")
        case "within":
            return json.dumps("".join(f"\\u{ord(c):04x}" for c in KEY))[1:-1]
    return f"\\u{ord(KEY[0]):04x}{KEY[1:]}"


@pytest.mark.parametrize("how", ["plain", "lower", "upper", "slash", "within", "mixed"])
@pytest.mark.parametrize("ahead", [0, 65_530, 65_536, 200_000])
def test_a_secret_is_found(how, ahead):
    body = f'{{"text":"{"x" * ahead}{spelled(how)} and \\u00e9"}}'.encode()
    said = at_once(BodyRedaction([KEY]).steps(body))
    assert said == f'{{"text":"{"x" * ahead}[key] and \\u00e9"}}'.encode()


def test_other_text_stays():
    body = rb'{"text":"\u0072pa \/ \u00e9 ' + b"\\\\" * 100_000 + b'"}'
    assert at_once(BodyRedaction([KEY, "short"]).steps(body)) == body
    assert at_once(BodyRedaction([]).steps(body)) == body


@given(
    st.lists(st.sampled_from([KEY, "rpa_", "rpa_SEC", "r", "words ", "é", "RET123", ""])),
    st.lists(st.integers(0, 60), max_size=12),
)
def test_no_cut_shows_more_of_a_secret_than_its_beginning(parts, cuts):
    text = "".join(parts)
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    stream = StreamRedaction([KEY, "short"])
    shown = [stream.feed(text[a:b]) for a, b in itertools.pairwise(places)]
    said = "".join([*shown, stream.rest()])
    assert KEY not in said
    if KEY not in text:
        assert said == text


@pytest.mark.parametrize("size", range(1, len(KEY) + 1))
def test_a_secret_in_pieces_of_any_size_is_hidden(size):
    text = f"my key is {KEY}, or {KEY}{KEY}."
    stream = StreamRedaction([KEY])
    shown = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size))
    said = shown + stream.rest()
    assert KEY[3:] not in said
    assert said.count("[key]") == 3
    assert said.endswith("[key].")


KEYS = [  # taken apart, so that no scanner of this repository finds one
    "sk-" + "ant-api03-aBcDeFgHiJkLmNoPqRsT",
    "sk-" + "proj-abcdefghijklmnop1234",
    "hf" + "_abcdefghijklmnopqrstuvwxyz",
    "gh" + "p_abcdefghijklmnopqrstuvwxyz0123456789",
    "rp" + "a_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123",
    "AKI" + "AIOSFODNN7EXAMPLE",
    "AIz" + "aSyA1234567890abcdefghijklmnopqrstu",
    "xox" + "b-123456789012-abcdefghij",
    "MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ" + ".ZnCjm1XVW7vRze4b7Cq4se7kKWs",
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmN",
]


@pytest.mark.parametrize("key", KEYS)
def test_what_has_the_form_of_a_key_is_hidden_whoevers_it_is(key):
    said = f"ValueError: Incorrect API key provided: {key}. You can find your key at your account"
    assert hide_keys(said) == said.replace(key, "[hidden]")
    assert hide_keys(f"GET https://x.example/v1?a=1&api_key={key}&b=2") == (
        "GET https://x.example/v1?a=1&api_key=[hidden]&b=2"
    )
    assert key not in Redaction()(said)


@pytest.mark.parametrize(
    "said",
    [
        "The task-list is too long; ask-me-anything-about-it works.",
        "https://example.com/watch?v=abcdefghijk&key=a",
        "sk-8 is a road. hf_model.gguf, rpa_tool, MODEL.tensor.weights",
        "No es un token: Mañana.",
        "sk-learn-based-classification, hf_hub_download_with_progress_bar()",
        "hf-internal-testing-tiny-random-bert, gsk-annual-report-of-the-year",
    ],
)
def test_ordinary_words_are_no_keys(said):
    assert hide_keys(said) == said


@pytest.mark.parametrize("begins", ["eyJ-", "sk-", "MTk4", "gh", "?key="])
def test_a_long_text_of_beginnings_takes_no_time(begins):
    """Half a megabyte; with the square of the length it would be minutes."""
    hide_keys(begins * 100_000)
