"""From the body a bot sent to a draft: checked, files stored, references found."""

from __future__ import annotations

from typing import Any

from . import errors, permissions, polls
from .errors import ApiError
from .file_names import content_type
from .posting import Draft
from .rest import Request, require
from .rules import MOST
from .validate_message import CHANNEL_FLAGS, check_message
from .values import (
    Attachment,
    Channel,
    ChannelType,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Permission,
)
from .world import World

NOT_SYSTEM = (
    MessageType.DEFAULT,
    MessageType.REPLY,
    MessageType.CHAT_INPUT_COMMAND,
    MessageType.CONTEXT_MENU_COMMAND,
)
"""Kinds of message that people and bots write; only these can be replied to or start a thread."""

ONLY_USERS: Json = {"parse": ["users"], "replied_user": True}


def new_draft(
    request: Request,
    channel: Channel,
    *,
    flags: MessageFlag = CHANNEL_FLAGS,
    free: bool = False,
) -> Draft:
    """A new message of the bot.

    Args:
        request: What the bot sent.
        channel: Where it goes.
        flags: Those that this route can set.
        free: An interaction's answer or a webhook's, which needs no permission of the bot, and
            where only users are mentioned unless `allowed_mentions` says more.
    """
    body = _message_body(request)
    check_message(body, _sizes(request), flags=flags)
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
        allowed_mentions=body.get("allowed_mentions") or (ONLY_USERS if free else None),
        poll=polls.read(body.get("poll"), request.world.clock.wall()),
    )


def edit_of(request: Request, one: Message) -> tuple[Json, list[Attachment] | None]:
    """An edit of a message: what changes, and its files when they do."""
    body = _message_body(request)
    check_message(body, _sizes(request), edited=one)
    _check_sizes(request, one.channel)
    if MessageFlag.IS_VOICE_MESSAGE in one.flags:
        raise ApiError(400, 50162, "Voice messages cannot be edited.")
    if one.poll:
        raise ApiError(400, 520003, "Cannot edit a poll message")
    files = _edited_files(request, one, body)
    if files and len(files) > MOST["attachments after an edit"]:
        raise ApiError(400, 30015, "Maximum number of attachments in a message reached (10)")
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
    limit = channel.guild.upload_limit_bytes if channel.guild else MOST["each file's size"]
    if max(_sizes(request).values(), default=0) > limit:
        raise errors.too_large()


def _check_permissions(request: Request, channel: Channel, body: Json) -> None:
    if channel.type is ChannelType.CATEGORY:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.guild is None and not all(user.accepts_dms for user in channel.recipients):
        raise errors.cannot_dm()
    require(request.world, channel, *_needed(request, channel, body))
    if body.get("message_reference") and not permissions.may(
        channel, request.world.bot, Permission.READ_MESSAGE_HISTORY
    ):
        message = "Cannot reply without permission to read message history"
        raise ApiError(403, 160002, message)
    check_thread_is_open(request.world, channel)
    voice = int(body.get("flags") or 0) & MessageFlag.IS_VOICE_MESSAGE
    if voice and not permissions.may(channel, request.world.bot, Permission.SEND_VOICE_MESSAGES):
        raise ApiError(400, 50173, "Cannot send voice messages in this channel.")


def _needed(request: Request, channel: Channel, body: Json) -> list[Permission]:
    """What a message needs in a guild; direct messages need nothing."""
    if channel.guild is None:
        return []
    thread = channel.thread is not None
    asked = {
        Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES: True,
        Permission.ATTACH_FILES: request.uploads,
        Permission.EMBED_LINKS: body.get("embeds"),
        Permission.SEND_TTS_MESSAGES: body.get("tts"),
    }
    return [permission for permission, there in asked.items() if there]


def check_thread_is_open(world: World, channel: Channel) -> None:
    """A locked thread takes messages and edits of moderators only: 160005, or 50083 if archived."""
    thread = channel.thread
    if thread is None or not thread.locked:
        return
    if not permissions.may(channel, world.bot, Permission.MANAGE_THREADS):
        raise errors.thread_is_archived(403) if thread.archived else errors.thread_is_locked()


def _referenced(world: World, channel: Channel, reference: Json | None) -> Message | None:
    if not reference:
        return None
    number = int(reference.get("message_id") or 0)
    one = channel.messages.get(number)
    if one is not None and not one.deleted and not one.is_ephemeral:
        if one.type not in NOT_SYSTEM:
            fault = {
                "code": "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
                "message": "Cannot reply to a system message",
            }
            raise _bad_reference(fault)
        return one
    if reference.get("fail_if_not_exists", True):
        fault = {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}
        raise _bad_reference(fault)
    return None


def _bad_reference(fault: Json) -> ApiError:
    tree = {"message_reference": {"_errors": [fault]}}
    return ApiError(400, 50035, "Invalid Form Body", errors=tree)


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
    if "attachments" not in body:
        added = stored(request, one.channel, body)
        return [*one.attachments, *added] if added else None
    listed = {str(entry.get("id")): entry for entry in body["attachments"] or []}
    request.uploads = {i: file for i, file in request.uploads.items() if str(i) in listed}
    kept = [file for file in one.attachments if str(file.id) in listed]
    for file in kept:
        file.description = listed[str(file.id)].get("description", file.description)
    return [*kept, *stored(request, one.channel, body)]
