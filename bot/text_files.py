"""What the bytes of a text file say, whatever program wrote it. Pure.

The byte order mark or UTF-8's own rules decide where they can. Otherwise the encoding is a guess:
UTF-16 by its spaces and stops, Windows-1252 (or old Macs' and DOS's) if its few foreign letters are
Western ones, Japanese by its kana, and charset-normalizer for the rest. A damaged file (cut in the
middle of a character, a torn byte, a log padded with zeros) is still the text that it mostly is.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
"""No text has them; bells, backspaces and escapes are in the logs of terminals."""
_MAX_CONTROLS: Final = 0.1
"""The largest share of a text that they may be, where all else says that it is one."""
_MIN_FOREIGN: Final = 4
"""Whole characters outside ASCII for each damaged one. In other encodings than UTF-8 the bytes that
happen to be such characters are fewer than those that cannot be one."""
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE_SHIFT: Final = re.compile(rb"\x1b\$[@B].*?\x1b\([BJ]", re.DOTALL)
"""ISO-2022-JP, which is ASCII by its bytes."""
_BINARY: Final = (b"%PDF-", b"{\\rtf", b"\x89PNG", b"PK\x03\x04", b"GIF8", b"\xff\xd8\xff")
_LETTERS: Final = "áéíóúüñàèìòùâêîôûäëïöçãõåæøßÁÉÍÓÚÜÑÀÈÌÒÙÂÊÎÔÛÄËÏÖÇÃÕÅÆØ¿¡"
_SIGNS: Final = bytes(range(0x91, 0x98)).decode("cp1252") + "ªº°·«»§©®£¥€„‚…™½¼¾²³±´œŒŸÿ\xa0\xad×"  # noqa: RUF001
_WESTERN: Final = re.compile(rf"[\x09-\x7e{_LETTERS}{_SIGNS}]*")
_OLD_WESTERN: Final = re.compile(rf"[\x09-\x7e{_LETTERS}]*")
"""The characters of Western texts; in related encodings the same bytes are other letters."""
_MAX_WESTERN: Final = 0.25
"""The largest share of letters outside ASCII in a Western text; in Cyrillic or Greek it is most."""
_KANA: Final = re.compile(r"[\u3041-\u30fe]")
_MIN_KANA: Final = 0.3
_COMMON: Final = re.compile(r"[ -~\n\u3001\u3002\u3041-\u30fe\uff0c]")
"""Frequent characters of every script, which are rare in UTF-16 with its bytes swapped."""
_MIN_COMMON: Final = 0.05
_REPLACEMENT: Final = "\ufffd"
_MAX_CUT: Final = 4
"""A character of UTF-16 or UTF-32 has at most so many bytes."""
_GUESS_CHARS: Final = 32 * 1024
_GUESS_BYTES: Final = 64 * 1024
_ENCODINGS: Final = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "koi8_u", "cp866", "cp437", "cp850"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman", "mac_cyrillic", "cp874"),
]
"""The encodings of text files; EBCDIC and the like only turn noise into letters."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a file.

    Attributes:
        text: Without a byte order mark.
        encoding: Python's name for it.
        is_guessed: Whether nothing in the file says so.
    """

    text: str
    encoding: str
    is_guessed: bool = False


def decode_text(content: bytes) -> DecodedText | None:
    """Decode a text file; None if the bytes are not text."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _marked(content, encoding)
    if content.startswith(_BINARY):
        return None
    if _JAPANESE_SHIFT.search(content[:_GUESS_BYTES]):
        return _decoded(content, "iso2022_jp", is_guessed=True)
    known = _unicode(content, "utf-8")
    if known is not None:
        return known
    if b"\0" in content:
        return _wide(content)
    found = _western(content) or _japanese(content) or _normalized(content)
    return found or _wide(content)


def is_text_start(head: bytes) -> bool:
    """Whether a file that starts with these bytes is text in UTF-8, or has a byte order mark."""
    if head.startswith(tuple(mark for mark, _ in _MARKS)):
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return not head.startswith(_BINARY) and not _CONTROLS.search(decoder.decode(head))
    except UnicodeDecodeError:
        return False


def _decoded(content: bytes, encoding: str, *, is_guessed: bool = False) -> DecodedText | None:
    try:
        text = content.decode(encoding).removesuffix("\x1a")  # DOS ended files with it
    except (UnicodeDecodeError, LookupError):
        return None
    return None if _CONTROLS.search(text) else DecodedText(text, encoding, is_guessed)


def _marked(content: bytes, encoding: str) -> DecodedText | None:
    """What says its encoding itself; its last character may have been cut."""
    if encoding == "utf-8-sig":
        return _unicode(content, encoding)
    whole = _decoded(content, encoding)
    cuts = (_decoded(content[:-cut], encoding) for cut in range(1, _MAX_CUT))
    return whole or next((one for one in cuts if one is not None and one.text), None)


def _unicode(content: bytes, encoding: str) -> DecodedText | None:
    """UTF-8, of which a few bytes may be damaged."""
    text = content.decode(encoding, "replace").removesuffix("\x1a")
    damaged = text.count(_REPLACEMENT) - content.count(_REPLACEMENT.encode())
    foreign = len(text) - len(text.encode("ascii", "ignore")) - damaged
    if damaged and foreign < damaged * _MIN_FOREIGN:
        return None
    cleared = _CONTROLS.sub("", text)
    if len(text) - len(cleared) > len(text) * _MAX_CONTROLS:
        return None
    return DecodedText(cleared, encoding, is_guessed=damaged > 0)


def _wide(content: bytes) -> DecodedText | None:
    """UTF-16 or UTF-32 without a mark: by spaces, line ends and full stops of its byte order."""
    encodings = ["utf-16-le", "utf-16-be"]
    if content.count(0) >= len(content) // 2:
        encodings += ["utf-32-le", "utf-32-be"]
    found = [_decoded(content, one, is_guessed=True) for one in encodings]
    likely = [one for one in found if one is not None and _share_common(one.text) > _MIN_COMMON]
    return max(likely, key=lambda one: _share_common(one.text), default=None)


def _share_common(text: str) -> float:
    """The share of characters that are frequent; 0 if Unicode gives one of them no meaning."""
    start = text[:_GUESS_CHARS]
    if any(unicodedata.category(letter) in ("Cn", "Co", "Cs") for letter in start):
        return 0.0
    return len(_COMMON.findall(start)) / max(1, len(start))


def _western(content: bytes) -> DecodedText | None:
    """Windows-1252, which also reads ISO 8859-1, or Mac OS Roman or DOS, if that is plausible."""
    for encoding in ("cp1252", "mac_roman", "cp850"):
        found = _decoded(content, encoding, is_guessed=True)
        if found is None:
            continue
        is_western = _WESTERN.fullmatch if encoding == "cp1252" else _OLD_WESTERN.fullmatch
        letters = [letter for letter in found.text if letter.isalpha()]
        foreign = sum(not letter.isascii() for letter in letters)
        if is_western(found.text) and foreign <= max(1, len(letters) * _MAX_WESTERN):
            return found
    return None


def _japanese(content: bytes) -> DecodedText | None:
    """Shift JIS or EUC-JP, if much of it is kana; EUC-KR has the same bytes."""
    for encoding in ("cp932", "euc_jp"):
        found = _decoded(content, encoding, is_guessed=True)
        if found is not None:
            foreign = sum(not letter.isascii() for letter in found.text)
            if len(_KANA.findall(found.text)) > foreign * _MIN_KANA:
                return found
    return None


def _normalized(content: bytes) -> DecodedText | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415  (takes a while to load)

    start = content[:_GUESS_BYTES]
    if len(content) > _GUESS_BYTES:  # no character cut in two
        start = start[: start.rfind(b"\n") + 1] or start
    for match in from_bytes(start, cp_isolation=_ENCODINGS):
        if found := _decoded(content, match.encoding, is_guessed=True):
            return found
    return None
