"""What goes wrong is told in the language of the screen."""

import errno
import re

import pytest

from bot import errors
from bot.i18n import INTERFACE_LANGUAGES, words_for
from bot.local_voice.export import REASONS, why_unwritable
from bot.local_voice.in_words import in_words
from bot.local_voice.transcript import reason

SPANISH = words_for("es")
_ENGLISH = re.compile(r"\b(?:the|budget|left of|again in|is|was|not)\b")
OVER = errors.OverBudget(
    scope="user", period="month", limit_micro_usd=5_000_000, left_micro_usd=1_000, renews_ms=10**12
)
EXAMPLES = [
    OVER,
    errors.TooSoon(wait_s=9),
    errors.ServiceDown("Penny keeps failing.", hint="The next attempt is in 9 s.", wait_s=9),
    errors.JobFailed("", service_code="internal"),
    errors.StoreFailed("The database is locked."),
    errors.KeyRefused("The key was refused."),
    errors.SubmissionUnknown("It is not known."),
    errors.DeadlineExceeded("No result within the time."),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda one: one.code)
@pytest.mark.parametrize("tell", [in_words, reason])
def test_a_spanish_screen_says_it_in_spanish(error, tell):
    told = tell(error, SPANISH)
    assert told
    assert _ENGLISH.search(told) is None


def test_a_budget_is_told_with_its_figures():
    assert "(0,001 $ de 5,00 $)" in in_words(OVER, SPANISH).replace("\xa0", " ")


def test_what_a_service_says_is_told_as_its_words():
    assert "«out of memory»" in in_words(errors.JobFailed("out of memory"), SPANISH)


@pytest.mark.parametrize("error", [errors.BadInput("no key"), errors.MissingPermission(("speak",))])
def test_what_only_the_message_knows_is_told_as_english(error):
    assert f"En inglés: «{error}»" in in_words(error, SPANISH)


@pytest.mark.parametrize("language", INTERFACE_LANGUAGES)
def test_why_a_file_cannot_be_written(language):
    words = words_for(language)
    assert {why_unwritable(OSError(number, "x"), words) for number in REASONS} == {
        words(f"talk.reason.{key}") for key in REASONS.values()
    }
    assert "Input/output error" in why_unwritable(OSError(errno.EIO, "x"), words)
