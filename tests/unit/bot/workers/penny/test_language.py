"""The language to speak: requested, else the locale's, else detected."""

import pytest

from bot.contract import Context, Source, System
from bot.contract.penny import speak
from bot.workers.penny import language
from bot.workers.penny.language import requested_language, speech_language

DECK = Source(system=System.DECK, channel="test")


@pytest.mark.parametrize(
    ("stated", "locale", "requested"),
    [
        ("es-419", "de-DE", "es"),
        ("ES_mx", None, "es"),
        (None, "de-DE", "de"),
        ("", "de-DE", "de"),
        (None, "", None),
        (None, None, None),
    ],
)
def test_what_is_stated_comes_before_the_locale_and_that_before_the_text(
    monkeypatch, stated, locale, requested
):
    monkeypatch.setattr(language, "detect", lambda _: "fr")
    request = speak("Bonjour.", source=DECK, language=stated)
    request = request.model_copy(update={"context": Context(locale=locale)})
    assert requested_language(request) == requested
    assert speech_language(request, "Bonjour.") == (requested or "fr")


def test_a_request_without_context_is_detected():
    request = speak("Hi.", source=DECK)
    assert requested_language(request) is None
    assert speech_language(request, "Hi.") == "en"
