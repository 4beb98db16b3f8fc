"""What a message says, as people send it: roles, odd names, forwards, replies, polls, cards."""

import asyncio

import pytest

from bot.contract.envelope import InputType
from local_discord import File
from local_discord.permissions import Permission
from tests.virtual_time import settle

CARD = {
    "type": 17,
    "components": [
        {"type": 10, "content": "# Release 4\nNotes for everybody"},
        {
            "type": 9,
            "components": [{"type": 10, "content": "Faster start."}],
            "accessory": {"type": 2, "style": 5, "label": "Read", "url": "https://example.com/4"},
        },
        {
            "type": 12,
            "items": [{"media": {"url": "https://example.com/a.png"}, "description": "a graph"}],
        },
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "Install", "custom_id": "x"}]},
    ],
}


def told(request):
    return [] if request.context is None else [m.content for m in request.context.history]


# --- mentions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("{role} what is the capital of Peru?", "what is the capital of Peru?"),
        ("{bot} {role} and of Chile?", "and of Chile?"),
        ("and of Cuba, {role}", "and of Cuba,"),
        ("well, {role}, tell me", "well, @Alfred, tell me"),
        ("{role}: now", "now"),
        ("`{bot}` is how one calls {role}", "`{bot}` is how one calls"),
    ],
)
async def test_the_bots_own_role_calls_it(
    sim, deck, guild, channel, ben, penny_script, said, asked
):
    role = guild.managed_role()
    names = {"role": role.mention, "bot": sim.bot.mention}
    await ben.says(said.format(**names), channel)
    await ben.sees("You said:")
    assert penny_script.asked[0].input.data == asked.format(**names)
    assert not sim.problems


@pytest.mark.parametrize(
    "said",
    [
        "`{bot}` mentions it",
        "```\n{bot} hello\n```",
        "``a ` {role}``",
        "<@1234567890123456789> hello",
        "{other} hello",
    ],
)
async def test_a_mention_in_code_and_one_of_others_call_nobody(
    sim, deck, guild, channel, ben, penny_script, said
):
    role, other = guild.managed_role(), guild.role("Alfreds friends")
    names = {"role": role.mention, "bot": sim.bot.mention, "other": other.mention}
    await ben.says(said.format(**names), channel)
    await ben.says("@Alfred now", channel)
    await ben.sees("You said: now")
    await settle()
    assert len(penny_script.asked) == 1


@pytest.mark.parametrize("name", ["\\o/", "dev\\ops", "x\\", "\\1", "\\g<0>", "<@1>", "a&b`c"])
async def test_a_name_is_its_letters_and_nothing_else(
    sim, deck, guild, channel, ben, penny_script, name
):
    odd = guild.member(name)
    said = await ben.says(f"@Alfred greet {odd.mention} and {ben.mention}", channel)
    await ben.sees("You said: greet")
    assert penny_script.asked[0].input.data == f"greet @{name} and @Ben"
    await ben.edits(said, f"@Alfred thank {odd.mention}")
    await settle()
    remembered = await deck.store.conversations.get(said.id)
    assert remembered.content == f"thank @{name}"
    assert not sim.problems


async def test_all_that_discord_writes_as_ids_reaches_the_service_as_words(
    sim, deck, guild, channel, ben, ana, penny_script
):
    role, plans = guild.role("Team \\1"), guild.channel("plans")
    await ben.says(
        f"@Alfred {role.mention} {plans.mention} {ana.mention} <:party:123456789012345678> "
        "<a:wave:123456789012345678> </grace summarize:123456789012345678> <t:1700000000:R> "
        "<id:guide> <@999999999999999999> <#999999999999999999> <@&999999999999999999> "
        "`<:party:1>` @everyone",
        channel,
    )
    await ben.sees("You said:")
    assert penny_script.asked[0].input.data == (
        "@Team \\1 #plans @Ana :party: :wave: /grace summarize 2023-11-14 22:13 UTC Server Guide "
        "@unknown-user #unknown @unknown-role `<:party:1>` @everyone"
    )
    assert not sim.problems


async def test_a_private_thread_is_named_only_in_itself(sim, deck, channel, ben, ana, penny_script):
    closed = await ana.starts_thread("closed", in_=channel, private=True)
    await ana.brings(sim.bot, closed)
    await ana.says(f"@Alfred what is {closed.mention}?", closed)
    await ana.sees("You said: what is #closed?", closed)
    await ben.says(f"@Alfred what is {closed.mention}?", channel)
    await ben.sees("You said: what is #…?", channel)
    assert not sim.problems


# --- forwards ------------------------------------------------------------------------------------


async def test_forwarded_words_are_answered(sim, deck, channel, ana, ben, penny_script):
    original = await ana.says("What is the capital of Peru?", channel)
    await ben.forwards(original, ben.dm)
    await ben.sees("What is the capital of Peru?", ben.dm)
    assert penny_script.asked[0].input.data == "[forwarded]\nWhat is the capital of Peru?"
    again = await ben.forwards(original, channel)
    await ben.forwards(again, ben.dm)
    await ben.sees("What is the capital of Peru?", ben.dm)
    assert penny_script.asked[1].input.data == "[forwarded]\nWhat is the capital of Peru?"
    names = await ana.says(f"Ask {ana.mention}, not `@Alfred`: is Quito in Peru?", channel)
    await ben.forwards(names, ben.dm)
    await ben.sees("is Quito in Peru?", ben.dm)
    asked = penny_script.asked[2].input.data
    assert asked == f"[forwarded]\nAsk @Ana, not `{sim.bot.mention}`: is Quito in Peru?"
    assert not sim.problems


async def test_a_forwarded_file_is_read(sim, deck, channel, ana, ben, penny_script):
    original = await ana.says("the plan", channel, files=[File("plan.txt", b"Otters swim.")])
    await ben.forwards(original, ben.dm)
    await ben.sees("Otters swim.", ben.dm)
    asked = penny_script.asked[0].input.data
    assert asked == "[forwarded]\nthe plan\n\n[plan.txt]\nOtters swim."
    assert not sim.problems


async def test_a_forwarded_voice_message_is_heard(sim, deck, channel, ana, ben, penny_script, tone):
    penny_script.audio = tone
    original = await ana.says_aloud(tone, channel)
    await ben.forwards(original, ben.dm)
    await ben.sees("what time is it", ben.dm)
    assert penny_script.asked[0].input.type is InputType.AUDIO
    assert told(penny_script.asked[0]) == []
    assert not sim.problems


async def test_a_forward_in_a_channel_calls_nobody_until_it_is_pointed_at(
    sim, deck, channel, ana, ben, penny_script
):
    original = await ana.says("@Alfred what is ten and ten?", channel)
    await ana.sees("You said: what is ten and ten?")
    forward = await ben.forwards(original, channel)
    await settle()
    assert len(penny_script.asked) == 1
    await ben.says("@Alfred", channel, reply_to=forward)
    await ben.sees("You said: [forwarded]")
    assert "what is ten and ten?" in penny_script.asked[1].input.data
    assert not sim.problems


# --- replies -------------------------------------------------------------------------------------


async def test_a_reply_to_a_text_file_reads_it(sim, deck, channel, ana, ben, penny_script):
    pointed_at = await ana.says(in_=channel, files=[File("plan.txt", b"Otters swim.")])
    said = await ben.says("@Alfred what is in it?", channel, reply_to=pointed_at)
    seen = await ben.sees("Otters swim.")
    asked = penny_script.asked[0].input.data
    assert asked == "what is in it?\n\n[plan.txt]\nOtters swim."
    await ben.clicks("Regenerate", on=seen)
    await ben.sees(lambda m: m.id == seen.id and len(penny_script.asked) == 2)
    assert penny_script.asked[1].input.data == asked
    await ben.edits(said, "@Alfred what do they do?")
    await settle()
    remembered = await deck.store.conversations.get(said.id)
    assert remembered.content == "what do they do?\n\n[plan.txt]\nOtters swim."
    assert not sim.problems


async def test_a_reply_to_a_picture_names_it(sim, deck, channel, ana, ben, penny_script):
    pointed_at = await ana.says("look", channel, files=[File("cat.png", b"\x89PNG")])
    await ben.says("@Alfred which animal?", channel, reply_to=pointed_at)
    await ben.sees("I can't view: cat.png")
    assert "cat.png" in penny_script.asked[0].input.data
    assert told(penny_script.asked[0]) == ["look"]
    assert not sim.problems


async def test_a_reply_to_a_voice_message_hears_it(
    sim, deck, channel, ana, ben, penny_script, tone
):
    penny_script.audio = tone
    pointed_at = await ana.says_aloud(tone, channel)
    await ben.says("@Alfred what does she want?", channel, reply_to=pointed_at)
    seen = await ben.sees("Nine o'clock.")
    request = penny_script.asked[0]
    assert request.input.type is InputType.AUDIO
    assert request.params == {"speak": False}  # the one who asks did not speak
    assert told(request)[-1].startswith("what does she want?")
    await settle()
    remembered = await deck.store.conversations.get(seen.id)
    question = await deck.store.conversations.get(remembered.parent_id)
    assert question.content == "what does she want?\n\nwhat time is it"
    assert not sim.problems


async def test_a_reply_to_an_embed_and_to_a_card_reads_them(
    sim, deck, guild, channel, ben, penny_script
):
    app = guild.app("Cards")
    embed = {"author": {"name": "CI"}, "title": "Build 7", "description": f"broke by {ben.mention}",
             "url": "https://ci.example/7", "fields": [{"name": "took", "value": "4 min"}],
             "footer": {"text": "main"}}  # fmt: skip
    posted = await app.posts(in_=channel, embeds=[embed])
    await ben.says("@Alfred what broke?", channel, reply_to=posted)
    await ben.sees("You said: what broke?")
    assert told(penny_script.asked[0]) == [
        "CI\nBuild 7\nhttps://ci.example/7\nbroke by @Ben\ntook: 4 min\nmain"
    ]
    card = await app.posts(in_=channel, layout=True, components=[CARD])
    await ben.says("@Alfred what is new?", channel, reply_to=card)
    await ben.sees("You said: what is new?")
    assert told(penny_script.asked[1]) == [
        "# Release 4\nNotes for everybody\nFaster start.\n[Read] https://example.com/4\n"
        "[a graph]\n[Install]"
    ]
    assert not sim.problems


async def test_a_bare_call_in_a_reply_answers_what_it_points_at(
    sim, deck, channel, ana, ben, penny_script
):
    question = await ana.says("What is the capital of Peru?", channel)
    await ben.says("@Alfred", channel, reply_to=question)
    seen = await ben.sees("You said: What is the capital of Peru?")
    assert told(penny_script.asked[0]) == []
    await ben.clicks("Regenerate", on=seen)
    await ben.sees(lambda m: m.id == seen.id and len(penny_script.asked) == 2)
    assert told(penny_script.asked[1]) == []
    await ben.says("and of Chile?", channel, reply_to=seen)
    await ben.sees("You said: and of Chile?")
    assert told(penny_script.asked[2]) == [
        "What is the capital of Peru?",
        "You said: What is the capital of Peru?",
    ]
    assert not sim.problems


async def test_a_bare_call_points_at_files_and_recordings_too(
    sim, deck, channel, ana, ben, penny_script, tone
):
    penny_script.audio = tone
    file = await ana.says(in_=channel, files=[File("plan.txt", b"Otters swim.")])
    await ben.says("@Alfred", channel, reply_to=file)
    await ben.sees("Otters swim.")
    voice = await ana.says_aloud(tone, channel)
    await ben.says("@Alfred", channel, reply_to=voice)
    await ben.sees("what time is it")
    assert penny_script.asked[1].input.type is InputType.AUDIO
    assert not sim.problems


async def test_a_bare_call_that_points_at_nothing_says_so(sim, deck, channel, ana, ben):
    gone = await ana.says("What is the capital of Peru?", channel)
    await ana.deletes(gone)
    await ben.says("@Alfred", channel, reply_to=gone)
    await ben.sees("I can't see the message you replied to")
    await ben.says("@Alfred", channel)
    await ben.sees("Hello, I'm Alfred")
    assert not sim.problems


async def test_a_reply_with_words_to_what_is_gone_is_answered(sim, deck, channel, ana, ben):
    gone = await ana.says("What is the capital of Peru?", channel)
    await ana.deletes(gone)
    await ben.says("@Alfred are you there?", channel, reply_to=gone)
    await ben.sees("You said: are you there?")
    assert not sim.problems


async def test_a_reply_to_the_bots_voice_goes_on_with_its_answer(
    sim, deck, channel, ben, penny_script, tone
):
    penny_script.audio = tone
    await ben.says_aloud(tone, ben.dm)
    await ben.sees("Nine o'clock.", ben.dm)
    await ben.says("@Alfred", channel, files=[File("a.ogg", tone, "audio/ogg")])
    voice = await ben.sees(lambda m: bool(m.attachments) and m.author == sim.bot)
    await ben.says("and in Lima?", channel, reply_to=voice)
    seen = await ben.sees("You said: and in Lima?")
    assert told(penny_script.asked[2]) == ["what time is it", "Nine o'clock."]
    await ben.says("and in Quito?", channel, reply_to=seen)
    await ben.sees("You said: and in Quito?")
    assert len(told(penny_script.asked[3])) == 4
    assert not sim.problems


async def test_in_a_private_conversation_a_reply_quotes_what_is_not_remembered(
    sim, deck, penny_script
):
    dee = sim.user("Dee")
    await dee.says("@Alfred", dee.dm)
    hello = await dee.sees("Hello, I'm Alfred")
    await dee.says("what can you do?", reply_to=hello)
    await dee.sees("You said: what can you do?")
    (quoted,) = penny_script.asked[0].context.history
    assert quoted.role == "assistant"
    assert quoted.content.startswith("Hello, I'm Alfred")
    assert not sim.problems


# --- polls and stickers --------------------------------------------------------------------------


async def test_a_poll_is_read(sim, deck, channel, ana, ben, penny_script):
    poll = await ana.asks("Pizza or sushi?", "Pizza", "Sushi", in_=channel)
    await ben.votes(2, on=poll)
    await ben.says("@Alfred who leads?", channel, reply_to=poll)
    await ben.sees("You said: who leads?")
    assert told(penny_script.asked[0]) == [
        "[poll] Pizza or sushi?\n- Pizza (0 votes)\n- Sushi (1 vote)"
    ]
    result = await ana.ends_poll(poll)
    await ben.says("@Alfred who won?", channel, reply_to=result)
    await ben.sees("You said: who won?")
    assert told(penny_script.asked[1]) == ["[poll result] Pizza or sushi?\nSushi (1/1)"]
    assert not sim.problems


async def test_a_poll_and_a_sticker_in_private_are_answered(sim, deck, penny_script):
    dee = sim.user("Dee")
    await dee.asks("Pizza or sushi?", "Pizza", "Sushi", in_=dee.dm)
    await dee.sees("Pizza or sushi?")
    await dee.sends_sticker("Wave", dee.dm)
    await dee.sees("[sticker: Wave]")
    assert len(penny_script.asked) == 2
    assert not sim.problems


# --- threads and edits ---------------------------------------------------------------------------


async def test_the_first_message_in_an_archived_thread_is_answered(
    sim, deck, guild, channel, ana, ben, penny_script
):
    await ana.slash("/chat", channel, pregunta="shall we begin?")
    own = await ana.sees_thread()
    await ana.sees("You said: shall we begin?", own)
    others = await ana.starts_thread("plans", in_=channel)
    for thread in (own, others):
        await guild.owner().archives(thread)
    await settle()
    assert deck.get_channel(own.id) is None
    sim.tell_threads_late()
    await ben.says("@Alfred hello again", others)
    await ben.sees("You said: hello again", others)
    await ben.says("no mention here", own)
    await ben.sees("You said: no mention here", own)
    assert told(penny_script.asked[-1]) == ["shall we begin?", "You said: shall we begin?"]
    assert not sim.problems


async def test_a_name_forgotten_and_added_by_an_edit_is_answered_once(
    sim, deck, channel, ben, penny_script
):
    said = await ben.says("what is the capital of Peru?", channel)
    await ben.edits(said, "What is the capital of Peru?")
    await settle()
    assert not penny_script.asked
    await ben.edits(said, "@Alfred what is the capital of Peru?")
    await ben.sees("You said: what is the capital of Peru?")
    await ben.edits(said, "@Alfred what is the capital of Chile?")
    await settle()
    assert len(penny_script.asked) == 1
    assert "Chile" in (await deck.store.conversations.get(said.id)).content
    assert not sim.problems


async def test_a_question_added_to_the_name_is_answered(sim, deck, channel, ben, penny_script):
    said = await ben.says("@Alfred", channel)
    await ben.sees("Hello, I'm Alfred")
    await ben.edits(said, "@Alfred .")
    await ben.sees("You said: .")
    assert not sim.problems


async def test_a_late_edit_calls_nobody(sim, deck, channel, ben, penny_script):
    said = await ben.says("what is the capital of Peru?", channel)
    await asyncio.sleep(310)  # the clock is virtual; five minutes are late
    await ben.edits(said, "@Alfred what is the capital of Peru?")
    await settle()
    assert not penny_script.asked


# --- commands ------------------------------------------------------------------------------------


async def test_a_commands_text_has_words_for_mentions(sim, deck, channel, ben, ana, penny_script):
    text = f"who is {ana.mention} <:party:123456789012345678>?"
    await ben.slash("/ask", channel, question=text)
    await ben.sees("You said: who is @Ana :party:?")
    await ben.slash("/chat", channel, question=text)
    await ben.sees_thread("who is @Ana :party:?")
    assert not sim.problems


async def test_names_that_discord_does_not_tell_are_left_unknown(
    sim, deck, channel, ben, ana, penny_script
):
    await ben.slash("/ask", channel, question=f"who is <@999999999999999999> or {ana.mention}?")
    await ben.sees("You said: who is @unknown-user or @Ana?")


@pytest.mark.parametrize(
    "said", ["@Alfred ^", "@Alfred?", "^ @Alfred", "@Alfred 👆🏽", "@Alfred \u2800"]
)
async def test_signs_in_a_reply_point_at_what_it_replies_to(
    sim, deck, channel, ana, ben, penny_script, said
):
    question = await ana.says("What is the capital of Peru?", channel)
    await ben.says(said, channel, reply_to=question)
    await ben.sees("You said: What is the capital of Peru?")
    assert told(penny_script.asked[0]) == []
    assert not sim.problems


async def test_a_bare_call_that_points_at_another_is_followed(
    sim, deck, channel, ana, ben, penny_script
):
    question = await ana.says("What is the capital of Peru?", channel)
    call = await ana.says("@Alfred", channel, reply_to=question)
    await ana.sees("You said: What is the capital of Peru?")
    await ben.says("@Alfred", channel, reply_to=call)
    await ben.sees("You said: What is the capital of Peru?")
    assert len(penny_script.asked) == 2
    assert not sim.problems


async def test_a_bare_call_that_points_at_a_message_without_words_says_so(
    sim, deck, channel, ana, ben
):
    thread = await ana.starts_thread("plans", on=await ana.says("shall we?", channel))
    [starter] = thread.messages.values()
    await ben.says("@Alfred", thread, reply_to=starter)
    await ben.sees("I can't see the message you replied to", thread)
    assert not sim.problems


async def test_an_answer_that_shows_nothing_is_no_answer(sim, deck, channel, ben, penny_script):
    penny_script.answers["well?"] = "\u200b\u2800"
    await ben.says("@Alfred well?", channel)
    await ben.sees("I got no answer.")
    assert not sim.problems


async def test_where_the_bot_may_write_but_not_reply_it_answers(
    sim, deck, guild, channel, ben, penny_script
):
    guild.deny(channel, sim.bot, Permission.READ_MESSAGE_HISTORY)
    await ben.says("@Alfred are you there?", channel)
    await ben.sees("You said: are you there?")
    await ben.says("@Alfred", channel)
    await ben.sees("Hello, I'm Alfred")
    assert {problem.code for problem in sim.problems} == {160002}


@pytest.mark.parametrize(
    ("command", "option", "reason"),
    [
        ("/ask", "question", "Write a question"),
        ("/say", "text", "Write what I should say."),
    ],
)
async def test_a_command_with_a_text_that_shows_nothing_says_what_to_do(
    sim, deck, channel, ben, penny_script, command, option, reason
):
    reply = await ben.slash(command, channel, **{option: "\u200b\u2800"})
    assert reason in (await ben.sees(reason)).text
    assert reply.ephemeral
    assert not penny_script.asked
    assert not sim.problems
