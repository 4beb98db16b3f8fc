"""Discord's own errors, with the codes and words of its documentation."""

from __future__ import annotations

from typing import Final

from .client_words import said_in
from .values import Json

TOO_LONG: Final = "a message or a field holds {most} characters, not {length}"
NO_VOICE_CHANNEL: Final = "{channel} is no voice channel"
NO_SUCH_LENGTH: Final = "“{label}” takes {least} to {most} characters, not {length}"


class ApiError(Exception):
    """An answer other than success; `extra` joins the JSON body."""

    def __init__(self, status: int, code: int, message: str, **extra: object) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra

    @property
    def body(self) -> Json:
        """The JSON Discord sends with it."""
        return {"message": self.message, "code": self.code, **self.extra}


class CannotDo(AssertionError):
    """A person tried what Discord's client would not let them do.

    Args:
        text: Why not, in English, with `{name}` for each value; `refusals.toml` has it in Spanish.
        values: What stands there; a `Phrase` is told in the reader's language, too.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(said_in("en", text, values))
        self.text = text
        self.values = values

    def told(self, locale: str) -> str:
        """The refusal in the language of somebody's client."""
        return said_in(locale, self.text, self.values)


class NotSeen(AssertionError):
    """What a person waited for did not come in time."""


UNKNOWN = {
    "channel": (10003, "Unknown Channel"),
    "guild": (10004, "Unknown Guild"),
    "member": (10007, "Unknown Member"),
    "message": (10008, "Unknown Message"),
    "overwrite": (10009, "Unknown Permission Overwrite"),
    "role": (10011, "Unknown Role"),
    "user": (10013, "Unknown User"),
    "emoji": (10014, "Unknown Emoji"),
    "webhook": (10015, "Unknown Webhook"),
    "interaction": (10062, "Unknown interaction"),
    "command": (10063, "Unknown application command"),
    "voice state": (10065, "Unknown Voice State"),
    "application": (10002, "Unknown Application"),
}


def unknown(what: str) -> ApiError:
    """404 for an id Discord does not know, or no longer."""
    code, message = UNKNOWN[what]
    return ApiError(400 if what == "emoji" else 404, code, message)


def unauthorized() -> ApiError:
    """401: no token, or a wrong one."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """404 for a path that is no route."""
    return ApiError(404, 0, "404: Not Found")


def missing_access() -> ApiError:
    """403: the bot cannot see the channel or is not in the guild."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """403: the bot lacks a permission for this."""
    return ApiError(403, 50013, "Missing Permissions")


def empty_message() -> ApiError:
    """400: nothing to show."""
    return ApiError(400, 50006, "Cannot send an empty message")


def cannot_dm() -> ApiError:
    """403: the user takes no messages from the bot."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def not_the_author() -> ApiError:
    """403: only the author edits a message."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def too_large() -> ApiError:
    """413: an upload above the guild's limit."""
    return ApiError(413, 40005, "Request entity too large")


def already_acknowledged() -> ApiError:
    """400: an interaction takes one answer."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def too_many_follow_ups() -> ApiError:
    """400: an application that is there only with the person says no more."""
    message = "This interaction has hit the maximum number of follow up messages."
    return ApiError(400, 40094, message)


def invalid_webhook_token() -> ApiError:
    """401: no such token, or older than 15 minutes."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def thread_exists() -> ApiError:
    """400: a message starts one thread at most."""
    return ApiError(400, 160004, "A thread has already been created for this message")


def thread_is_archived(status: int = 400) -> ApiError:
    """An archived thread takes no change, and no message either when it is locked (403)."""
    return ApiError(status, 50083, "Thread is archived")


def thread_is_locked() -> ApiError:
    """403: only who manages threads writes in a locked one."""
    return ApiError(403, 160005, "Thread is locked")


def too_many_old_edits(retry_after: float) -> ApiError:
    """429 without a warning in any header before it."""
    message = "Maximum number of edits to messages older than 1 hour reached. Try again later"
    return ApiError(429, 30046, message, retry_after=round(retry_after, 3), **{"global": False})


def too_many_reactions() -> ApiError:
    """400: twenty emojis on one message at most."""
    return ApiError(400, 30010, "Maximum number of reactions reached (20)")


def bad_json() -> ApiError:
    """400: the body is not JSON."""
    return ApiError(400, 50109, "The request body contains invalid JSON.")
