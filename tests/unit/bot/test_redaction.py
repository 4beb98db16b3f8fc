"""Secrets are found in an answer's bytes, however JSON writes them."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import BodyRedaction, StreamRedaction
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
