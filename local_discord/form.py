"""Checks of a request's body, gathered into Discord's nested error JSON."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .errors import ApiError
from .values import Json

Path = tuple[str | int, ...]


class Form:
    """Collects what is wrong, field by field, and answers 50035 with all of it at once."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def fail(self, path: Path, code: str, message: str) -> None:
        """Note one fault at a path of keys and indices."""
        place = self.errors
        for key in path:
            place = place.setdefault(str(key), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def check(self) -> None:
        """Refuse the request when anything was wrong.

        Raises:
            ApiError: 400, code 50035, with the tree of faults.
        """
        if self.errors:
            raise ApiError(400, 50035, "Invalid Form Body", errors=self.errors)

    def text(
        self, body: Json, path: Path, *, least: int = 0, most: int, required: bool = False
    ) -> str | None:
        """The string at the last key of `path` in `body`, with its length checked."""
        value = body.get(str(path[-1]))
        if value is None or (value == "" and required):
            if required:
                self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")
            return None
        if not isinstance(value, str):
            self.fail(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        if not least <= len(value) <= most:
            self._length(path, least, most)
        return value

    def _length(self, path: Path, least: int, most: int) -> None:
        if least > 0:
            message = f"Must be between {least} and {most} in length."
            self.fail(path, "BASE_TYPE_BAD_LENGTH", message)
        else:
            self.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def integer(
        self, body: Json, path: Path, *, least: int = 0, most: int = 2**53, default: int = 0
    ) -> int:
        """The integer at the last key of `path`, with its range checked."""
        value = body.get(str(path[-1]))
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return default
        if value < least:
            self.fail(
                path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}."
            )
        if value > most:
            self.fail(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        return value

    def choice(self, body: Json, path: Path, allowed: Collection[Any]) -> Any:
        """The value at the last key of `path`, one of a few."""
        value = body.get(str(path[-1]))
        if value not in allowed:
            options = ", ".join(str(a) for a in allowed)
            self.fail(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{options}}}.")
        return value

    def items(self, body: Json, path: Path, *, least: int = 0, most: int) -> list[Json]:
        """The list of objects at the last key of `path`, with its length checked."""
        value = body.get(str(path[-1]))
        if value is None:
            value = []
        if not isinstance(value, list) or any(not isinstance(v, dict) for v in value):
            self.fail(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(value) <= most:
            self._length(path, least, most)
        return value

    def url(self, body: Json, path: Path, *, schemes: tuple[str, ...], most: int = 2048) -> None:
        """The address at the last key of `path`."""
        value = self.text(body, path, most=most)
        if not value:
            return
        scheme, separator, rest = value.partition("://")
        if not separator or not rest:
            self.fail(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif scheme not in schemes:
            known = ", ".join(f"'{s}'" for s in schemes)
            message = f'Scheme "{scheme}" must be one of ({known}).'
            self.fail(path, "URL_TYPE_INVALID_SCHEME", message)
