"""What the shell offers while somebody types a command, by typer's own mechanism."""

import pytest

from tests.fakes.command_line import skydeck


def offered(line: str, **environment: str) -> list[str]:
    words = line.split(" ")
    done = skydeck(
        _SKYDECK_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(["skydeck", *words]),
        COMP_CWORD=str(len(words)),
        **environment,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("co", ["costs", "contract"]),
        ("call g", ["grace"]),
        ("call grace su", ["summarize"]),
        ("call GRACE action", ["action-items"]),
        ("call penny ", ["converse", "transcribe", "speak"]),
        ("call grace summarize -o l", ["length=", "language="]),
        ("call grace summarizer text -o l", ["length=", "language="]),
        ("call grace summarize --option length=", ["length=short", "length=medium", "length=long"]),
        ("call grace summarize -o language=it", ["language=it"]),
        ("call penny converse -o speak=", ["speak=true", "speak=false"]),
        ("call penny speak -o voice=ef", ["voice=ef_dora"]),
        ("ask --language e", ["el", "en", "es", "et", "eu"]),
        ("talk --language es", ["es"]),
        ("models voices es", ["es"]),
        ("models pull smart", ["smart-turn-v3.2"]),
        ("modules f", ["factory"]),
        ("modules grace tr", ["translate"]),
        ("ask --lang", ["--language"]),
    ],
)  # fmt: skip
def test_a_word_is_completed(line, words):
    assert offered(line) == words


@pytest.mark.parametrize(
    "line", ["call nobody x", "call grace poet -o l", "call grace summarize -o zzz=", "call  x"]
)
def test_nothing_is_offered_where_nothing_fits(line):
    assert offered(line) == []


def test_a_wrong_setting_does_not_disturb_a_shell():
    assert offered("call grace su", PENNY_MODE="shout") == []
