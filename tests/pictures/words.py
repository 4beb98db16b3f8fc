"""What is said in the pictures, by people and by the scripted services, in two languages."""

from dataclasses import dataclass
from typing import Final

from bot.build_notes import note
from bot.contract.factory import Note

ROLLER: Final = '''\
import random
import re

DICE = re.compile(r"(\\d*)d(\\d+)([+-]\\d+)?")


def roll(dice: str) -> int:
    """Roll dice such as "2d6+1", and give the sum."""
    found = DICE.fullmatch(dice.replace(" ", ""))
    if found is None:
        raise ValueError(f"not dice: {dice!r}")
    count, sides, extra = (int(part or 0) for part in found.groups())
    return sum(random.randint(1, sides) for _ in range(count or 1)) + extra
'''
EXAMPLE: Final = """\
from roll import roll

assert 3 <= roll("2d6+1") <= 13
assert 1 <= roll("d20") <= 20
"""
_WRONG: Final = note("raises", source='roll("d20")', error="ValueError: not dice: 'd20'")
_LINES: Final = note("lines", added=2, removed=1)


@dataclass(frozen=True)
class Words:
    """One conversation, and the commands as people of that language see them.

    Attributes:
        locale: Discord's name of the language.
        channel: Its name and topic.
        question: What Ana asks; `answer`: what Alfred says.
        chat: What the others say then, each with a name.
        summarize: The command, its options, and what Grace answers.
        build: The command, and its options.
        rounds: The rounds of the Factory: the score, what it changed, and what was wrong.
        built: What the thread says when the build is over.
    """

    locale: str
    channel: tuple[str, str]
    question: str
    answer: str
    chat: tuple[tuple[str, str], ...]
    summarize: tuple[str, dict[str, object], str]
    build: tuple[str, dict[str, object]]
    rounds: tuple[tuple[float, list[Note], list[Note]], ...]
    built: str


ENGLISH: Final = Words(
    locale="en-US",
    channel=("game-night", "Saturdays at seven · bring a friend"),
    question="@Alfred how long does Catan take with four people?",
    answer="Usually 60 to 90 minutes with four players. Add a quarter of an hour if somebody is "
    "playing for the first time.",
    chat=(
        ("Ben", "Then we start at seven. I'll bring the board."),
        ("Mia", "My train gets in at 19:12, so I'll be there by half past. I have snacks!"),
        ("Ana", "No hurry, Mia. But my dice are gone: we need two more."),
    ),
    summarize=(
        "/grace summarize",
        {"last": 3, "style": "bullets"},
        "- The game starts at seven; Ben brings the board.\n"
        "- Mia comes by half past seven, with snacks.\n"
        "- Ana's dice are gone: two are still needed.",
    ),
    build=("/factory build", {"task": "a dice roller that understands 2d6+1", "iterations": 4}),
    rounds=(
        (0.3, [note("first_draft")], [_WRONG]),
        (1.0, [_LINES, note("said", words="No number means one die.")], []),
    ),
    built="Its own example ran and passed",
)
SPANISH: Final = Words(
    locale="es-ES",
    channel=("noche-de-juegos", "Los sábados a las siete · trae a alguien"),
    question="@Alfred ¿cuánto dura una partida de Catan entre cuatro?",
    answer="Normalmente, de 60 a 90 minutos. Contad un cuarto de hora más si alguien juega por "
    "primera vez.",
    chat=(
        ("Ben", "Entonces empezamos a las siete. Yo llevo el tablero."),
        ("Mia", "Mi tren llega a las 19:12, así que estaré a y media. ¡Llevo algo de picar!"),
        ("Ana", "Sin prisa, Mia. Pero he perdido mis dados: nos faltan dos."),
    ),
    summarize=(
        "/grace resumir",
        {"últimos": 3, "estilo": "viñetas"},
        "- La partida empieza a las siete; Ben lleva el tablero.\n"
        "- Mia llega a las siete y media, con algo de picar.\n"
        "- Ana ha perdido sus dados: faltan dos.",
    ),
    build=(
        "/fábrica encargar",
        {"tarea": "un lanzador de dados que entienda 2d6+1", "iteraciones": 4},
    ),
    rounds=(
        (0.3, [note("first_draft")], [_WRONG]),
        (1.0, [_LINES, note("said", words="Sin número, es un solo dado.")], []),
    ),
    built="Su propio ejemplo se ejecutó",
)
