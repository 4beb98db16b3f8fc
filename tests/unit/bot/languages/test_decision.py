"""The decision: a detector's probabilities times a prior."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.languages import LANGUAGES, NO_HINTS, LanguageHints, decide
from bot.languages.decision import by_code, prior

codes = st.sampled_from(sorted(LANGUAGES))
chances = st.floats(0, 1)
probabilities = st.dictionaries(st.one_of(codes, st.text(max_size=3)), chances, max_size=8)
hints = st.builds(
    LanguageHints,
    speaker=st.lists(probabilities, max_size=4),
    others=st.lists(probabilities, max_size=4),
    locale=st.one_of(st.none(), codes, st.text(max_size=6)),
    allowed=st.frozensets(st.one_of(codes, st.text(max_size=3)), max_size=4),
)


@given(probabilities, hints)
def test_the_result_is_a_distribution_over_what_comes_into_question(detected, known) -> None:
    found = decide(detected, known)
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.confidence == max(found.probabilities.values())
    assert found.probabilities[found.likely] == found.confidence
    assert found.code in {None, found.likely}
    allowed = set(known.allowed) & set(LANGUAGES)
    assert set(found.probabilities) == (allowed or set(LANGUAGES))


@given(probabilities, hints, codes)
def test_a_pin_is_not_questioned(detected, known, code) -> None:
    pinned = LanguageHints(
        pinned=code, speaker=known.speaker, locale=known.locale, allowed=known.allowed
    )
    assert decide(detected, pinned).code == code


@given(hints, codes)
def test_the_words_can_always_win(known, code) -> None:
    """Whatever is expected, a clear detection of an allowed language is believed or doubted."""
    if code not in decide({}, known).probabilities:
        return
    told = decide({code: 1.0}, known)
    assert told.likely == code
    before = prior(known)[code]
    assert told.confidence >= before - 1e-9


@given(probabilities, hints, codes)
def test_a_turn_in_a_language_never_makes_it_less_likely(detected, known, code) -> None:
    if code not in decide({}, known).probabilities:
        return
    after = LanguageHints(
        speaker=[*known.speaker, {code: 1.0}],
        others=known.others,
        locale=known.locale,
        allowed=known.allowed,
    )
    before = decide(detected, known).probabilities[code]
    assert decide(detected, after).probabilities[code] >= before - 1e-9


@given(hints)
def test_nothing_detected_stays_with_what_is_expected(known) -> None:
    assert decide({}, known).probabilities == pytest.approx(prior(known))


@given(codes)
def test_a_locale_is_only_a_hint(locale) -> None:
    assert decide({}, LanguageHints(locale=locale)).confidence < 0.9
    for code in LANGUAGES:
        assert decide({code: 1.0}, LanguageHints(locale=locale)).likely == code


def test_the_newest_turn_counts_most() -> None:
    spanish, english = {"es": 1.0}, {"en": 1.0}
    assert decide({}, LanguageHints(speaker=[spanish, english])).likely == "es"
    assert decide({}, LanguageHints(speaker=[english, spanish])).likely == "en"
    both = LanguageHints(speaker=[spanish], others=[english])
    assert decide({}, both).likely == "es", "their own turns count more than others'"


def test_whispers_guess_of_a_short_clip_is_put_right() -> None:
    """Seen: a Spanish clip of two seconds, which Whisper alone takes for Galician or Italian."""
    heard = {"it": 0.30, "es": 0.28, "gl": 0.2, "el": 0.1}
    assert decide(heard, NO_HINTS).likely == "es"
    assert decide(heard, LanguageHints(locale="en-US")).likely == "es"


def test_varieties_add_up() -> None:
    labels = [("zh", 0.3), ("yue", 0.4), ("en", 0.2), ("tlh", 0.1)]
    found = by_code(labels, {"zh": "zh", "yue": "zh", "en": "en"})
    assert found == {"zh": pytest.approx(0.7), "en": 0.2}
