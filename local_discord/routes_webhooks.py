"""Routes of interactions' answers and follow-ups, and of webhooks, which share their paths."""

from __future__ import annotations

import dataclasses

from . import errors, events, posting, wire
from .errors import ApiError
from .form import Form
from .intake import edit_of, new_draft
from .interactions import Answer, Interaction
from .posting import Draft
from .rest import Request, Routes
from .rules import MOST
from .validate_message import ANSWER_FLAGS, FOLLOW_UP_FLAGS, WEBHOOK_FLAGS
from .values import Intent, Json, Message, Permission, Webhook

routes = Routes()
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
WEBHOOK = "/webhooks/{webhook_id}"
WITH_TOKEN = f"{WEBHOOK}/{{webhook_token}}"
MESSAGE = f"{WITH_TOKEN}/messages/{{message_id}}"


def _shown(request: Request, one: Message) -> Json:
    # What a webhook or interaction wrote is the bot's own, so intents hide nothing.
    return wire.message(one, reader=request.world.bot, intents=Intent.MESSAGE_CONTENT)


# --- the answer to an interaction --------------------------------------------------------------


@routes.add("POST", CALLBACK, open_=True)
def answer(request: Request) -> Json | None:
    interactions = request.backend.interactions
    number, token = request.number("interaction_id"), request.params["interaction_token"]
    one = interactions.find(number, token)
    kind = interactions.check_answer(one, request.body)
    data: Json = request.body.get("data") or {}
    draft = _answer_draft(request, one) if kind is Answer.MESSAGE else None
    if kind is Answer.UPDATE and one.message is not None:
        changes, files = edit_of(request, one.message)
        interactions.answer(one, kind, data, None)
        posting.edit(request.world, one.message, changes, files)
    else:
        interactions.answer(one, kind, data, draft)
    return _callback(request, one) if request.query.get("with_response") else None


def _answer_draft(request: Request, one: Interaction) -> Draft:
    return new_draft(request, one.channel, flags=ANSWER_FLAGS, free=True)


def _callback(request: Request, one: Interaction) -> Json:
    told: Json = {"id": str(one.id), "type": int(one.kind)}
    if one.original is None:
        return {"interaction": told}
    told |= {
        "response_message_id": str(one.original.id),
        "response_message_loading": one.original.is_thinking,
        "response_message_ephemeral": one.original.is_ephemeral,
        "channel_id": str(one.channel.id),
    }
    if one.answer not in (Answer.MESSAGE, Answer.UPDATE):
        return {"interaction": told}
    resource: Json = {"type": int(one.answer), "message": _shown(request, one.original)}
    return {"interaction": told, "resource": resource}


# --- messages of a token -----------------------------------------------------------------------


def _interaction(request: Request) -> Interaction | None:
    """The interaction behind this path, or None when it is a webhook's."""
    if request.number("webhook_id") != request.backend.application.id:
        return None
    return request.backend.interactions.by_token(request.params["webhook_token"])


def _webhook(request: Request) -> Webhook:
    webhook = request.world.webhooks.get(request.number("webhook_id"))
    if webhook is None:
        raise errors.unknown("webhook")
    if request.params.get("webhook_token", webhook.token) != webhook.token:
        raise errors.invalid_webhook_token()
    return webhook


def _message(request: Request) -> Message:
    """The message of the path, which this interaction or webhook must have written."""
    interaction = _interaction(request)
    if interaction is None:
        webhook = _webhook(request)
        one = webhook.channel.messages.get(request.number("message_id"))
        if one is None or one.deleted or not one.webhook or one.webhook.id != webhook.id:
            raise errors.unknown("message")
        return one
    one = _of_interaction(request, interaction)
    if one is None or one.deleted:
        raise errors.unknown("message")
    return one


def _of_interaction(request: Request, interaction: Interaction) -> Message | None:
    if request.params["message_id"] == "@original":
        return interaction.original
    number = request.number("message_id")
    mine = [*interaction.followups, *filter(None, [interaction.original])]
    return next((m for m in mine if m.id == number), None)


@routes.add("POST", WITH_TOKEN, open_=True)
def execute(request: Request) -> Json | None:
    interaction = _interaction(request)
    if interaction is not None:
        draft = new_draft(request, interaction.channel, flags=FOLLOW_UP_FLAGS, free=True)
        return _shown(request, request.backend.interactions.follow_up(interaction, draft))
    webhook = _webhook(request)
    channel = webhook.channel
    if thread := request.query.get("thread_id"):
        channel = request.world.find_channel(int(thread))
    form = Form()
    name = form.text(request.body, ("username",), least=1, most=MOST["webhook name"])
    form.check()
    draft = new_draft(request, channel, flags=WEBHOOK_FLAGS, free=True)
    # A post may wear another name than its webhook's.
    draft.webhook = dataclasses.replace(webhook, name=name) if name else webhook
    one = posting.post(request.world, channel, webhook.user, draft)
    return _shown(request, one) if request.query.get("wait") in ("1", "true") else None


@routes.add("GET", MESSAGE, open_=True)
def get_message(request: Request) -> Json:
    return _shown(request, _message(request))


@routes.add("PATCH", MESSAGE, open_=True)
def edit_message(request: Request) -> Json:
    one = _message(request)
    changes, files = edit_of(request, one)
    thinking = one.is_thinking
    posting.edit(request.world, one, changes, files)
    if thinking:
        one.edited_at = None  # filling in a deferred answer is no edit in people's eyes
    return _shown(request, one)


@routes.add("DELETE", MESSAGE, open_=True)
def delete_message(request: Request) -> None:
    posting.delete(request.world, _message(request))


# --- webhooks themselves -----------------------------------------------------------------------


@routes.add("POST", "/channels/{channel_id}/webhooks")
def create(request: Request) -> Json:
    channel = request.channel(Permission.MANAGE_WEBHOOKS)
    form = Form()
    most = MOST["webhook name"]
    name = form.text(request.body, ("name",), least=1, most=most, required=True) or ""
    if "discord" in name.lower() or "clyde" in name.lower():
        message = "Username cannot contain that word"
        form.fail(("name",), "USERNAME_INVALID_CONTAINS", message)
    form.check()
    there = sum(1 for webhook in request.world.webhooks.values() if webhook.channel is channel)
    if there >= (most := MOST["webhooks of a channel"]):
        raise ApiError(400, 30007, f"Maximum number of webhooks reached ({most})")
    webhook = request.world.webhook(channel, name, request.world.bot)
    request.world.publish(events.webhooks(channel))
    return wire.webhook(webhook)


@routes.add("GET", "/channels/{channel_id}/webhooks")
def of_channel(request: Request) -> list[Json]:
    channel = request.channel(Permission.MANAGE_WEBHOOKS)
    there = request.world.webhooks.values()
    return [wire.webhook(w) for w in there if w.channel is channel]


@routes.add("GET", WEBHOOK)
def get(request: Request) -> Json:
    return wire.webhook(_webhook(request))


@routes.add("GET", WITH_TOKEN, open_=True)
def get_with_token(request: Request) -> Json:
    return wire.webhook(_webhook(request))


@routes.add("PATCH", WEBHOOK)
def edit(request: Request) -> Json:
    webhook = _webhook(request)
    webhook.name = request.body.get("name") or webhook.name
    return wire.webhook(webhook)


@routes.add("DELETE", WEBHOOK)
def delete(request: Request) -> None:
    _delete(request)


@routes.add("DELETE", WITH_TOKEN, open_=True)
def delete_with_token(request: Request) -> None:
    _delete(request)


def _delete(request: Request) -> None:
    webhook = _webhook(request)
    del request.world.webhooks[webhook.id]
    request.world.publish(events.webhooks(webhook.channel))
