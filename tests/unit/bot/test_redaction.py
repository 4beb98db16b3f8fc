"""Secrets in the bytes of an answer, however JSON writes them."""

import json

import pytest

from bot.redaction import BodyRedaction
from bot.runpod.steps import at_once

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


def test_what_is_none_stays():
    body = rb'{"text":"\u0072pa \/ \u00e9 ' + b"\\\\" * 100_000 + b'"}'
    assert at_once(BodyRedaction([KEY, "short"]).steps(body)) == body
    assert at_once(BodyRedaction([]).steps(body)) == body
