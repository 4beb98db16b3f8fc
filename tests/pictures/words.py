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
        costs: The command that tells a server's owner of two weeks, and its options.
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
    costs: tuple[str, dict[str, object]]


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
    costs=("/costs", {"whose": "server", "days": 14}),
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
    costs=("/costes", {"de-quién": "Lo de este servidor", "días": 14}),
)


@dataclass(frozen=True)
class Spoken:
    """One conversation at the microphone.

    Attributes:
        language: That of the screen, by its code.
        before: A question and its answer, before the one that is asked.
        other: The same, in another language.
        question: What is asked; `answer`: what Alfred says; `so_far`: how many letters of it.
        build: A command to the Factory; `progress`: where it stands.
        turn: What the moving picture shows, in words; `conversation`: what the still one does.
    """

    language: str
    before: tuple[str, str]
    other: tuple[str, str]
    question: str
    answer: str
    so_far: int
    build: str
    progress: str
    turn: str
    conversation: str


_IN_ENGLISH: Final = ("What is the capital of France?", "The capital of France is Paris.")
_IN_SPANISH: Final = ("¿Cuál es la capital de Francia?", "La capital de Francia es París.")
_SKY: Final = (
    "Sunlight holds every colour. Air scatters the blue part most, so blue light reaches your eyes "
    "from all over the sky."
)
_CIELO: Final = (
    "La luz del sol tiene todos los colores. El aire dispersa sobre todo el azul, y por eso te "
    "llega luz azul desde todo el cielo."
)
SPOKEN: Final = {
    "": Spoken(
        language="en",
        before=_IN_ENGLISH,
        other=_IN_SPANISH,
        question="Why is the sky blue?",
        answer=_SKY,
        so_far=_SKY.index(" over the sky."),
        build="/build a leap year test",
        progress="Iteration 2 of 4 · 0.70: leap(1900) → True",
        turn="skydeck talk: somebody holds the space bar and asks: Why is the sky blue? The state "
        f"goes from READY to RECORDING, THINKING and ANSWERING; Alfred says: {_SKY}",
        conversation="skydeck talk while Alfred answers a spoken question, and the Factory builds "
        "something.",
    ),
    "-es": Spoken(
        language="es",
        before=_IN_SPANISH,
        other=_IN_ENGLISH,
        question="¿Por qué el cielo es azul?",
        answer=_CIELO,
        so_far=_CIELO.index(" todo el cielo."),
        build="/encargar una función que diga si un año es bisiesto",
        progress="Iteración 2 de 4 · 0,70: bisiesto(1900) → True",
        turn="skydeck talk: alguien mantiene pulsado el espacio y pregunta: ¿Por qué el cielo es "
        "azul? El estado pasa de A PUNTO a GRABANDO, PENSANDO y RESPONDIENDO; Alfred dice: "
        f"{_CIELO}",
        conversation="skydeck talk mientras Alfred responde a una pregunta hablada y la Factory "
        "hace un encargo.",
    ),
}
"""By the end of the pictures' names."""
