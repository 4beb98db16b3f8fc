"""What a voice says for what is written."""
# ruff: noqa: RUF001  (minus, times, dashes)

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.penny.spoken_rules import _SLICE_CHARS, _slices
from bot.workers.penny.spoken_text import shown, spoken

_ENGLISH = {
    # arithmetic
    "5*4 = 20": "5 times 4 equals 20",
    "5*4*3 = 60": "5 times 4 times 3 equals 60",
    "2 × 3, 2 x 3 = 6": "2 times 3, 2 times 3 equals 6",
    "6 ÷ 2 = 3": "6 divided by 2 equals 3",
    "6/2 = 3": "6 divided by 2 equals 3",
    "3 - 4 = -1": "3 minus 4 equals minus 1",
    "5-3 = 2": "5 minus 3 equals 2",
    "3 + 4": "3 plus 4",
    "x^2 + y²": "x squared plus y squared",
    "2^10": "2 to the power of 10",
    "x > 3 and y <= 4": "x is greater than 3 and y is at most 4",
    "a != b": "a does not equal b",
    "It is -5 today": "It is minus 5 today",
    # ranges, about, ratios, fractions, sizes
    "3~5 days": "3 to 5 days",
    "3-5 days, 10–12 hours": "3 to 5 days, 10 to 12 hours",
    "~5 people": "about 5 people",
    "a 2:1 ratio": "a 2 to 1 ratio",
    "1/2 and 3/4 and 5/8": "one half and three quarters and 5 over 8",
    "1 1/2 cups": "1 and one half cups",
    "½ cup": "one half cup",
    "24/7": "twenty-four seven",
    "1920x1080, 2x faster": "1920 by 1080, 2 times faster",
    # units
    "20 km at 10 km/h": "20 kilometers at 10 kilometers per hour",
    "1 kg, 5kg": "1 kilogram, 5 kilograms",
    "25°C or 77 °F, 30°": "25 degrees Celsius or 77 degrees Fahrenheit, 30 degrees",
    "5 m² and 2 m³": "5 square meters and 2 cubic meters",
    "3 GB at 10 MB/s": "3 gigabytes at 10 megabytes per second",
    "5%": "5%",
    # money
    "$5, $5.50, $1,200": "5 dollars, 5 dollars and 50 cents, 1,200 dollars",
    "$1.5M or $10k": "1.5 million dollars or 10 thousand dollars",
    "5 € and £3.20 and ¥100": "5 euros and 3 pounds and 20 pence and 100 yen",
    "$1 and $0.05": "1 dollar and 5 cents",
    "$5-10": "5 to 10 dollars",
    "20 USD": "20 dollars",
    # times and dates
    "at 17:05": "at 5 oh 5 p.m.",
    "at 10:30 and 10:00": "at 10 30 and 10 o'clock",
    "10:30 am": "10 30 a.m.",
    "2026-11-29": "November 29th, 2026",
    "2026-11-29T17:05:00Z": "November 29th, 2026, 5 oh 5 p.m. UTC",
    "29/11/2026 and 11/30/2026": "November 29th, 2026 and November 30th, 2026",
    "Nov 3, 2026": "November 3rd, 2026",
    "in 1990 and since 1905": "in 19 90 and since 19 oh 5",
    "the 1990s, the 80s": "the 19 nineties, the eighties",
    "wait 30s": "wait 30 seconds",
    # names, numbers, signs
    "#1 in C# on #general": "number 1 in C sharp on general",
    "Dr. Smith, Mrs. Jones": "Doctor Smith, Missus Jones",
    "approx. 5, e.g. five": "approximately 5, for example five",
    "No. 5, pp. 3-5": "number 5, pages 3 to 5",
    "J. K. Rowling": "J K Rowling",
    "St. Louis": "Saint Louis",
    "and/or": "and or",
    "A → B": "A to B",
    "R&D": "R and D",
    "+1 555 123 4567": "plus 1, 5 5 5, 1 2 3, 4 5 6 7",
    "192.168.0.1": "192 dot 168 dot 0 dot 1",
    "max_tokens, snake_case, __init__": "max tokens, snake case, init",
    "COVID-19, GPT-4, 3D, A4": "COVID-19, GPT-4, 3D, A4",
    "version 2.0.1": "version 2.0.1",
    "C++ and H2O": "C++ and H2O",
    "x is > 3, speed <5 ms": "x is greater than 3, speed less than 5 milliseconds",
    "in 1990-1995": "in 19 90 to 19 95",
    "rated 4.5/5, 8/10": "rated 4.5 out of 5, 8 out of 10",
    "Mr. and Mrs. Smith": "Mister and Missus Smith",
    "$5/month, 5¢": "5 dollars per month, 5 cents",
    "9.8 m/s²": "9.8 meters per second squared",
    "1½ cups": "1 and one half cups",
    "a && b || c": "a and b or c",
    "I'm 5'11\"": "I'm 5 foot 11",
    "9:00-17:30": "9 o'clock to 5 30 p.m.",
    # addresses
    "https://en.wikipedia.org/wiki/A_(b)": "en.wikipedia.org",
    "(see https://example.org/a)": "(see example.org)",
    "See https://www.example.org/a_b?c=d#e.": "See example.org.",
    "Go to example.com/a/b, now": "Go to example.com, now",
    "me@example.org": "me@example.org",
    "/usr/bin/python": "/usr/bin/python",
    "@alice hi": "alice hi",
    # pictures
    "Done! 🎉 <:party:123456789012345678>": "Done!",
    "I ❤️ it 👩‍👩‍👧 🇪🇸 1️⃣ 👍🏽!": "I it 1!",
    "Great :) and :-D": "Great and",
    "🎉": "",
    "→": "",
}

_SPANISH = {
    "5*4 = 20": "5 por 4 es igual a 20",
    "6 ÷ 2": "6 entre 2",
    "x² y 2^10": "x al cuadrado y 2 elevado a 10",
    "3~5 días": "3 a 5 días",
    "~5 horas": "cerca de 5 horas",
    "Hace -5 grados": "Hace menos 5 grados",
    "20 km a 10 km/h": "20 kilómetros a 10 kilómetros por hora",
    "1 h y 30 min": "una hora y 30 minutos",
    "25 °C": "25 grados Celsius",
    "5 m²": "5 metros cuadrados",
    "5,50 €": "5 euros con 50 céntimos",
    "1.200 €": "1.200 euros",
    "5 M€ y 5M $": "5 millones de euros y 5 millones de dólares",
    "a las 17:05": "a las 17 y 5",
    "a las 10:00, a las 10:30": "a las 10 en punto, a las 10 30",
    "a las 5 p. m.": "a las 5 de la tarde",
    "a las 9 pm": "a las 9 de la noche",
    "29/11/2026": "29 de noviembre de 2026",
    "2026-11-29": "29 de noviembre de 2026",
    "el 5/3": "el 5 de marzo",
    "3/4 de taza": "tres cuartos de taza",
    "21 personas": "veintiuna personas",
    "200 casas y 21 días": "doscientas casas y veintiún días",
    "1 persona, 1 libro": "una persona, un libro",
    "1 de mayo": "1 de mayo",
    "1,234,567 y 1 234 567": "1234567 y 1234567",
    "La Sra. López y el Dr. Ruiz": "La señora López y el doctor Ruiz",
    "Vive en EE. UU. desde 1990": "Vive en Estados Unidos desde 1990",
    "p. ej. hoy": "por ejemplo hoy",
    "el n.º 5": "el número 5",
    "Uds. vienen": "ustedes vienen",
    "y/o": "y o",
    "máx_tokens": "máx tokens",
    "¡Hecho! 🎉": "¡Hecho!",
    "#1": "número 1",
    "el valor es >= 10": "el valor es mayor o igual que 10",
    "Sr. y Sra. López": "señor y señora López",
    "31 noches, 101 páginas, 1 vez": "treinta y una noches, ciento una páginas, una vez",
    "21 euros y 1 problema": "veintiún euros y un problema",
    "20 €/mes, 5 €–10 €": "20 euros por mes, 5 a 10 euros",
    "1.º y n.° 5": "1º y número 5",
    "25ºC": "25 grados Celsius",
    "del 1/2 al 3/4": "del 1 de febrero al 3 de abril",
    "8/10": "8 sobre 10",
    "1 millón €, 2 millones $": "un millón de euros, 2 millones de dólares",
    "½": "un medio",
    "600 123 456": "6 0 0, 1 2 3, 4 5 6",
}


@pytest.mark.parametrize(("text", "said"), _ENGLISH.items())
def test_english(text: str, said: str) -> None:
    assert spoken(shown(text, "en"), "en") == said


@pytest.mark.parametrize(("text", "said"), _SPANISH.items())
def test_spanish(text: str, said: str) -> None:
    assert spoken(shown(text, "es"), "es") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**5 %** von max_tokens 🎉", "5 % von max tokens"),
        ("Siehe https://example.org/a.", "Siehe example.org."),
        ("これは**ペン**です。", "これはペンです。"),
        ("क्‍षमा", "क्‍षमा"),
    ],
)
def test_other_languages_keep_what_their_voices_read(text: str, said: str) -> None:
    assert spoken(shown(text, "de"), "de") == said


_ANYTHING = st.text(max_size=150) | st.lists(
    st.sampled_from(
        [
            *"0123456789 .,:/-+*=~^$€%°#@_()<>xXkKmMaApP²½→",
            "km",
            "Dr.",
            "1990",
            "🎉",
            "https://a.b/",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(_ANYTHING, st.sampled_from(["en", "es", "fr"]))
def test_any_text_can_be_said(text: str, language: str) -> None:
    said = spoken(shown(text, language), language)
    assert said == " ".join(said.split())
    assert not re.search("[*`|\\U0001f300-\\U0001faff]", said)


@given(
    st.lists(st.sampled_from(["red", "green", "blue,", "sea.", "why?"]), min_size=1, max_size=40)
)
def test_plain_words_stay(words: list[str]) -> None:
    assert spoken(" ".join(words), "en") == " ".join(words)


@given(st.integers(0, 10**9), st.sampled_from(["en", "es"]))
def test_a_plain_number_stays(number: int, language: str) -> None:
    assert spoken(f"Son {number}.", language) == f"Son {number}."


@pytest.mark.parametrize("text", ["See page 83.", "the 8D hall", "(chapter 8)", "size 8P"])
def test_an_eight_is_no_pair_of_eyes(text: str) -> None:
    assert "8" in spoken(text, "en")


@given(st.text(st.sampled_from("1 a\u00a0"), max_size=3 * _SLICE_CHARS))
def test_a_long_text_is_read_in_slices(text: str) -> None:
    slices = list(_slices(text))
    assert "".join(slices) == text
    assert all(len(one) <= _SLICE_CHARS for one in slices)


@pytest.mark.parametrize("unit", ["1", "100 ", "A.", "100\u00a0"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_long_run_takes_no_quadratic_time(unit: str, language: str) -> None:
    """Sixty thousand digits took twenty seconds."""
    assert spoken(unit * (30_000 // len(unit)), language)
