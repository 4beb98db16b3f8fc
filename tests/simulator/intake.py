"""From the body a bot sent to a draft: checked, files stored, references found."""

from __future__ import annotations

import mimetypes
from typing import Any

from . import errors, permissions
from .errors import ApiError
from .posting import Draft
from .rest import Request, require
from .validate_message import check_message
from .values import Attachment, Channel, Json, Message, MessageFlag, Permission
from .world import World

AUDIO_BY_SUFFIX = {".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav"}


def content_type(filename: str) -> str:
    """The type Discord gives to a file, from its name."""
    suffix = filename[filename.rfind(".") :].lower() if "." in filename else ""
    guessed = AUDIO_BY_SUFFIX.get(suffix) or mimetypes.guess_type(filename)[0]
    guessed = guessed or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def new_draft(request: Request, channel: Channel, *, free: bool = False) -> Draft:
    """A new message of the bot.

    Args:
        request: What the bot sent.
        channel: Where it goes.
        free: An interaction's answer or a webhook's, which needs no permission of the bot.
    """
    body = _message_body(request)
    check_message(body, _sizes(request), new=True)
    _check_sizes(request, channel)
    if not free:
        _check_permissions(request, channel, body)
    return Draft(
        content=body.get("content") or "",
        embeds=body.get("embeds") or [],
        components=body.get("components") or [],
        attachments=stored(request, channel, body),
        flags=MessageFlag(body.get("flags") or 0),
        nonce=body.get("nonce"),
        tts=bool(body.get("tts")),
        reply_to=_referenced(request.world, channel, body.get("message_reference")),
        allowed_mentions=body.get("allowed_mentions"),
    )


def edit_of(request: Request, one: Message) -> tuple[Json, list[Attachment] | None]:
    """An edit of a message: what changes, and its files when they do."""
    body = _message_body(request)
    check_message(body, _sizes(request), new=False)
    _check_sizes(request, one.channel)
    if MessageFlag.IS_VOICE_MESSAGE in one.flags:
        raise ApiError(400, 50162, "Voice messages cannot be edited.")
    files = _edited_files(request, one, body)
    _check_not_emptied(one, body, files)
    return body, files


def _check_not_emptied(one: Message, body: Json, files: list[Attachment] | None) -> None:
    after = [
        body.get("content") if "content" in body else one.content,
        body.get("embeds") if "embeds" in body else one.embeds,
        body.get("components") if "components" in body else one.components,
        one.attachments if files is None else files,
    ]
    if not any(after):
        raise errors.empty_message()


def _message_body(request: Request) -> Json:
    """Interaction answers carry the message under `data`."""
    if "/interactions/" in request.route:
        data: Json = request.body.get("data") or {}
        return data
    return request.body


def _sizes(request: Request) -> dict[int, int]:
    return {index: len(upload.data) for index, upload in request.uploads.items()}


def _check_sizes(request: Request, channel: Channel) -> None:
    limit = channel.guild.upload_limit_bytes if channel.guild else 10 * 1024 * 1024
    if sum(_sizes(request).values()) > limit:
        raise errors.too_large()


def _check_permissions(request: Request, channel: Channel, body: Json) -> None:
    thread = channel.thread is not None
    needed = [Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES]
    if request.uploads:
        needed.append(Permission.ATTACH_FILES)
    if body.get("embeds"):
        needed.append(Permission.EMBED_LINKS)
    if body.get("message_reference"):
        needed.append(Permission.READ_MESSAGE_HISTORY)
    if channel.guild is None:
        if not all(user.accepts_dms for user in channel.recipients):
            raise errors.cannot_dm()
        needed = []
    require(request.world, channel, *needed)
    if channel.thread is not None and channel.thread.locked:
        require(request.world, channel, Permission.MANAGE_THREADS)
    voice = int(body.get("flags") or 0) & MessageFlag.IS_VOICE_MESSAGE
    if voice and not permissions.may(channel, request.world.bot, Permission.SEND_VOICE_MESSAGES):
        raise ApiError(400, 50173, "Cannot send voice messages in this channel.")


def _referenced(world: World, channel: Channel, reference: Json | None) -> Message | None:
    if not reference:
        return None
    number = int(reference.get("message_id") or 0)
    one = channel.messages.get(number)
    if one is not None and not one.deleted and not one.is_ephemeral:
        return one
    if reference.get("fail_if_not_exists", True):
        fault = {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}
        tree = {"message_reference": {"_errors": [fault]}}
        raise ApiError(400, 50035, "Invalid Form Body", errors=tree)
    return None


def stored(request: Request, channel: Channel, body: Json) -> list[Attachment]:
    """Put the uploaded files on the CDN, with what the body says about each."""
    listed = {str(entry.get("id")): entry for entry in body.get("attachments") or []}
    files: list[Attachment] = []
    for index, upload in sorted(request.uploads.items()):
        entry = listed.get(str(index), {})
        name = str(entry.get("filename") or upload.filename)
        more: dict[str, Any] = {
            key: entry[key]
            for key in ("description", "duration_secs", "waveform")
            if entry.get(key) is not None
        }
        kind = content_type(name)
        if "waveform" in more:
            kind = "audio/ogg"
        files.append(request.world.file(channel, name, kind, upload.data, **more))
    return files


def _edited_files(request: Request, one: Message, body: Json) -> list[Attachment] | None:
    """The files after an edit: `attachments`, where given, lists those that stay and come."""
    added = stored(request, one.channel, body)
    if "attachments" not in body:
        return [*one.attachments, *added] if added else None
    kept = {str(entry.get("id")) for entry in body["attachments"] or []}
    return [*(a for a in one.attachments if str(a.id) in kept), *added]
