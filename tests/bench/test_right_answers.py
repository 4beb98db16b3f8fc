"""How many short questions each local model answers correctly, in English and in Spanish.

The questions were written for this and used for nothing else: no prompt was tuned with them.
"""

import re
from typing import Final

import pytest

from bot.contract import Context, System
from bot.llm_source import SMALL, TINY
from bot.processors import model_threads
from bot.workers.penny.prompt import converse_prompt
from bot.workers.protocols import complete
from bot.workers.qwen import Qwen

QUESTIONS: Final[dict[str, list[tuple[str, str]]]] = {
    "en": [
        ("What is the capital of Norway?", r"oslo"),
        ("Which is the longest river in South America?", r"amazon"),
        ("Who wrote Hamlet?", r"shakespeare"),
        ("How many legs does a spider have?", r"\b(8|eight)\b"),
        ("What gas do plants take in from the air?", r"carbon dioxide|co2|co₂"),
        ("What is the boiling point of water in degrees Celsius at sea level?", r"\b100\b|hundred"),
        ("In which year did the Second World War end?", r"1945"),
        ("What is seven times eight?", r"\b56\b|fifty[- ]six"),
        ("Which planet is known for its rings?", r"saturn"),
        ("What is the currency of Japan?", r"yen"),
        ("Who painted the Mona Lisa?", r"leonardo|da vinci"),
        ("What is the chemical symbol of gold?", r"\bau\b"),
        ("On which continent is Kenya?", r"africa"),
        ("What is the opposite of ancient?", r"modern|new|recent|contemporary"),
        ("How many minutes are there in two hours?", r"\b120\b|hundred (and )?twenty"),
        ("What language is spoken in Brazil?", r"portuguese"),
        ("Which organ pumps blood through the body?", r"heart"),
        ("What do bees make?", r"honey"),
        ("What is the largest ocean?", r"pacific"),
        ("How many days are there in a leap year?", r"\b366\b"),
    ],
    "es": [
        ("¿Cuál es la capital de Noruega?", r"oslo"),
        ("¿Cuál es el río más largo de Sudamérica?", r"amazonas"),
        ("¿Quién escribió Don Quijote de la Mancha?", r"cervantes"),
        ("¿Cuántas patas tiene una araña?", r"\b(8|ocho)\b"),
        ("¿Qué gas toman las plantas del aire?", r"di[oó]xido de carbono|co2|co₂|carb[oó]nico"),
        ("¿A cuántos grados hierve el agua al nivel del mar?", r"\b100\b|cien"),
        ("¿En qué año terminó la Segunda Guerra Mundial?", r"1945"),
        ("¿Cuánto es siete por ocho?", r"\b56\b|cincuenta y seis"),
        ("¿Qué planeta es famoso por sus anillos?", r"saturno"),
        ("¿Cuál es la moneda de Japón?", r"yen"),
        ("¿Quién pintó el Guernica?", r"picasso"),
        ("¿Cuál es el símbolo químico del oro?", r"\bau\b"),
        ("¿En qué continente está Kenia?", r"[aá]frica"),
        ("¿Qué es lo contrario de grande?", r"peque[nñ]o|chico|menudo"),
        ("¿Cuántos minutos hay en dos horas?", r"\b120\b|ciento veinte"),
        ("¿Qué idioma se habla en Brasil?", r"portugu[eé]s"),
        ("¿Qué órgano bombea la sangre?", r"coraz[oó]n"),
        ("¿Qué hacen las abejas con el néctar?", r"miel"),
        ("¿Cuál es el océano más grande?", r"pac[ií]fico"),
        ("¿Cuántos días tiene un año bisiesto?", r"\b366\b"),
    ],
}
_LANGUAGE: Final = {"en": "English", "es": "Spanish"}


async def right_answers(model: Qwen, language: str) -> list[str]:
    """Ask every question of a language; returns the wrong answers."""
    wrong: list[str] = []
    for question, right in QUESTIONS[language]:
        prompt = converse_prompt(
            question,
            system=System.DECK,
            language=language,
            context=Context(),
            max_tokens=80,
            room_chars=8000,
        )
        answer, _ = await complete(model, prompt)
        if not re.search(right, answer.lower()):
            wrong.append(f"{question} {answer}")
    return wrong


@pytest.mark.bench
async def test_how_many_questions_each_model_answers_correctly(weights):
    rows: list[str] = []
    for name in (TINY, SMALL):
        model = Qwen(lambda name=name: weights(name) / "model.gguf", threads=model_threads())
        for language, questions in QUESTIONS.items():
            wrong = await right_answers(model, language)
            right = len(questions) - len(wrong)
            rows.append(f"{name:20} {_LANGUAGE[language]:8} {right:3} of {len(questions)}")
            print(*wrong, sep="\n")
        await model.close()
    print("\nright answers", *rows, sep="\n")
