"""A nonce lives until its post has succeeded, no longer."""

import asyncio
from types import SimpleNamespace

import discord
import pytest

from cogs.shared.discord_retry import Nonces, draw_nonce


def refusal(status, code):
    response = SimpleNamespace(status=status, reason="")
    return discord.HTTPException(response, {"code": code, "message": ""})


class Posting:
    """Takes posts, or refuses them, and notes their nonces."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.nonces = []

    async def __call__(self, nonce):
        self.nonces.append(nonce)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return len(self.nonces)


def posted(nonces, name, *posts):
    for send in posts:
        try:
            asyncio.run(nonces.post(name, send))
        except (OSError, discord.HTTPException):
            continue


def test_a_lost_answer_keeps_it_and_a_success_ends_it():
    nonces, send = Nonces(), Posting(ConnectionError(), refusal(503, 0), None, None)
    posted(nonces, "1", send, send, send, send)
    first, second, third, fourth = send.nonces
    assert first == second == third != fourth


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (400, 50035), (404, 10003)])
def test_a_refusal_ends_it(status, code):
    nonces, send = Nonces(), Posting(refusal(status, code), None)
    posted(nonces, "1", send, send)
    assert len(set(send.nonces)) == 2


def test_a_post_that_was_deleted_is_made_anew_once():
    send = Posting(refusal(404, 10008), None)
    posted(Nonces(), "1", send)
    assert len(set(send.nonces)) == 2
    refused = Posting(*(refusal(404, 10008) for _ in range(9)))
    posted(Nonces(), "1", refused)
    assert len(refused.nonces) == 2


def test_the_next_process_begins_with_the_same():
    before, send = Nonces(), Posting(ConnectionError(), None)
    posted(before, "v", send)
    posted(Nonces(before.seed), "v", send)
    assert len(set(send.nonces)) == 1


def test_no_two_jobs_posts_or_draws_share_one():
    send = Posting()
    for _ in range(200):
        nonces = Nonces()
        posted(nonces, "1", send, send)
        posted(nonces, "2", send)
    every = [*send.nonces, *(draw_nonce() for _ in range(200))]
    assert len(set(every)) == len(every)
    assert all(len(nonce) <= 25 for nonce in every)
