"""Where discord.py departs from Discord's description of its API, and Discord takes it.

`tests/system/local_discord/test_openapi.py` shows that each is still met; one that is not goes.
README.md lists them all, as a test holds it to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .values import Json

PERMISSIONS_OF_CHANNEL = "/channels/{channel_id}/permissions/{overwrite_id}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One departure: how it widens the description, in place, and why."""

    name: str
    reason: str
    widen: Callable[[Json], None]


def _fields(*names: str, of: tuple[str, ...]) -> Callable[[Json], None]:
    """Further fields, of any type, of some schemas."""

    def widen(document: Json) -> None:
        for schema in of:
            properties = document["components"]["schemas"][schema]["properties"]
            properties.update((name, {}) for name in names)

    return widen


def _numbers_for_ids(document: Json) -> None:
    schemas = document["components"]["schemas"]
    schemas["SnowflakeType"] = {
        "anyOf": [schemas["SnowflakeType"], {"type": "integer", "minimum": 0}]
    }


def _text_for_permissions(document: Json) -> None:
    body = document["paths"][PERMISSIONS_OF_CHANNEL]["put"]["requestBody"]
    properties = body["content"]["application/json"]["schema"]["properties"]
    for name in ("allow", "deny"):
        properties[name] = {"type": ["integer", "string", "null"]}
    properties["id"] = {}


TOLERANCES = (
    Tolerance(
        "ids as numbers",
        "discord.py writes ids as JSON integers; Discord reads an id of either type (reference, "
        "API Reference, Snowflakes)",
        _numbers_for_ids,
    ),
    Tolerance(
        "permissions as text",
        "the reference (Edit Channel Permissions) says a string of bits, the description an "
        "integer; discord.py repeats the id of the path, which Discord ignores",
        _text_for_permissions,
    ),
    Tolerance(
        "nsfw of commands",
        "in the reference (Application Commands, Bulk Overwrite), missing in the description",
        _fields("nsfw", of=("ApplicationCommandUpdateRequest", "ApplicationCommandCreateRequest")),
    ),
    Tolerance(
        "tts in edits",
        "discord.py sends `tts: false` with every edit; Discord ignores it",
        _fields(
            "tts",
            of=(
                "MessageEditRequestPartial",
                "IncomingWebhookUpdateRequestPartial",
                "IncomingWebhookUpdateForInteractionCallbackRequestPartial",
            ),
        ),
    ),
    Tolerance(
        "flags of embeds",
        "discord.py repeats the `flags` that Discord puts into embeds (reference, Embed Structure)",
        _fields("flags", of=("RichEmbed",)),
    ),
    Tolerance(
        "kept attachments whole",
        "discord.py repeats the whole object of an attachment that stays; its id is what counts "
        "(reference, Editing Message Attachments)",
        _fields(
            *("content_type", "proxy_url", "size", "spoiler", "url", "height", "width", "flags"),
            of=("MessageAttachmentRequest",),
        ),
    ),
)

UNLIKE = {
    "triggering_interaction_metadata": "the local Discord's: the message of a button's modal names "
    "the press only, not the whole of what led to it",
}
"""Where an answer of the local Discord differs from the description: which field, and how."""
