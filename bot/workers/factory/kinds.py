"""Guesses whether a task asks for a program or a text. Pure."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What a build makes."""

    PYTHON = "python"
    TEXT = "text"


_PROGRAM = re.compile(
    r"""\b(?:
      python | code | coding | codebase | scripts? | program | programs | functions? | subroutine
    | class(?!\s+(?:of\s+\d+|reunion|teacher|action|room|list|about|on)\b) | algorithms? | regex
    | regexp | cli | command[ -]line | parsers? | decorator | generator | unit\s+tests? | argparse
    | c[oó]digo | funci[oó]n | funciones | programa | algoritmos? | m[oó]dulo
    | l[ií]nea\s+de\s+[oó]rdenes | expresi[oó]n\s+regular
    )\b
    | \b\w+\([\w\s,=*.'"\[\]]*\)    # a call: fizzbuzz(n)
    | \b\w+\.py\b
    | \bclase\s+(?:python|que|con|llamada|[A-Z]\w+)
    """,
    re.IGNORECASE | re.VERBOSE,
)

_TEXT = re.compile(
    r"""^\W*(?:please\s+|por\s+favor,?\s+|can\s+you\s+|could\s+you\s+)?
    (?:write|draft|compose|create|make|give|prepare|explain|describe|summari[sz]e|tell|
       escribe|escríbeme|redacta|redáctame|crea|haz|prepara|explica|describe|resume|dame)
    (?:\s+(?:me|us|a|an|the|un|una|el|la|al|some|short|long|brief|funny|nice|friendly|formal|
       breve|corto|corta|largo|larga|bonito|bonita|simple))*
    \s+(?:poem|haiku|story|tale|song|letter|e-?mails?|mail|essay|article|blog|post|tweet|speech|
       toast|joke|summary|slogan|paragraph|invitation|announcement|recipe|review|how|what|why|
       poema|cuento|historia|canción|carta|correo|ensayo|artículo|discurso|brindis|chiste|
       resumen|eslogan|párrafo|invitación|anuncio|receta|reseña|cómo|qué|por\s+qué)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def guess_kind(task: str) -> Kind:
    """Guess what a task in English or Spanish asks for.

    The first thing that it names decides: "a poem about Python" is a poem. A wrong guess costs a
    build, so callers can pass the kind.
    """
    if _TEXT.search(task):
        return Kind.TEXT
    return Kind.PYTHON if _PROGRAM.search(task) else Kind.TEXT
