"""Polls: asked, voted in, ended."""

from __future__ import annotations

from . import errors, events
from .errors import CannotDo
from .posting import Draft, post
from .values import Json, Message, MessageType, Poll, User
from .world import World

DEFAULT_HOURS = 24


def read(body: Json | None, now: float) -> Poll | None:
    """A poll create request object as a poll."""
    if not body:
        return None
    hours = body.get("duration") or DEFAULT_HOURS
    answers = [dict(answer.get("poll_media") or {}) for answer in body.get("answers") or []]
    question = str((body.get("question") or {}).get("text") or "")
    return Poll(question, answers, now + hours * 3600, bool(body.get("allow_multiselect")))


def vote(world: World, on: Message, by: User, number: int) -> None:
    """Vote for an answer; a second choice replaces the first, unless several are allowed."""
    poll = _running(on)
    if not 1 <= number <= len(poll.answers):
        raise CannotDo("the poll has no answer {number}", number=number)
    if not poll.is_multiple:
        for who in poll.votes.values():
            if by in who:
                who.remove(by)
    poll.votes.setdefault(number, []).append(by)
    world.publish(events.poll_vote(on, by, number), about=on)


def end(world: World, on: Message) -> Message:
    """End a poll; Discord posts its result, a reply in the name of who asked."""
    poll = _running(on)
    poll.is_over = True
    total = sum(map(len, poll.votes.values()))
    fields = [("poll_question_text", poll.question), ("total_votes", str(total))]
    best = max(poll.votes, key=lambda number: len(poll.votes[number]), default=0)
    if best:
        fields += [
            ("victor_answer_votes", str(len(poll.votes[best]))),
            ("victor_answer_id", str(best)),
            ("victor_answer_text", str(poll.answers[best - 1].get("text", ""))),
        ]
    embed: Json = {
        "type": "poll_result",
        "fields": [{"name": name, "value": value, "inline": False} for name, value in fields],
    }
    draft = Draft(embeds=[embed], reply_to=on, type=MessageType.POLL_RESULT)
    return post(world, on.channel, on.author, draft)


def _running(on: Message) -> Poll:
    if on.poll is None:
        raise errors.unknown("poll")
    if on.poll.is_over:
        raise CannotDo("that poll is over")
    return on.poll
