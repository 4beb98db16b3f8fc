"""A person's data as a file for Discord. Pure."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Export:
    """A file with all data about a person.

    Attributes:
        fits: Whether Discord accepts a file of this size there.
    """

    name: str
    data: bytes
    fits: bool

    @property
    def mib(self) -> str:
        """Its size in MiB, as text."""
        return f"{len(self.data) / MIB:.0f}"


def packed(document: Mapping[str, JsonValue], limit_bytes: int) -> Export:
    """The document as JSON, or as a ZIP if the JSON exceeds the limit."""
    data = json.dumps(document, ensure_ascii=False, indent=2).encode()
    if len(data) <= limit_bytes:
        return Export("skydeck-data.json", data, fits=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("skydeck-data.json", data)
    return Export("skydeck-data.zip", buffer.getvalue(), fits=buffer.tell() <= limit_bytes)
