"""What an action works on."""

import pytest

from bot.actions.references import Points, Reference
from bot.actions.subject import Around, Kind, Subject, Unsure, resolve

ALONE = Around()
REPLY = Around(is_reply=True)
FILE = Around(has_own=True)
BELOW = Around(above_s=20.0)
ALOUD = Around(is_spoken=True)


@pytest.mark.parametrize(
    ("points", "around", "subject"),
    [
        (Points.THIS, REPLY, Subject(Kind.REPLIED)),
        (Points.THIS, FILE, Subject(Kind.OWN)),
        (Points.THIS, Around(has_own=True, is_reply=True), Subject(Kind.OWN)),
        (Points.THIS, BELOW, Subject(Kind.ABOVE)),
        (Points.THIS, Around(above_s=5_000.0), Unsure.WHAT),
        (Points.THIS, ALONE, Unsure.WHAT),
        (Points.NOTHING, BELOW, Unsure.WHAT),
        (Points.NOTHING, REPLY, Subject(Kind.REPLIED)),
        (Points.TOPIC, FILE, Subject(Kind.OWN)),
        (Points.FILE, ALONE, Subject(Kind.FILE_ABOVE)),
        (Points.FILE, FILE, Subject(Kind.OWN)),
        (Points.FILE, REPLY, Subject(Kind.REPLIED)),
        (Points.ABOVE, ALONE, Subject(Kind.ABOVE)),
        (Points.ABOVE, REPLY, Subject(Kind.REPLIED)),
        (Points.ABOVE, FILE, Subject(Kind.ABOVE)),
        (Points.ANSWER, ALONE, Subject(Kind.ANSWER)),
        (Points.SAID, ALONE, Subject(Kind.SAID, messages=50)),
        (Points.SAID, ALOUD, Subject(Kind.SAID, messages=50)),
        (Points.THIS, ALOUD, Subject(Kind.ANSWER, messages=50)),
        (Points.ANSWER, ALOUD, Subject(Kind.ANSWER, messages=50)),
    ],
)
def test_words_and_what_is_around_them_tell(
    points: Points, around: Around, subject: Subject | Unsure
) -> None:
    assert resolve(Reference(points), around) == subject


@pytest.mark.parametrize("around", [ALONE, REPLY, FILE, ALOUD])
def test_a_text_in_the_words_comes_first(around: Around) -> None:
    reference = Reference(Points.TEXT, text="bees")
    assert resolve(reference, around) == Subject(Kind.TEXT, text="bees")


@pytest.mark.parametrize(
    ("points", "number", "subject"),
    [
        (Points.MINUTES, 10, Subject(Kind.SAID, minutes=10)),
        (Points.MINUTES, 10**9, Subject(Kind.SAID, minutes=1440)),
        (Points.MINUTES, 0, Subject(Kind.SAID, messages=50)),
        (Points.MESSAGES, 30, Subject(Kind.SAID, messages=30)),
        (Points.MESSAGES, 10**9, Subject(Kind.SAID, messages=100)),
    ],
)
def test_so_many_minutes_or_messages_within_reason(
    points: Points, number: int, subject: Subject
) -> None:
    assert resolve(Reference(points, number), ALONE) == subject
