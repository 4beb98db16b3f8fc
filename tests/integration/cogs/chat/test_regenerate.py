"""Regenerate: the same question with the same history, once, by whom it belongs to."""

import asyncio

from bot.contract import Service
from bot.errors import JobFailed
from cogs.chat._regenerate import Regenerating
from local_discord import File
from local_discord.values import Permission
from tests.fakes.discord_bot import made


def told(request):
    return [] if request.context is None else [m.content for m in request.context.history]


async def test_the_history_is_the_same_in_a_private_conversation(sim, deck, penny_script):
    dee = sim.user("Dee")
    await dee.says("my cat is Miso")
    first = await dee.sees("You said: my cat is Miso")
    await dee.says("my dog is Bo")
    await dee.sees("You said: my dog is Bo")
    await dee.says("which pets?", reply_to=first)
    seen = await dee.sees("You said: which pets?")
    penny_script.answers["which pets?"] = "A cat and a dog."
    await dee.clicks("Regenerate", on=seen)
    await dee.sees("A cat and a dog.")
    assert told(penny_script.asked[3]) == told(penny_script.asked[2])
    assert not sim.problems


async def test_the_history_is_the_same_in_a_chain(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred my cat is Miso", channel)
    first = await ben.sees("You said: my cat is Miso")
    await ben.says("which pet?", channel, reply_to=first)
    seen = await ben.sees("You said: which pet?")
    penny_script.answers["which pet?"] = "A cat."
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("A cat.")
    assert told(penny_script.asked[2]) == told(penny_script.asked[1])
    assert not sim.problems


async def test_a_quoted_message_is_told_again(sim, deck, channel, ben, ana, penny_script):
    quoted = await ana.says("the meeting is at noon", channel)
    await ben.says("@Alfred when is it?", channel, reply_to=quoted)
    seen = await ben.sees("You said: when is it?")
    penny_script.answers["when is it?"] = "At noon."
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("At noon.")
    assert told(penny_script.asked[0]) == ["the meeting is at noon"]
    assert told(penny_script.asked[1]) == ["the meeting is at noon"]
    assert not sim.problems


async def test_two_presses_are_one_answer(sim, deck, channel, ben, ana, penny_script):
    await ben.says("@Alfred count slowly", channel)
    penny_script.go_on.set()
    seen = await ben.sees("One, two, three.", ever=True)
    penny_script.go_on.clear()
    presses = [ben.clicks("Regenerate", on=seen) for _ in range(2)]
    replies = await asyncio.gather(*presses)
    assert sorted(reply.ephemeral for reply in replies) == [False, True]
    penny_script.go_on.set()
    await ben.sees(lambda m: m.id == seen.id and list(m.buttons) == ["Regenerate"])
    assert len(penny_script.asked) == 2
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("One, two, three.", ever=True)
    assert not sim.problems


async def test_the_new_answer_can_be_pressed_before_its_job_has_ended(
    sim, deck, channel, ben, penny_script, monkeypatch
):
    ended, rewrite = asyncio.Event(), Regenerating._rewrite

    async def rewrite_and_hang(*args, **more):
        await rewrite(*args, **more)
        await ended.wait()

    monkeypatch.setattr(Regenerating, "_rewrite", rewrite_and_hang)
    await ben.says("@Alfred tell me", channel)
    seen = await ben.sees("You said: tell me")
    for answer in ("Something else.", "Something new."):
        penny_script.answers["tell me"] = answer
        await ben.clicks("Regenerate", on=seen)
        await ben.sees(lambda m, answer=answer: m.content == answer and bool(m.buttons))
    ended.set()
    assert not sim.problems


async def test_an_answer_outlives_a_failure_to_write_it_anew(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred tell me", channel)
    seen = await ben.sees("You said: tell me")
    script, penny_script.answers = penny_script.answers, Failing()
    await ben.clicks("Regenerate", on=seen)
    await ben.sees(lambda m: m.id == seen.id and "job_failed" in m.content)
    assert seen.content.startswith("You said: tell me\n")
    penny_script.answers = script | {"tell me": "Something else."}
    await ben.clicks("Regenerate", on=seen)
    await ben.sees(lambda m: m.id == seen.id and m.content == "Something else.")
    assert not sim.problems


class Failing(dict):
    """No answer to anything."""

    def get(self, text, default=None):
        raise JobFailed("The model is out of order.")


async def test_after_a_restart(sim, channel, ben, base_url, tmp_path, cogs, penny_script):
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("@Alfred tell me", channel)
        seen = await ben.sees("You said: tell me")
    penny_script.answers["tell me"] = "Something else."
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.clicks("Regenerate", on=seen)
        await ben.sees("Something else.")
    assert not sim.problems


async def test_only_who_asked_or_who_manages_messages(
    sim, deck, guild, channel, ben, ana, penny_script
):
    await ben.says("@Alfred tell me", channel)
    seen = await ben.sees("You said: tell me")
    refused = await ana.clicks("Regenerate", on=seen)
    assert refused.ephemeral
    assert "pedir otra respuesta" in refused.text  # Ana's Discord is Spanish
    guild.allow(channel, ana.user, Permission.MANAGE_MESSAGES)
    penny_script.answers["tell me"] = "Something else."
    await ana.clicks("Regenerate", on=seen)
    await ana.sees("Something else.")
    assert len(penny_script.asked) == 2
    assert not sim.problems


async def test_a_file_goes_to_the_same_module(sim, deck, guild, channel, ben, penny_script):
    await deck.store.guilds.patch(guild.id, default_modules={Service.GRACE: "SUMMARIZER"})
    await ben.says("@Alfred", channel, files=[File("a.txt", b"A long report.")])
    seen = await ben.sees(lambda m: m.content == "[a.txt]\nA long report.")
    await deck.store.guilds.patch(guild.id, default_modules={})
    for presses in (1, 2):
        before = len(seen.revisions)
        await ben.clicks("Regenerate", on=seen)
        await ben.sees(
            lambda m, before=before: (
                m.id == seen.id and len(m.revisions) > before and list(m.buttons) == ["Regenerate"]
            )
        )
        assert seen.content == "[a.txt]\nA long report."
        assert len(await deck.store.jobs.listing()) == 1 + presses
    assert not penny_script.asked
    assert not sim.problems


async def test_a_question_that_was_forgotten(sim, deck, channel, ben, penny_script):
    said = await ben.says("@Alfred tell me", channel)
    seen = await ben.sees("You said: tell me")
    await deck.store.conversations.delete({said.id})
    reply = await ben.clicks("Regenerate", on=seen)
    assert reply.ephemeral
    assert "no longer have that question" in reply.text
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_an_edited_question_is_asked_as_it_is_now(sim, deck, channel, ben, penny_script):
    file = File("a.txt", b"The bridge is shut.")
    said = await ben.says("@Alfred sum up", channel, files=[file])
    seen = await ben.sees("The bridge is shut.")
    await ben.edits(said, "@Alfred sum up briefly")
    async with asyncio.timeout(5):
        while "briefly" not in (await deck.store.conversations.get(said.id)).content:  # noqa: ASYNC110  (a row of a database, no event)
            await asyncio.sleep(0.02)
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("You said: sum up briefly")
    assert "The bridge is shut." in penny_script.asked[1].input.data
    assert not sim.problems
