"""Every language that skydeck knows by name; whatever lists languages reads this table. Pure."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

DEFAULT: Final = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people write, speak and choose.

    Attributes:
        code: ISO 639-1 (`tl` for Filipino, as Whisper has it).
        english: Its English name, as prompts use it.
        native: Its own name.
        voice: eSpeak's voice, or that of the nearest language if eSpeak has none.
        share: How common it is among people, relative to the others; a first guess,
            not a census. English and Spanish have more, since the bot itself speaks them.
        scripts: Where it is not written in Latin letters: the first word of its letters' Unicode
            names, as CYRILLIC.
        detector_ids: The text detector's labels of it and its varieties; none: the script tells.
        asr_ids: Whisper's labels of it and its varieties.
        interface: The Discord locale to store for it if the bot's own texts exist in it.
    """

    code: str
    english: str
    native: str
    voice: str
    share: float
    scripts: frozenset[str]
    detector_ids: tuple[str, ...]
    asr_ids: tuple[str, ...]
    interface: str | None


def _language(
    code: str,
    english: str,
    native: str,
    share: float = 1,
    *,
    scripts: str = "",
    voice: str | None = None,
    detector: str | None = None,
    asr: str | None = None,
    interface: str | None = None,
) -> Language:
    return Language(
        code=code,
        english=english,
        native=native,
        voice=voice or code,
        share=share,
        scripts=frozenset(scripts.split()),
        detector_ids=(code,) if detector is None else tuple(detector.split()),
        asr_ids=(code,) if asr is None else tuple(asr.split()),
        interface=interface,
    )


LANGUAGES: Final = MappingProxyType(
    {
        one.code: one
        for one in (
            _language("ar", "Arabic", "العربية", 4, scripts="ARABIC", detector="ar ary arz"),
            _language("bg", "Bulgarian", "български", scripts="CYRILLIC"),
            _language("bn", "Bengali", "বাংলা", scripts="BENGALI"),
            _language("ca", "Catalan", "català"),
            _language("cs", "Czech", "čeština", 2),
            _language("da", "Danish", "dansk"),
            _language("de", "German", "Deutsch", 8),
            _language("el", "Greek", "ελληνικά", scripts="GREEK"),
            _language("en", "English", "English", 30, interface="en-US"),
            _language("es", "Spanish", "español", 20, interface="es-ES"),
            _language("et", "Estonian", "eesti", 0.5),
            _language("eu", "Basque", "euskara", 0.5),
            _language("fa", "Persian", "فارسی", 2, scripts="ARABIC"),
            _language("fi", "Finnish", "suomi"),
            _language("fr", "French", "français", 8),
            _language("gl", "Galician", "galego", 0.5, voice="es"),
            _language("he", "Hebrew", "עברית", scripts="HEBREW"),
            _language("hi", "Hindi", "हिन्दी", 2, scripts="DEVANAGARI"),
            _language("hr", "Croatian", "hrvatski", detector="hr bs", asr="hr bs"),
            _language("hu", "Hungarian", "magyar"),
            _language("id", "Indonesian", "Bahasa Indonesia", 2),
            _language("it", "Italian", "italiano", 4),
            _language("ja", "Japanese", "日本語", 5, scripts="HIRAGANA KATAKANA CJK"),
            _language("ko", "Korean", "한국어", 4, scripts="HANGUL"),
            _language("lt", "Lithuanian", "lietuvių"),
            _language("lv", "Latvian", "latviešu", 0.5),
            _language("ms", "Malay", "Bahasa Melayu"),
            _language("nl", "Dutch", "Nederlands", 3),
            _language("no", "Norwegian", "norsk", voice="nb", detector="no nn", asr="no nn"),
            _language("pl", "Polish", "polski", 4),
            _language("pt", "Portuguese", "português", 8),
            _language("ro", "Romanian", "română"),
            _language("ru", "Russian", "русский", 6, scripts="CYRILLIC"),
            _language("sk", "Slovak", "slovenčina"),
            _language("sl", "Slovenian", "slovenščina", 0.5),
            _language("sr", "Serbian", "српски", scripts="CYRILLIC"),
            _language("sv", "Swedish", "svenska", 2),
            _language("ta", "Tamil", "தமிழ்", scripts="TAMIL", detector=""),
            _language("th", "Thai", "ไทย", 2, scripts="THAI"),
            _language("tl", "Filipino", "Filipino", voice="id"),
            _language("tr", "Turkish", "Türkçe", 4),
            _language("uk", "Ukrainian", "українська", 2, scripts="CYRILLIC"),
            _language("ur", "Urdu", "اردو", scripts="ARABIC"),
            _language("vi", "Vietnamese", "Tiếng Việt", 2),
            _language(
                "zh",
                "Chinese",
                "中文",
                5,
                scripts="CJK BOPOMOFO",
                voice="cmn",
                detector="zh yue wuu",
                asr="zh yue",
            ),
        )
    }
)
"""The languages by code, in its order."""

_OTHER_CODES: Final = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id", "bs": "hr"}
"""Codes of the same languages in other lists: BCP 47, Discord, older Java."""


def primary(tag: str | None) -> str | None:
    """The language of a BCP 47 tag, as `es` of `es-419`; None for an empty tag."""
    if not tag or not tag.strip():
        return None
    code = tag.strip().replace("_", "-").partition("-")[0].lower()
    return _OTHER_CODES.get(code, code)


def find_language(tag: str | None) -> Language | None:
    """The language of a BCP 47 tag; None if it is not in the table."""
    return LANGUAGES.get(primary(tag) or "")
