"""Where one visible character (a grapheme cluster) ends and the next one begins. Pure."""

from typing import Final

import regex

_CLUSTER: Final = regex.compile(r"\X")
_FLAG_HALVES: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
MAX_CLUSTER_CHARS: Final = 128
"""How far back the start of a cluster is looked for; no emoji or syllable is longer."""


def is_boundary(text: str, place: int) -> bool:
    """Whether a cut at `place` splits no visible character (UAX 29, extended clusters)."""
    if not 0 < place < len(text):
        return True
    if text[place - 1].isascii() and text[place].isascii():
        return text[place - 1 : place + 1] != "\r\n"
    if _is_flag_half(text[place]) and _is_flag_half(text[place - 1]):
        before = len(text[:place].rstrip(_FLAG_HALVES))
        return (place - before) % 2 == 0  # two halves are a flag
    start = place - 1
    # A cluster begins at an ASCII character, whatever stands before it.
    while start > 0 and place - start < MAX_CLUSTER_CHARS and not text[start].isascii():
        start -= 1
    for found in _CLUSTER.finditer(text, start):
        if found.end() >= place:
            return bool(found.end() == place)
    raise AssertionError("every character is in a cluster")


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
