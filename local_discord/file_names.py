"""How Discord cleans the names of uploaded files, and what type it takes from a name.

Sources, in discord-api-docs: issue 7754 ("cleansed similarly to flask's secure_filename()"), issue
4847 (leading underscores), pull request 4292 (`hello (world).png` becomes `hello_world.png`), pull
request 6945 (a name that has nothing left is replaced; `title` has what a person's client sent).
"""

import mimetypes
import re
import unicodedata

_ATTACHED = "attachment://"
AUDIO_BY_SUFFIX = {".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav"}


def cleaned(name: str) -> str:
    """The name that Discord stores; only an ending, or nothing, if nothing else is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    for separator in "/\\":
        plain = plain.replace(separator, " ")
    return re.sub(r"[^A-Za-z0-9_.-]", "", "_".join(plain.split())).strip("._")


def stored_name(name: str, number: int) -> str:
    """The same, with a name of Discord's own where no stem is left."""
    stem, dot, ending = name.rpartition(".")
    if dot and not cleaned(stem):
        return f"file{number}.{cleaned(ending)}".rstrip(".")
    return cleaned(name) or f"file{number}"


def title_of(name: str) -> str | None:
    """The `title` of a person's file: its own stem, where the stored name differs."""
    return None if stored_name(name, 0) == name else name.rpartition(".")[0] or name


def reference(value: str) -> str:
    """A reference to an upload, by its cleaned name."""
    if not value.startswith(_ATTACHED):
        return value
    return _ATTACHED + stored_name(value.removeprefix(_ATTACHED), 0)


def content_type(filename: str) -> str:
    """The type Discord gives to a file, from its name."""
    suffix = filename[filename.rfind(".") :].lower() if "." in filename else ""
    guessed = AUDIO_BY_SUFFIX.get(suffix) or mimetypes.guess_type(filename)[0]
    guessed = guessed or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed
