"""What Discord checks in a message that a bot sends or edits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import errors
from .errors import ApiError
from .form import Form, Path
from .rules import MOST, NO_LEGACY
from .validate_components import check_components
from .values import Json, Message, MessageFlag

FILES_MAX = MOST["attachments"]

WEBHOOK_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
)
CHANNEL_FLAGS = WEBHOOK_FLAGS | MessageFlag.IS_VOICE_MESSAGE
FOLLOW_UP_FLAGS = WEBHOOK_FLAGS | MessageFlag.EPHEMERAL
ANSWER_FLAGS = CHANNEL_FLAGS | MessageFlag.EPHEMERAL
LEGACY = ("content", "embeds", "sticker_ids", "poll")
WEB = ("http", "https")
MEDIA = ("http", "https", "attachment")


def check_message(
    body: Json,
    files: dict[int, int],
    *,
    flags: MessageFlag = CHANNEL_FLAGS,
    edited: Message | None = None,
    path: Path = (),
) -> None:
    """Refuse what Discord would refuse.

    Args:
        body: The message as the bot sent it.
        files: Size in bytes of each uploaded file, by its index.
        flags: Those that may be set by this route on a new message. In an edit all others are
            ignored, as at Discord.
        edited: The message that this edits; a new one must show something.
        path: Where the message is in the whole body.

    Raises:
        ApiError: 50035 with the faults, 50006 for an empty one, 501xx for a voice message.
    """
    form = Form()
    given = MessageFlag(form.integer(body, (*path, "flags"), most=2**53))
    if edited is None and given & ~flags:
        form.fail((*path, "flags"), "BASE_TYPE_CHOICES", "Message flags cannot be set.")
    form.text(body, (*path, "content"), most=MOST["content"])
    _check_nonce(form, body, path)
    _check_embeds(form, form.items(body, (*path, "embeds"), most=MOST["embeds"]), path)
    _check_mentions(form, body.get("allowed_mentions"), path)
    _check_attachments(form, body, files, edited, path)
    _check_stickers(form, body, path)
    _check_poll(form, body, path)
    modern = MessageFlag.IS_COMPONENTS_V2 in (given | (edited.flags if edited else given))
    most = MOST["layout components"] if modern else MOST["rows"]
    components = form.items(body, (*path, "components"), most=most)
    check_components(form, components, (*path, "components"), modern=modern)
    if modern:
        _check_modern(form, body, edited, path)
    form.check()
    if body.get("sticker_ids"):
        raise ApiError(400, 50081, "Invalid sticker sent")  # no guild here has any
    if edited is None and MessageFlag.IS_VOICE_MESSAGE in given:
        _check_voice_message(body, files)
    if edited is None and not _shows_something(body, files):
        raise errors.empty_message()


def _check_nonce(form: Form, body: Json, path: Path) -> None:
    """An integer of 64 bits, or at most 25 characters."""
    nonce, place = body.get("nonce"), (*path, "nonce")
    if isinstance(nonce, int) and not isinstance(nonce, bool):
        form.integer(body, place, least=-(2**63), most=2**63 - 1)
    else:
        form.text(body, place, most=MOST["nonce"])


def _shows_something(body: Json, files: dict[int, int]) -> bool:
    shown: tuple[str, ...] = ("content", "embeds", "components", "sticker_ids", "poll")
    content = body.get("content")
    if isinstance(content, str) and not content.strip():
        shown = shown[1:]
    return bool(files) or any(body.get(name) for name in shown)


def _check_modern(form: Form, body: Json, edited: Message | None, path: Path) -> None:
    """A layout has nothing beside its components; who makes a message one must empty the rest."""
    before: Json = {"content": edited.content, "embeds": edited.embeds} if edited else {}
    for name in LEGACY:
        if body.get(name, before.get(name)):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.fail((*path, name), NO_LEGACY, message)


def _check_stickers(form: Form, body: Json, path: Path) -> None:
    if len(body.get("sticker_ids") or []) > MOST["stickers"]:
        message = f"Must be {MOST['stickers']} or fewer in length."
        form.fail((*path, "sticker_ids"), "BASE_TYPE_MAX_LENGTH", message)


def _check_poll(form: Form, body: Json, path: Path) -> None:
    poll = body.get("poll")
    if not poll:
        return
    place = (*path, "poll")
    form.text(poll.get("question") or {}, (*place, "question", "text"), most=MOST["poll question"])
    answers = form.items(poll, (*place, "answers"), least=1, most=MOST["poll answers"])
    for index, answer in enumerate(answers):
        words = answer.get("poll_media") or {}
        where = (*place, "answers", index, "poll_media", "text")
        form.text(words, where, most=MOST["poll answer"])
    form.integer(poll, (*place, "duration"), least=1, most=MOST["poll hours"], default=24)


def _check_embeds(form: Form, embeds: list[Json], path: Path) -> None:
    total = 0
    for index, embed in enumerate(embeds):
        total += _check_embed(form, embed, (*path, "embeds", index))
    if total > MOST["embeds together"]:
        message = f"Embed size exceeds maximum size of {MOST['embeds together']}"
        form.fail((*path, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", message)


def _check_embed(form: Form, embed: Json, path: Path) -> int:
    """Check one embed; its length for the limit over all embeds of the message."""
    embed = _trimmed(embed)
    texts = [
        form.text(embed, (*path, "title"), most=MOST["embed title"]),
        form.text(embed, (*path, "description"), most=MOST["embed description"]),
    ]
    form.integer(embed, (*path, "color"), most=0xFFFFFF)
    form.url(embed, (*path, "url"), schemes=WEB)
    for name in ("image", "thumbnail"):
        if media := embed.get(name):
            form.url(media, (*path, name, "url"), schemes=MEDIA)
    if footer := embed.get("footer"):
        texts.append(form.text(footer, (*path, "footer", "text"), most=MOST["embed footer"]))
        form.url(footer, (*path, "footer", "icon_url"), schemes=MEDIA)
    if author := embed.get("author"):
        most = MOST["embed author"]
        texts.append(form.text(author, (*path, "author", "name"), most=most, required=True))
        form.url(author, (*path, "author", "url"), schemes=WEB)
        form.url(author, (*path, "author", "icon_url"), schemes=MEDIA)
    for index, field in enumerate(form.items(embed, (*path, "fields"), most=MOST["embed fields"])):
        place = (*path, "fields", index)
        for name in ("name", "value"):
            most = MOST[f"embed field {name}"]
            texts.append(form.text(field, (*place, name), most=most, required=True))
    _check_time(form, embed, path)
    return sum(len(text) for text in texts if text)


def _trimmed(value: Any) -> Any:
    """As Discord measures an embed: without white space at the ends of its texts."""
    if isinstance(value, dict):
        return {key: _trimmed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_trimmed(part) for part in value]
    return value.strip() if isinstance(value, str) else value


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
        if len(ids) > (most := MOST[f"mentioned {name}"]):
            form.fail(place, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _check_attachments(
    form: Form, body: Json, files: dict[int, int], edited: Message | None, path: Path
) -> None:
    there = {str(file.id) for file in edited.attachments} if edited else set()
    listed = form.items(body, (*path, "attachments"), most=FILES_MAX)
    if len(files) > FILES_MAX:
        form.fail((*path, "files"), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    for index, entry in enumerate(listed):
        place = (*path, "attachments", index)
        form.text(entry, (*place, "description"), most=MOST["attachment description"])
        number = str(entry.get("id", ""))
        uploaded = number.isdigit() and int(number) in files
        if not uploaded and number not in there:
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
