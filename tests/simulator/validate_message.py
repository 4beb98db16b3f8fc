"""What Discord checks in a message that a bot sends or edits."""

from __future__ import annotations

import re
from datetime import datetime

from . import errors
from .errors import ApiError
from .form import Form, Path
from .validate_components import check_components
from .values import Json, MessageFlag

CONTENT_MAX = 2000
EMBEDS_MAX = 10
EMBED_TOTAL_MAX = 6000
FIELDS_MAX = 25
FILES_MAX = 10
NONCE_MAX = 25
MENTIONS_MAX = 100

SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_VOICE_MESSAGE
    | MessageFlag.IS_COMPONENTS_V2
)
WEB = ("http", "https")
MEDIA = ("http", "https", "attachment")


def check_message(body: Json, files: dict[int, int], *, new: bool, path: Path = ()) -> None:
    """Refuse what Discord would refuse.

    Args:
        body: The message as the bot sent it.
        files: Size in bytes of each uploaded file, by its index.
        new: A new message must show something.
        path: Where the message is in the whole body.

    Raises:
        ApiError: 50035 with the faults, 50006 for an empty one, 501xx for a voice message.
    """
    form = Form()
    flags = MessageFlag(form.integer(body, (*path, "flags"), most=2**17))
    if flags & ~(SETTABLE | MessageFlag.LOADING | MessageFlag.HAS_THREAD):
        form.fail((*path, "flags"), "BASE_TYPE_CHOICES", "Message flags cannot be set.")
    form.text(body, (*path, "content"), most=CONTENT_MAX)
    _check_nonce(form, body, path)
    _check_embeds(form, form.items(body, (*path, "embeds"), most=EMBEDS_MAX), path)
    _check_mentions(form, body.get("allowed_mentions"), path)
    _check_attachments(form, body, files, path)
    modern = MessageFlag.IS_COMPONENTS_V2 in flags
    components = form.items(body, (*path, "components"), most=40 if modern else 5)
    check_components(form, components, (*path, "components"), modern=modern)
    if modern:
        _check_modern(form, body, path)
    form.check()
    if MessageFlag.IS_VOICE_MESSAGE in flags:
        _check_voice_message(body, files)
    if new and not _shows_something(body, files):
        raise errors.empty_message()


def _check_nonce(form: Form, body: Json, path: Path) -> None:
    """An integer of 64 bits, or at most 25 characters."""
    nonce, place = body.get("nonce"), (*path, "nonce")
    if isinstance(nonce, int) and not isinstance(nonce, bool):
        form.integer(body, place, least=-(2**63), most=2**63 - 1)
    else:
        form.text(body, place, most=NONCE_MAX)


def _shows_something(body: Json, files: dict[int, int]) -> bool:
    shown: tuple[str, ...] = ("content", "embeds", "components", "sticker_ids", "poll")
    content = body.get("content")
    if isinstance(content, str) and not content.strip():
        shown = shown[1:]
    return bool(files) or any(body.get(name) for name in shown)


def _check_modern(form: Form, body: Json, path: Path) -> None:
    for name in ("content", "embeds", "sticker_ids", "poll"):
        if body.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.fail((*path, name), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)


def _check_embeds(form: Form, embeds: list[Json], path: Path) -> None:
    total = 0
    for index, embed in enumerate(embeds):
        total += _check_embed(form, embed, (*path, "embeds", index))
    if total > EMBED_TOTAL_MAX:
        message = f"Embed size exceeds maximum size of {EMBED_TOTAL_MAX}"
        form.fail((*path, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", message)


def _check_embed(form: Form, embed: Json, path: Path) -> int:
    """Check one embed; its length for the limit over all embeds of the message."""
    texts = [
        form.text(embed, (*path, "title"), most=256),
        form.text(embed, (*path, "description"), most=4096),
    ]
    form.integer(embed, (*path, "color"), most=0xFFFFFF)
    form.url(embed, (*path, "url"), schemes=WEB)
    for name in ("image", "thumbnail"):
        if media := embed.get(name):
            form.url(media, (*path, name, "url"), schemes=MEDIA)
    if footer := embed.get("footer"):
        texts.append(form.text(footer, (*path, "footer", "text"), most=2048))
        form.url(footer, (*path, "footer", "icon_url"), schemes=MEDIA)
    if author := embed.get("author"):
        texts.append(form.text(author, (*path, "author", "name"), most=256, required=True))
        form.url(author, (*path, "author", "url"), schemes=WEB)
    for index, field in enumerate(form.items(embed, (*path, "fields"), most=FIELDS_MAX)):
        place = (*path, "fields", index)
        texts.append(form.text(field, (*place, "name"), most=256, required=True))
        texts.append(form.text(field, (*place, "value"), most=1024, required=True))
    _check_time(form, embed, path)
    return sum(len(text) for text in texts if text)


def _check_time(form: Form, embed: Json, path: Path) -> None:
    value = embed.get("timestamp")
    if value is None:
        return
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        message = f'Could not parse "{value}". Should be ISO8601.'
        form.fail((*path, "timestamp"), "DATE_TIME_TYPE_PARSE", message)


def _check_mentions(form: Form, allowed: Json | None, path: Path) -> None:
    if not allowed:
        return
    parse = allowed.get("parse") or []
    for index, name in enumerate(parse):
        if name not in ("users", "roles", "everyone"):
            message = "Value must be one of {'users', 'roles', 'everyone'}."
            form.fail((*path, "allowed_mentions", "parse", index), "BASE_TYPE_CHOICES", message)
    for name in ("users", "roles"):
        ids = allowed.get(name) or []
        place = (*path, "allowed_mentions", name)
        if ids and name in parse:
            message = f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.'
            form.fail(place, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        if len(ids) > MENTIONS_MAX:
            form.fail(place, "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")


def _check_attachments(form: Form, body: Json, files: dict[int, int], path: Path) -> None:
    listed = form.items(body, (*path, "attachments"), most=FILES_MAX)
    if len(files) > FILES_MAX:
        form.fail((*path, "files"), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    for index, entry in enumerate(listed):
        place = (*path, "attachments", index)
        form.text(entry, (*place, "description"), most=1024)
        number = str(entry.get("id", ""))
        uploaded = number.isdigit() and int(number) in files
        if not uploaded and not re.fullmatch(r"\d{15,}", number):
            message = f"Uploaded attachment {number or '?'} not found."
            form.fail((*place, "id"), "ATTACHMENT_NOT_FOUND", message)


def _check_voice_message(body: Json, files: dict[int, int]) -> None:
    """A voice message is one audio file with its waveform, and nothing beside it."""
    if body.get("content") or body.get("embeds") or body.get("components"):
        raise ApiError(400, 50159, "Voice messages do not support additional content.")
    listed = body.get("attachments") or []
    if len(files) != 1 or len(listed) != 1:
        raise ApiError(400, 50160, "Voice messages must have a single audio attachment.")
    if not listed[0].get("waveform") or not listed[0].get("duration_secs"):
        raise ApiError(400, 50161, "Voice messages must have supporting metadata.")
