"""Removes secrets from text that is logged, stored or shown. Pure."""

import re
from collections.abc import Generator, Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
MIN_SECRET_CHARS: Final = 6
"""A shorter secret looks like an ordinary word."""
_TOKEN = re.compile(r"\b(Bearer|Bot)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s/]+@")
_CALLBACK = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?\"']{8,}")
"""The URL of an interaction's answer: its token lets anyone speak for the bot there."""
_PAYLOAD = re.compile(r"""(["']token["']\s*:\s*["'])[^"']+""")
"""The same token in a gateway event, and a voice server's token."""
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{120,}={0,2}")

_KEY: Final = re.compile(
    # OpenAI, Anthropic, and who follows them; "sk-learn-based-classifier" has no digit
    r"\b(?:sk-(?=[\w-]{0,60}\d)[\w-]{16,}"
    # one word: not `hf_hub_download_with_progress`
    r"|(?:gh[opsu]_|hf_|rpa_|r8_|gsk_|xai-|pplx-)[A-Za-z0-9]{20,}"
    r"|(?:github_pat_|glpat-|nvapi-)[\w-]{20,}"
    r"|xox[abeprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|[MNO][\w-]{22,30}\.[\w-]{6}\.[\w-]{27,}"  # a Discord bot's token
    # a JSON Web Token, whole or cut; to look for its second part takes the square of the length
    r"|eyJ[\w-]{17,}(?:\.[\w-]+)*)"
)
_KEY_IN_URL: Final = re.compile(
    r"([?&;](?:api[_-]?key|key|token|access[_-]token|auth|secret|sig|signature)=)[^&\s\"'<>]{6,}",
    re.IGNORECASE,
)

_SLICE_BYTES: Final = 64 * 1024
_SOUGHT_BYTES: Final = 1024 * 1024
_MAX_ESCAPED_BYTES: Final = 4096
_MIN_HELD_CHARS: Final = 4
"""How many characters at the end must match the start of a secret before we hold them back: nearly
every text ends with some secret's first character, and three reveal nothing."""


class Redaction:
    """Removes secrets from log text.

    Args:
        secrets: The values of the secret settings.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        words = longest_first(secrets)
        self._words = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._words is not None:
            text = self._words.sub(HIDDEN, text)
        text = _TOKEN.sub(rf"\1 {HIDDEN}", text)
        text = _CALLBACK.sub(rf"\1{HIDDEN}", text)
        text = _PAYLOAD.sub(rf"\1{HIDDEN}", text)
        text = _PASSWORD.sub(rf"\1{HIDDEN}@", text)
        text = hide_keys(text)
        return _BLOB.sub(lambda found: f"[{len(found[0])} characters]", text)


def hide_keys(text: str) -> str:
    """A text without what has the form of a key or token, whoever's it is."""
    return _KEY_IN_URL.sub(rf"\1{HIDDEN}", _KEY.sub(HIDDEN, text))


class BodyRedaction:
    r"""Removes secrets from the bytes of an answer, even if JSON writes them with `\u` escapes.

    Args:
        secrets: The secrets; short and non-ASCII ones are ignored.
        instead: What replaces each secret.
    """

    def __init__(self, secrets: Iterable[str], *, instead: bytes = b"[key]") -> None:
        words = [word for word in longest_first(secrets) if word.isascii()]
        self._plain = [word.encode() for word in words]
        self._instead = instead
        escaped = "|".join("".join(map(_any_spelling, word)) for word in words)
        self._escaped = re.compile(escaped.encode()) if words else None

    def steps(self, body: bytes) -> Generator[None, None, bytes]:
        """The body without secrets; yields between slices of the work."""
        for secret in self._plain:
            body = body.replace(secret, self._instead)
            if len(body) > _SLICE_BYTES:
                yield
        if self._escaped is None or not (yield from _has_escapes(body)):
            return body
        kept: list[bytes] = []
        taken = place = 0
        while place < len(body):
            end = place + _SLICE_BYTES
            # Search beyond the slice by the longest spelling, so that none is cut in two.
            for found in self._escaped.finditer(body, place, end + _MAX_ESCAPED_BYTES):
                if found.start() >= end:
                    break
                kept += (body[taken : found.start()], self._instead)
                taken = found.end()
            place = max(end, taken)
            yield
        kept.append(body[taken:])
        return b"".join(kept)


class StreamRedaction:
    """Removes secrets from a text that arrives in pieces, wherever it was cut.

    It holds back characters that may begin a secret until more text arrives.
    """

    def __init__(self, secrets: Iterable[str], *, instead: str = "[key]") -> None:
        self._secrets = longest_first(secrets)
        self._words = re.compile("|".join(map(re.escape, self._secrets))) if self._secrets else None
        self._instead = instead
        self._shown = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """The new text that can be shown now."""
        if self._words is None:
            return text
        whole = self._shown + self._held + text
        place, begin = len(self._shown), 0
        given: list[str] = []
        for found in self._words.finditer(whole):
            given += (whole[place : found.start()], self._instead)
            place = begin = found.end()
        cut = max(len(whole) - self._begun(whole[begin:]), place)
        given.append(whole[place:cut])
        self._held = whole[cut:]
        self._shown = whole[max(cut - _MIN_HELD_CHARS + 1, begin) : cut]
        return "".join(given)

    def rest(self) -> str:
        """The text held back, once the stream has ended."""
        held, self._held, self._shown = self._held, "", ""
        return held

    def _begun(self, text: str) -> int:
        """The number of trailing characters that may begin a secret."""
        most = 0
        for secret in self._secrets:
            begin = secret[:_MIN_HELD_CHARS]
            place = text.find(begin, max(len(text) - len(secret) + 1, 0))
            while place >= 0 and not secret.startswith(text[place:]):
                place = text.find(begin, place + 1)
            most = max(most, len(text) - place if place >= 0 else 0)
        return most


def _has_escapes(body: bytes) -> Generator[None, None, bool]:
    """Whether the body may contain escaped letters; searches in slices, since it may be slow."""
    for place in range(0, len(body), _SOUGHT_BYTES):
        end = place + _SOUGHT_BYTES + 4
        if body.find(b"\\u00", place, end) >= 0 or body.find(b"\\/", place, end) >= 0:
            return True
        if place:
            yield
    return False


def longest_first(secrets: Iterable[str]) -> list[str]:
    """Secrets in search order, without those that are too short."""
    return sorted({s for s in secrets if len(s) >= MIN_SECRET_CHARS}, key=len, reverse=True)


def _any_spelling(char: str) -> str:
    r"""A pattern for a character, plain, after backslashes, or as a `\u` escape, at any depth."""
    code = "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in f"{ord(char):02x}")
    return rf"(?:\\{{0,9}}{re.escape(char)}|\\{{1,9}}u00{code})"
