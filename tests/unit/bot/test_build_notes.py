"""What the Factory says of a build, in the reader's language."""

import pytest

from bot.build_notes import all_in_words, changes_in_words, english, in_words, note
from bot.contract.factory import Build, Iteration, Note
from bot.i18n import words_for

ENGLISH, SPANISH = words_for("en"), words_for("es")


@pytest.mark.parametrize(
    ("notes", "said", "dicho"),
    [
        ([note("first_draft")], "first draft", "primer borrador"),
        (
            [note("lines", added=2, removed=1), note("said", words="Mind zero.")],
            "lines: 2 added, 1 removed: “Mind zero.”",
            "líneas: 2 más, 1 menos: «Mind zero.»",
        ),
        (
            [note("same"), note("late", seconds=10), note("no_checks")],
            "nothing: It did not end within 10 seconds. Its example checks no result; it needs "
            "assert lines.",
            "sin cambios: No terminó en 10 segundos. Su ejemplo no comprueba ningún resultado; "
            "faltan líneas con assert.",
        ),
    ],
)
def test_a_change_in_both_languages(notes: list[Note], said: str, dicho: str) -> None:
    assert changes_in_words(notes, ENGLISH) == said
    assert changes_in_words(notes, SPANISH) == dicho


def test_what_has_no_words_here_is_left_to_the_service() -> None:
    unknown = note("danced")
    assert in_words(unknown, SPANISH) is None
    assert in_words(note("late"), SPANISH) is None  # after how many seconds?
    assert all_in_words([note("crashed"), unknown], SPANISH) is None
    assert changes_in_words([note("same"), unknown], SPANISH) is None
    assert changes_in_words([unknown], SPANISH) is None
    assert changes_in_words([], SPANISH) is None
    assert all_in_words([], SPANISH) is None


def test_values_are_bounded_and_never_read_as_a_text() -> None:
    told = in_words(note("said", words="{kind}" * 10_000), ENGLISH)
    assert told is not None
    assert told.startswith("“{kind}{kind}")
    assert len(told) < 2_000
    assert in_words(Note(kind="said", values={"key": "a", "self": "b", "words": "c"}), ENGLISH)


@pytest.mark.parametrize(
    "forged",
    [
        {"kind": "lines", "values": {"added": 10**40, "removed": 1}},
        {"kind": "lines", "values": {"added": -(10**40), "removed": 1}},
        {"kind": "lines", "values": {str(n): n for n in range(1_000)}},
        {"kind": "lines", "values": {"added": ["1"], "removed": None}},
        {"kind": "lines", "values": "many"},
        {"kind": "lines" * 1_000},
        {"values": {"added": 1, "removed": 1}},
        "first_draft",
    ],
)
@pytest.mark.parametrize("field", ["change_notes", "problem_notes"])
def test_a_forged_note_leaves_the_round_to_the_services_own_words(
    field: str, forged: object
) -> None:
    told = {"number": 1, "limit": 4, "score": 0.5, "passed": False, "check": "ran"}
    read = Iteration.model_validate({**told, "changed": "Something.", field: [forged]})
    assert read.changed == "Something."
    for words in (ENGLISH, SPANISH):
        assert all_in_words(getattr(read, field) or (), words) is None


def test_too_many_notes_are_left_out() -> None:
    notes = [{"kind": "first_draft"}] * 1_000
    assert Build.model_validate({"passed": True, "files": [], "summary_notes": notes}) == Build(
        passed=True, files=[]
    )


def test_our_own_english() -> None:
    assert english() == ""
    assert english(note("crashed"), note("no_input")) == (
        "It crashed the interpreter. Nobody answers input() here."
    )


def test_every_note_has_its_words_in_both_languages() -> None:
    ours = {key for key in ENGLISH.texts if key.startswith("factory.note.")}
    assert len(ours) > 30
    assert ours == {key for key in SPANISH.texts if key.startswith("factory.note.")}
