"""The language of a text, by the real detector."""
# ruff: noqa: RUF001  (other scripts are the point)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract import Context, Message
from bot.languages import LANGUAGES, NO_HINTS, LanguageHints
from bot.workers.text_language import conversation_hints, decide_on, decide_on_question, detect

TEXTS = {
    "ar": ("ما هي عاصمة فرنسا؟", "مرحبا", "كيف حالك اليوم؟"),
    "bg": ("Коя е столицата на Франция?", "Къде са ми ключовете?"),
    "bn": ("ফ্রান্সের রাজধানী কী?",),
    "ca": ("Quina és la capital de França?", "Em podries ajudar amb això, si us plau?"),
    "cs": ("Jaké je hlavní město Francie?",),
    "da": ("Hvad er hovedstaden i Frankrig?", "Jeg vil gerne vide, hvad klokken er."),
    "de": ("Was ist die Hauptstadt von Frankreich?", "Wie geht es dir?"),
    "el": ("Ποια είναι η πρωτεύουσα της Γαλλίας;",),
    "en": ("What is the capital of France?", "how do I fix this", "tell me a joke"),
    "es": ("¿Cuál es la capital de Francia?", "gracias por la ayuda", "cuéntame un chiste"),
    "fa": ("پایتخت فرانسه کجاست؟",),
    "fi": ("Mikä on Ranskan pääkaupunki?",),
    "fr": ("Quelle est la capitale de la France ?", "je ne comprends pas"),
    "he": ("מה בירת צרפת?",),
    "hi": ("फ्रांस की राजधानी क्या है?",),
    "hu": ("Mi Franciaország fővárosa?",),
    "id": ("Apa ibu kota Prancis?",),
    "it": ("Qual è la capitale della Francia?",),
    "ja": ("フランスの首都はどこですか?", "元気ですか", "東京へ行きたい"),
    "ko": ("안녕하세요", "오늘 날씨가 어때요?"),
    "nl": ("Wat is de hoofdstad van Frankrijk?",),
    "no": ("Hva er hovedstaden i Norge?", "Jeg vil gjerne vite hva klokka er."),
    "pl": ("Jaka jest stolica Francji?",),
    "pt": ("Qual é a capital da França?", "Você pode me ajudar?"),
    "ru": ("Какая столица Франции?", "Где мой ключ?"),
    "sv": ("Vad är huvudstaden i Frankrike?", "Hur mår du idag?"),
    "ta": ("பிரான்சின் தலைநகரம் எது?",),
    "th": ("เมืองหลวงของฝรั่งเศสคืออะไร",),
    "tr": ("Fransa'nın başkenti neresi?", "Nasılsın?"),
    "uk": ("Яка столиця Франції?", "Де мій ключ?"),
    "ur": ("فرانس کا دارالحکومت کیا ہے؟",),
    "vi": ("Thủ đô của Pháp là gì?", "Bạn khỏe không?"),
    "zh": ("法国的首都是哪里？", "你好"),
}


@pytest.mark.parametrize("locale", ["en-US", None])
@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in TEXTS.items() for text in texts]
)
def test_the_words_tell_their_language(code: str, text: str, locale: str | None) -> None:
    assert decide_on(text, LanguageHints(locale=locale)).likely == code


@pytest.mark.parametrize("locale", ["en-US", "de", "ja", "es-ES"])
def test_a_question_beside_another_discord_is_told_for_certain(locale: str) -> None:
    assert decide_on("¿Cuál es la capital de Francia?", LanguageHints(locale=locale)).code == "es"
    assert decide_on("What is the capital of France?", LanguageHints(locale=locale)).code == "en"


def conversation(*said: str, locale: str = "en-US") -> LanguageHints:
    history = [Message(role="user", content=one) for one in said]
    return conversation_hints(Context(history=history, locale=locale), pinned=None, allowed=())


@pytest.mark.parametrize(
    "short", ["Vale", "ok thx", "lol ok thx bro", "sí", "hm", "no", "jaja", "👍", "ok", "xd", "??"]
)
def test_a_short_utterance_stays_with_the_conversation(short: str) -> None:
    spanish = conversation("¿Qué tiempo hace hoy en Madrid?")
    english = conversation("What is the weather like in London?", locale="es-ES")
    assert decide_on(short, spanish).code == "es"
    assert decide_on(short, english).code == "en"


@pytest.mark.parametrize("script", ["привет", "你好", "はい", "안녕", "γεια"])
def test_another_script_is_never_the_conversations_latin_language(script: str) -> None:
    found = decide_on(script, conversation("What is the weather like in London?"))
    assert LANGUAGES[found.likely].scripts


def test_a_switch_of_language_is_noticed() -> None:
    english = conversation("What is the weather like?", "And what about tomorrow?")
    assert decide_on("¿Y cuál es la capital de Portugal?", english).code == "es"


def test_without_anything_a_few_words_are_unsure() -> None:
    assert decide_on("lol ok thx bro", NO_HINTS).code is None
    assert decide_on("Vale", NO_HINTS).code is None


def test_others_and_the_assistant_count_less_than_the_speaker() -> None:
    history = [
        Message(role="user", content="¿Qué tiempo hace hoy en Madrid?", name="Ana"),
        Message(role="assistant", content="Hace sol y bastante calor."),
        Message(role="user", content="What is the weather like in London?", name="Ben"),
    ]
    for speaker, code in (("Ana", "es"), ("Ben", "en")):
        context = Context(history=history, speaker=speaker)
        hints = conversation_hints(context, pinned=None, allowed=())
        assert decide_on("ok", hints).likely == code


def test_an_operators_languages_are_the_only_ones() -> None:
    hints = LanguageHints(allowed={"en", "es"})
    assert decide_on("Qual é a capital da França?", hints).likely == "es"


def test_a_question_about_a_quote_is_in_the_questions_language() -> None:
    quote = "\n\nBen:\nThe bakery opens at six, and on Sundays it stays closed all day long."
    assert decide_on_question("¿Cuándo abre la panadería?" + quote, NO_HINTS).code == "es"
    greeted = "Hello!\n\n¿Cuál es la capital de Francia y cuánta gente vive allí?"
    assert decide_on_question(greeted, NO_HINTS).code == "es"


def test_code_links_and_mentions_are_in_no_language() -> None:
    assert not detect("```py\nfor the in while\n``` <@123456> <:party:123> https://the.example/of")
    assert decide_on("`the quick brown fox` ¿qué hace este código?", NO_HINTS).likely == "es"


@given(st.text(max_size=300))
def test_any_text_gets_a_decision(text: str) -> None:
    found = decide_on(text, NO_HINTS)
    assert found.likely in LANGUAGES
    assert 0 < found.confidence <= 1


@pytest.mark.parametrize(
    "text",
    [
        "que es\n\n[photo of my holidays.png: not read]",
        "[forwarded]\nVale, nos vemos",
        "[poll] ¿Qué comemos hoy?\n- Paella (0 votes)\n- Tortilla (1 vote)",
        "[forwarded]\n[notes for the meeting.txt]\nQuedamos a las ocho en la plaza",
    ],
)
def test_labels_around_peoples_words_are_not_their_words(text):
    hints = LanguageHints(locale="es-ES")
    assert decide_on_question(text, hints).code == "es"


def test_a_label_alone_tells_no_language():
    assert detect("[sticker: Hello there my friend]") == {}


TURNS = (
    ("Ana", "¿Me recomiendas un libro de historia?", "Claro, te recomiendo Sapiens."),
    ("Ben", "Can you recommend a film?", "Sure, you could watch Casablanca tonight."),
    ("Ana", "¿y de arte?", "La historia del arte, de Gombrich, es muy buena."),
    ("Ben", "one more", "You could also watch The Third Man."),
    ("Ana", "vale", "¿Quieres algo más?"),
    ("Ben", "ok thx", "You are welcome!"),
    ("Ana", "otro", "Otro bueno es El infinito en un junco."),
    ("Ben", "another", "Another good one is Vertigo."),
    ("Ana", "👍", "¡Perfecto!"),
    ("Ben", "👍", "Great!"),
    ("Ana", "jajaja", "Me alegro."),
    ("Ben", "lol", "Glad you like it."),
)


@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_two_people_who_take_turns_each_keep_their_language(turn):
    said = [
        message
        for who, asked, answered in TURNS[:turn]
        for message in (
            Message(role="user", content=asked, name=who),
            Message(role="assistant", content=answered),
        )
    ]
    who, asked, _ = TURNS[turn]
    context = Context(history=said, locale="en-US", speaker=who)
    hints = conversation_hints(context, pinned=None, allowed=())
    assert decide_on_question(asked, hints).code == {"Ana": "es", "Ben": "en"}[who]


def test_a_person_who_changes_their_language_is_followed():
    said = [Message(role="user", content="¿Me recomiendas un libro?", name="Ana")] * 5
    said.append(Message(role="user", content="Can you tell me about rivers?", name="Ana"))
    context = Context(history=said, locale="es-ES", speaker="Ana")
    hints = conversation_hints(context, pinned=None, allowed=())
    assert decide_on_question("one more", hints).code == "en"
