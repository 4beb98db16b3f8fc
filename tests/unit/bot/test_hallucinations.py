"""What recognisers invent."""
# ruff: noqa: RUF001  (many scripts)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hallucinations import (
    Certainty,
    HallucinationKind,
    hallucination_kind,
    is_hallucinated,
    is_said_to_nobody,
)

SURE, UNSURE, LOST = Certainty(0.02, -0.15), Certainty(0.55, -0.8), Certainty(0.1, -1.5)

_CREDITS = [
    "Subtítulos realizados por la comunidad de Amara.org",
    "Subtitles by the Amara.org community",
    "Untertitel im Auftrag des ZDF, 2021",
    "Untertitelung im Auftrag des ZDF, 2020",
    "Sous-titres réalisés par la communauté d'Amara.org",
    "Sottotitoli creati dalla comunità Amara.org",
    "Legendas pela comunidade Amara.org",
    "Napisy stworzone przez społeczność Amara.org",
    "Altyazı M.K.",
    "Редактор субтитров А.Семкин Корректор А.Егорова",
    "Субтитры сделал DimaTorzok",
    "Продолжение следует...",
    "字幕由 Amara.org 社群提供",
    "MBC 뉴스 이덕영입니다.",
    "www.mooji.org",
    "Transcription by CastingWords",
    "[Music]",
    "[Música] [Aplausos]",
    "(coughs)",
    "♪ ♪",
    "*sighs*",
    ". . . . .",
]
_FAREWELLS = [
    "Thanks for watching!",
    "Thank you for watching.",
    "Thank you so much for watching, and I'll see you next time.",
    "Thanks for watching! Please subscribe.",
    "Please like and subscribe to my channel.",
    "I'll see you in the next video.",
    "¡Gracias por ver el vídeo!",
    "¡Suscríbete al canal!",
    "Nos vemos en el próximo video.",
    "Vielen Dank fürs Zuschauen.",
    "Merci d'avoir regardé cette vidéo !",
    "Grazie per la visione.",
    "Obrigado por assistir.",
    "Спасибо за просмотр!",
    "ご視聴ありがとうございました。",
    "시청해주셔서 감사합니다.",
    "谢谢大家的观看",
    "اشتركوا في القناة",
    "İzlediğiniz için teşekkürler.",
]
_DOUBTFUL = [
    "Thank you.",
    "Thank you. Thank you.",
    "Bye.",
    "you",
    "Gracias.",
    "Okay.",
    "Merci.",
    "はい",
]
_SAID = [
    "What is Amara.org?",
    "Subtitles, please.",
    "Pon subtítulos en español.",
    "Subtítulos",
    "Thank you. What time is it?",
    "Who is watching the kids?",
    "How do I subscribe to a channel?",
    "What does www.mooji.org offer?",
    "¿Cómo me suscribo al canal?",
    "Who won the MBC news award?",
    "Stop.",
    "Yes, please.",
    "No.",
    "Alfred?",
    "Play [some] music",
    "",
]


@pytest.mark.parametrize("text", _CREDITS)
def test_credits_and_sounds_are_never_said(text: str) -> None:
    assert hallucination_kind(text) is HallucinationKind.CREDIT
    assert is_hallucinated(text, SURE)
    assert is_said_to_nobody(text)


@pytest.mark.parametrize("text", _FAREWELLS)
def test_farewells_of_videos_are_said_only_if_the_recogniser_is_sure(text: str) -> None:
    assert hallucination_kind(text) is HallucinationKind.FAREWELL
    assert [is_hallucinated(text, how) for how in (SURE, UNSURE, LOST)] == [False, True, True]
    assert is_said_to_nobody(text)


@pytest.mark.parametrize("text", _DOUBTFUL)
def test_thanks_are_heard_unless_the_recogniser_doubts(text: str) -> None:
    assert hallucination_kind(text) is HallucinationKind.DOUBTFUL
    assert [is_hallucinated(text, how) for how in (SURE, UNSURE, LOST)] == [False, True, True]
    assert not is_said_to_nobody(text)


@pytest.mark.parametrize("measured", [(0.62, -0.49), (0.11, -1.02), (0.24, -0.43), (0.53, -0.57)])
def test_what_was_said_clearly_or_quietly_is_heard(measured: tuple[float, float]) -> None:
    assert not is_hallucinated("Bye.", Certainty(*measured))


@pytest.mark.parametrize("text", _SAID)
def test_what_people_say_is_no_invention(text: str) -> None:
    assert hallucination_kind(text) is None
    assert not is_hallucinated(text, LOST)


@given(st.text(max_size=500))
def test_any_transcript_can_be_judged(text: str) -> None:
    assert hallucination_kind(text) in {None, *HallucinationKind}


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for watching the kids, when do you come back?",
        "Thanks for watching my dog yesterday.",
        "Merci d'avoir regardé mon dossier.",
        "Obrigado por ver as crianças.",
        "Grazie per aver guardato i bambini.",
        "Bedankt voor het kijken naar mijn code.",
    ],
)
def test_thanks_for_something_else_are_heard(text: str) -> None:
    assert hallucination_kind(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thank you all for watching this video, see you soon.",
        "Thanks for watching and don't forget to subscribe.",
        "Merci d'avoir regardé cette vidéo !",
        "Obrigada por assistir ao meu canal.",
        "Bedankt voor het kijken naar deze video.",
    ],
)
def test_thanks_for_a_video_are_not(text: str) -> None:
    assert is_said_to_nobody(text)
