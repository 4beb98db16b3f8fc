"""Spanish numbers that agree with what they count: "21 personas", "200 casas", "1 libro". Pure."""

import re
from functools import cache
from typing import Any, Final

_COUNTED: Final = re.compile(
    r"(?<![\w.,:/$-])(\d{1,3}(?:\.\d{3}){1,3}|\d{1,9})[ \u00a0]+([a-záéíóúñü]{3,})"
)
_MASCULINE: Final = re.compile(
    r"(?:d[ií]a|mapa|planeta|cometa|sof[aá]|pijama|gorila|dálmata|atleta|poeta|pirata|profeta|espía"
    r"|\w*(?:nauta|ema|oma|ama|ista))s?"
)
_FEMININE: Final = re.compile(
    r"\w*(?:as?|i[oó]n|iones|[dt]ad(?:es)?|tud(?:es)?|umbres?|[td]ri(?:z|ces))|ve(?:z|ces)"
    r"|(?:noche|tarde|mano|foto|moto|clase|calle|llave|nube|parte|red|torre|frase|base|fase|clave"
    r"|fuente|serie|especie|superficie|sede|nave|mujer|flor|ley|señal)(?:e?s)?|imagen|imágenes"
    r"|órdenes|crisis|tesis"
)
_NO_NOUN: Final = re.compile(
    "para|hasta|era|estaba|había|sea|hacia|cada|nada|mas|contra|esa|esas|esta|estas|unas?|las|van|dan|son|con|por"
    "|del|que|más|menos|entre|como"
)
_ELEVEN: Final = 11


def with_gender(text: str) -> str:
    """Spell out the numbers that end in one, or have hundreds, before what they count."""
    return _COUNTED.sub(_agreeing, text)


def _agreeing(found: re.Match[str]) -> str:
    number, noun = int(found[1].replace(".", "")), found[2]
    ends_in_one = number % 10 == 1 and number % 100 != _ELEVEN
    has_hundreds = number % 1000 >= 200  # noqa: PLR2004
    if _NO_NOUN.fullmatch(noun) or not (ends_in_one or has_hundreds):
        return found[0]
    is_feminine = _FEMININE.fullmatch(noun) and not _MASCULINE.fullmatch(noun)
    if not is_feminine and not (ends_in_one and (number == 1 or noun.endswith("s"))):
        return found[0]
    gender = "feminine" if is_feminine else "masculine"
    return f"{_spelled(number, gender)} {noun}"


def _spelled(number: int, gender: str) -> str:
    return str(_engine().format_number(number).text_by_ruleset[f"spellout-cardinal-{gender}"])


@cache
def _engine() -> Any:
    from unicode_rbnf import RbnfEngine  # noqa: PLC0415  (0.2 s, and only the local services have it)

    return RbnfEngine.for_language("es")
