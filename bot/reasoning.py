"""Separates what a reasoning model says from what it thinks, as its text comes. Pure."""

from typing import Final

_PAIRS: Final = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",  # Magistral
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|channel|>analysis": "<|channel|>final<|message|>",  # gpt-oss
}
"""How models mark a thought, where the server leaves that to us."""
_MAX_BLANKS: Final = 4_096
"""How much white space may stand before a thought; each piece is looked at with all before it."""


class ReasoningFilter:
    """Passes a model's text on without a thought, as `<think>…</think>`, at its beginning.

    Only the beginning counts: later, the tag is a word of the answer.
    """

    def __init__(self) -> None:
        self._held = ""
        self._close = ""
        self._is_thinking = False
        self._is_decided = False

    def feed(self, piece: str) -> str:
        """Take the next piece; returns the text that is surely part of the answer."""
        if self._is_decided:
            return self._after_thoughts(piece)
        self._held += piece
        begun = self._held.lstrip("\ufeff").lstrip()  # a byte order mark is no word
        if not self._is_thinking:
            opened = next(filter(begun.startswith, _PAIRS), None)
            if opened is None:
                is_short = len(self._held) <= _MAX_BLANKS
                may_open = is_short and any(mark.startswith(begun) for mark in _PAIRS)
                return "" if may_open else self._decide(self._held)
            self._is_thinking, self._held = True, begun[len(opened) :]
            self._close = _PAIRS[opened]
        before, closed, after = self._held.partition(self._close)
        if closed:
            return self._after_thoughts(self._decide(after))
        self._held = before[-len(self._close) :]  # enough to find a mark that comes in pieces
        return ""

    def _after_thoughts(self, piece: str) -> str:
        """Drop the white space between the thoughts and the answer."""
        if self._is_thinking:
            piece = piece.lstrip()
            self._is_thinking = not piece
        return piece

    def finish(self) -> str:
        """Return the text that was held back; a thought without an end is not an answer."""
        return "" if self._is_decided or self._is_thinking else self._held

    def _decide(self, text: str) -> str:
        self._is_decided, self._held = True, ""
        return text
