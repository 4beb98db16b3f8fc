"""The life of an interaction: sent, answered once within 3 s, followed up for 15 minutes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from . import errors, events, permissions, posting, wire
from .application import Application
from .errors import ApiError, CannotDo
from .form import Form
from .installs import FOR_GUESTS, context_of, is_guest
from .log import Log, Problem
from .options import called
from .posting import Draft
from .rules import DEPRECATION, MOST
from .validate_commands import STRING, check_choices
from .validate_components import check_modal
from .values import (
    Channel,
    ComponentType,
    Guild,
    Intent,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Permission,
    User,
)
from .world import World

ANSWER_SECONDS = float(MOST["an answer within three seconds"])
TOKEN_SECONDS = float(MOST["a token's fifteen minutes"])


class Kind(IntEnum):
    """What a person did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Answer(IntEnum):
    """How the bot answered."""

    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


FITTING = {
    Kind.COMMAND: {Answer.MESSAGE, Answer.DEFERRED, Answer.MODAL},
    Kind.COMPONENT: set(Answer) - {Answer.CHOICES},
    Kind.AUTOCOMPLETE: {Answer.CHOICES},
    Kind.MODAL: set(Answer) - {Answer.CHOICES, Answer.MODAL},
}


@dataclass(slots=True, eq=False)
class Interaction:
    """One interaction, as Discord keeps it; times are of the monotonic clock."""

    id: int
    token: str
    kind: Kind
    user: User
    channel: Channel
    data: Json
    owners: Json
    """By whose installation: `authorizing_integration_owners`."""
    sent_at: float
    message: Message | None = None
    option_kind: int = STRING
    answer: Answer | None = None
    answered_at: float | None = None
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    followups: list[Message] = field(default_factory=list)
    expired: bool = False

    @property
    def filled_by_followup(self) -> bool:
        """Whether the first follow-up becomes the answer: it was deferred and is still thinking."""
        return self.answer is Answer.DEFERRED and bool(self.original and self.original.is_thinking)


class Interactions:
    """All interactions of one local Discord."""

    def __init__(
        self,
        world: World,
        application: Application,
        deliver: Callable[[Guild | None, Json], bool],
        log: Log,
    ) -> None:
        self.world = world
        self.application = application
        self.log = log
        self.answer_seconds = ANSWER_SECONDS
        self.token_seconds = TOKEN_SECONDS
        self._deliver = deliver
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    # --- from a person to the bot --------------------------------------------------------------

    def send(
        self,
        kind: Kind,
        user: User,
        channel: Channel,
        data: Json,
        owners: Json,
        *,
        message: Message | None = None,
        option_kind: int = STRING,
    ) -> Interaction:
        """Send what a person did to the bot.

        Raises:
            CannotDo: The bot is offline; people see "The application did not respond".
        """
        one = Interaction(
            id=self.world.new_id(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            user=user,
            channel=channel,
            data=data,
            owners=owners,
            sent_at=self.world.clock.now(),
            message=message,
            option_kind=option_kind,
        )
        self._by_id[one.id] = self._by_token[one.token] = one
        if not self._deliver(channel.guild, self._json(one)):
            raise CannotDo("The application did not respond: the bot is offline")
        loop = asyncio.get_running_loop()
        loop.call_later(self.answer_seconds, self._look_late, one)
        return one

    def _look_late(self, one: Interaction) -> None:
        if one.answer is None:
            where = f"interaction {one.kind.name.lower()} {one.data.get('name') or ''}".rstrip()
            message = f"not answered within {self.answer_seconds:g} s"
            self.log.refused(Problem(where, 10062, message))
            self.world.waiters.touch(one)

    def late(self, one: Interaction) -> bool:
        """Whether the time to answer is over without an answer."""
        return one.answer is None and self._age(one) >= self.answer_seconds

    def _age(self, one: Interaction) -> float:
        return self.world.clock.now() - one.sent_at

    def _json(self, one: Interaction) -> Json:
        guild, channel = one.channel.guild, one.channel
        bot_may = int(self._bot_may(one))
        body: Json = {
            "id": str(one.id),
            "application_id": str(self.application.id),
            "type": int(one.kind),
            "token": one.token,
            "version": 1,
            "data": one.data,
            "channel_id": str(channel.id),
            "channel": wire.channel(channel, viewer=one.user),
            "locale": one.user.locale,
            "app_permissions": str(bot_may),
            "entitlements": [],
            "authorizing_integration_owners": one.owners,
            "attachment_size_limit": guild.upload_limit_bytes if guild else 10 * 1024 * 1024,
        }
        if one.message is not None:
            body["message"] = self._whole(one.message)
        if guild is None:
            return body | {"user": wire.user(one.user), "context": int(context_of(channel))}
        held = str(int(permissions.in_channel(channel, one.user)))
        return body | {
            "member": wire.member(guild.member_of(one.user.id)) | {"permissions": held},
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "context": int(context_of(channel)),
        }

    def _bot_may(self, one: Interaction) -> Permission:
        """What the bot may do in its answers; as a guest, no more than who brought it."""
        if not is_guest(one.owners):
            return permissions.in_channel(one.channel, self.world.bot)
        if one.channel.guild is None:
            return FOR_GUESTS & ~Permission.USE_EXTERNAL_EMOJIS
        return FOR_GUESTS & permissions.in_channel(one.channel, one.user)

    def _whole(self, one: Message) -> Json:
        # An interaction carries its messages whole, whatever the bot's intents.
        return wire.message(one, reader=self.world.bot, intents=Intent.MESSAGE_CONTENT)

    # --- from the bot to the person ------------------------------------------------------------

    def find(self, number: int, token: str) -> Interaction:
        """The interaction to answer: 10062 when unknown or too late, 40060 when answered."""
        one = self._by_id.get(number)
        if one is None or one.token != token or self.late(one):
            raise errors.unknown("interaction")
        if one.answer is not None:
            raise errors.already_acknowledged()
        return one

    def by_token(self, token: str) -> Interaction:
        """The interaction behind a webhook token: 50027 when expired, 10015 before an answer."""
        one = self._by_token.get(token)
        if one is None or one.expired or self._age(one) > self.token_seconds:
            raise errors.invalid_webhook_token()
        if one.answer is None:
            raise errors.unknown("webhook")
        return one

    def dialog(self, number: int, user: User) -> Interaction:
        """The interaction with which the bot opened a dialog on this person's screen.

        Raises:
            CannotDo: There is none.
        """
        one = self._by_id.get(number)
        if one is None or one.modal is None or one.user is not user:
            raise CannotDo("that dialog is not open")
        return one

    def check_answer(self, one: Interaction, body: Json) -> Answer:
        """The kind of an answer, if it fits the interaction and its data holds."""
        form = Form()
        kind = form.choice(body, ("type",), sorted(FITTING[one.kind]))
        data: Json = body.get("data") or {}
        if kind == Answer.MODAL:
            check_modal(form, data)
            if any(c.get("type") == ComponentType.ACTION_ROW for c in data.get("components") or []):
                self.log.deprecated("POST /interactions", DEPRECATION["text input in a row"])
        elif kind == Answer.CHOICES:
            check_choices(form, data.get("choices") or [], one.option_kind)
        elif kind == Answer.DEFERRED and int(data.get("flags") or 0) & ~MessageFlag.EPHEMERAL:
            form.fail(("data", "flags"), "BASE_TYPE_CHOICES", "A deferral is ephemeral or not.")
        form.check()
        if kind in (Answer.UPDATE, Answer.DEFERRED_UPDATE) and one.message is None:
            raise ApiError(400, 50035, "Invalid Form Body")
        return Answer(kind)

    def answer(self, one: Interaction, kind: Answer, data: Json, draft: Draft | None) -> None:
        """Take the bot's answer, already checked."""
        one.answer, one.answered_at = kind, self.world.clock.now()
        if kind is Answer.MESSAGE and draft is not None:
            one.original = self._post(one, draft)
        elif kind is Answer.DEFERRED:
            flags = MessageFlag(data.get("flags") or 0) | MessageFlag.LOADING
            one.original = self._post(one, Draft(flags=flags))
        elif kind in (Answer.UPDATE, Answer.DEFERRED_UPDATE):
            one.original = one.message
        elif kind is Answer.MODAL:
            one.modal = data
        elif kind is Answer.CHOICES:
            one.choices = data.get("choices") or []
        self.world.waiters.touch(one)

    def follow_up(self, one: Interaction, draft: Draft) -> Message:
        """Post a further message; the first one after a deferral takes the place of "thinking"."""
        waiting = one.original
        if one.filled_by_followup and waiting is not None:
            self.log.deprecated("POST /webhooks", DEPRECATION["follow-up right after a deferral"])
            kept = waiting.flags & MessageFlag.EPHEMERAL
            changes: Json = {
                "content": draft.content,
                "embeds": draft.embeds,
                "components": draft.components,
                "flags": int(draft.flags | kept),
                "allowed_mentions": draft.allowed_mentions,
            }
            posting.edit(self.world, waiting, changes, draft.attachments)
            waiting.edited_at = None
            return waiting
        most = MOST["follow-ups of a guest"]
        if is_guest(one.owners) and len(one.followups) >= most:
            raise errors.too_many_follow_ups()
        message = self._post(one, draft)
        one.followups.append(message)
        self.world.waiters.touch(one)
        return message

    def _post(self, one: Interaction, draft: Draft) -> Message:
        if is_guest(one.owners) and not self._may_be_public(one):
            draft.flags |= MessageFlag.EPHEMERAL
        ephemeral = MessageFlag.EPHEMERAL in draft.flags
        draft.visible_to = one.user if ephemeral else None
        for attachment in draft.attachments:
            attachment.ephemeral = ephemeral
        if one.kind is Kind.COMMAND and one.answer in (Answer.MESSAGE, Answer.DEFERRED):
            menu = one.data.get("type") in (2, 3)
            draft.type = (
                MessageType.CONTEXT_MENU_COMMAND if menu else MessageType.CHAT_INPUT_COMMAND
            )
            known = [c for some in self.application.commands.values() for c in some]
            draft.command = called(known, one.data, one.user.locale)
        draft.interaction = {
            "id": str(one.id),
            "type": int(one.kind),
            "user": wire.user(one.user),
            "authorizing_integration_owners": one.owners,
        }
        if one.message is not None:
            draft.interaction["interacted_message_id"] = str(one.message.id)
        return posting.post(self.world, one.channel, self.world.bot, draft)

    @staticmethod
    def _may_be_public(one: Interaction) -> bool:
        """Whether a guild lets its member's own applications answer where all can read it."""
        if one.channel.guild is None:
            return True
        return permissions.may(one.channel, one.user, Permission.USE_EXTERNAL_APPS)

    def lapse(self, one: Interaction) -> None:
        """Let the time for a first answer be over now."""
        one.sent_at = min(one.sent_at, self.world.clock.now() - self.answer_seconds)
        self.world.waiters.touch(one)

    def give_up(self, one: Interaction) -> None:
        """Show everybody again what an expired interaction left: who waited waits no more."""
        left = one.original
        if left is not None and left.is_thinking and not left.deleted:
            event = events.message(self.world, "MESSAGE_UPDATE", left)
            self.world.publish(event, about=left, hidden=True)

    def expire(self, one: Interaction) -> None:
        """Let the token run out now, as if 15 minutes had passed."""
        one.expired = True
