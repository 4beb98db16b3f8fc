"""Being called, saying what happens, hearing who agreed, answering, and showing both sides."""

# mypy: ignore-errors

import pytest

from bot.errors import JobFailed
from tests.integration.cogs.voice.conftest import finished, where_is_the_bot
from tests.waiting import until


async def test_it_comes_and_says_what_it_does(sim, deck, guild, lounge, channel, ben, penny_says):
    await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert reply.ephemeral
    assert lounge.mention in reply.text
    assert where_is_the_bot(sim, guild) is lounge
    hello = await ben.sees("Ben called me", lounge, ever=True)
    assert list(hello.buttons) == ["Listen to me", "Don't"]
    line = sim.voice.line(guild)
    await line.until_speaking()
    assert penny_says.modules() == ["SPEAK"]
    assert line.plaintext_frames == 0
    said = await deck.store.consents.get(guild.id, [ben.id])
    assert said[ben.id].agreed  # by calling it
    [place] = await deck.store.voice_rooms.all()
    assert place.channel_id == lounge.id
    assert not sim.problems


async def test_in_spanish(sim, deck, lounge, channel, ana):
    await ana.joins(lounge)
    reply = await ana.slash("/entrar", channel)
    await reply.done()
    hello = await ana.sees("me ha llamado", lounge, ever=True)
    assert len(hello.buttons) == 2
    assert not sim.problems


async def test_a_question_is_answered_and_both_sides_are_shown(
    sim, guild, called, lounge, ben, word, penny_says
):
    line = sim.voice.line(guild)
    await finished(line)
    before = len(line.recording.voice)
    await called.plays(word)
    shown = await ben.sees("The capital of France is Paris.", lounge, ever=True)
    assert "**Ben:** What is the capital of France?" in shown.content
    assert "**Alfred:**" in shown.content
    await until(lambda: len(line.recording.voice) > before)
    asked = [r for r in penny_says.asked if r.target.module == "CONVERSE"][-1]
    assert asked.input.type == "audio"
    assert asked.context.speaker == "Ben"
    assert not sim.problems


async def test_what_a_recogniser_invents_is_not_answered(
    sim, guild, called, lounge, ben, word, penny_says
):
    line = sim.voice.line(guild)
    await finished(line)
    before = len(line.recording.voice)
    penny_says.hears = "Thanks for watching!"
    await called.plays(word)
    await until(lambda: "CONVERSE" in penny_says.modules())
    penny_says.hears = "What is the capital of France?"
    penny_says.says = "It is Paris."
    await called.plays(word)
    await ben.sees("It is Paris.", lounge, ever=True)
    shown = "\n".join(message.content for message in ben.reads(lounge))
    assert "Thanks for watching" not in shown
    assert "The capital of France is Paris." not in shown
    await until(lambda: len(line.recording.voice) > before)
    assert not sim.problems


async def test_a_failure_is_told_in_the_reader_s_words(called, lounge, ben, word, penny_says):
    penny_says.fails = JobFailed("no", service_code="broken")
    await called.plays(word)
    await ben.sees("The job failed", lounge, ever=True)


async def test_who_has_not_agreed_is_asked_and_not_heard(
    sim, deck, guild, called, lounge, ana, ben, word, penny_says
):
    speaker = await ana.joins(lounge)
    ask = await ben.sees("Ana", lounge, ever=True)
    speech = await speaker.plays(word)
    link = deck.voice_clients[0]
    await until(lambda: link.health().totals.without_consent >= speech.packets)
    assert ana.id not in link.health().people
    reply = await ana.clicks("Listen to me", on=ask)
    assert reply.ephemeral
    assert (await deck.store.consents.get(guild.id, [ana.id]))[ana.id].agreed
    assert set(penny_says.modules()) <= {"SPEAK"}
    penny_says.hears = "Alfred, what is the capital of France?"
    agreed = await speaker.plays(word)
    await ana.sees("**Ana:** Alfred, what is the capital", lounge, ever=True)
    assert link.health().people[ana.id].received <= agreed.packets
    assert not sim.problems


async def test_who_declines_is_left_alone(sim, deck, guild, called, lounge, ana, ben):
    speaker = await ana.joins(lounge)
    ask = await ben.sees("Ana", lounge, ever=True)
    await ana.clicks("Don't", on=ask)
    assert not (await deck.store.consents.get(guild.id, [ana.id]))[ana.id].agreed
    await ana.leaves_voice()
    await ana.joins(lounge)
    await guild.member("Cleo").joins(lounge)
    newcomers = await ben.sees("Cleo", lounge, ever=True)  # people are looked at in turn
    assert "Ana" not in newcomers.text
    await until(lambda: [m for m in ben.reads(lounge) if m.buttons] == [newcomers])
    del speaker
    assert not sim.problems


@pytest.mark.parametrize("way", ["button", "forget", "privacy"])
async def test_consent_is_taken_back_at_once(
    sim, deck, guild, called, lounge, channel, ben, clips, word, penny_says, way
):
    await called.plays(word)
    await ben.sees("Paris", lounge, ever=True)
    speech = await called.plays(clips / "jfk.flac", wait=False)
    await until(lambda: speech.packets >= 20)  # of 20 ms
    match way:
        case "button":
            reply = await ben.slash("/voice consent", channel)
            await ben.clicks("Don't", on=reply)
        case "forget":
            reply = await ben.slash("/voice forget", channel)
            assert reply.ephemeral
        case "privacy":
            reply = await ben.slash("/privacy forget", channel)
            await ben.clicks("Delete everything", on=reply)
            await ben.sees("I no longer hold any of your data", channel)
    asked = len(penny_says.asked)
    heard = deck.voice_clients[0].health().people.get(ben.id)
    before = heard.received if heard is not None else 0
    link = deck.voice_clients[0]
    await until(lambda: link.health().totals.without_consent >= 20)
    called.stops()
    heard = deck.voice_clients[0].health().people.get(ben.id)
    assert (heard.received if heard is not None else 0) <= before
    assert len(penny_says.asked) == asked
    assert not sim.problems


async def test_listening_only_makes_minutes(
    sim, deck, guild, called, lounge, channel, ben, word, penny_says
):
    reply = await ben.slash("/voice mode", channel, when="listen-only")
    await reply.done()
    await ben.sees("I only listen", lounge, ever=True)
    penny_says.hears = "Do we meet again on Monday?"
    await called.plays(word)

    async def noted():
        return await deck.store.minutes.get(guild.id, lounge.id)

    await until(noted)
    [said] = await noted()
    assert said.name == "Ben"
    assert said.text == "Do we meet again on Monday?"
    assert "CONVERSE" not in penny_says.modules()
    reply = await ben.slash("/minutes", channel)
    await ben.sees("Do we meet again on Monday?", channel)
    assert not sim.problems


async def test_without_a_transcript_there_are_no_minutes(sim, called, channel, ben):
    reply = await ben.slash("/minutes", channel)
    assert reply.ephemeral
    assert "no transcript" in reply.text
    assert not sim.problems


async def test_status_and_timings(sim, called, lounge, channel, ben, word):
    reply = await ben.slash("/voice timings", channel)
    assert "I haven't spoken an answer yet" in reply.text
    await called.plays(word)
    await ben.sees("Paris", lounge, ever=True)

    async def is_over():
        reply = await ben.slash("/voice status", channel)
        await reply.done()
        return reply if "median" in reply.text else None

    reply = await until(is_over)
    assert reply.ephemeral
    for words in ("end-to-end encrypted", "Ben", "median", "p95"):
        assert words in reply.text
    reply = await ben.slash("/voice timings", channel)
    await reply.done()
    assert reply.message.file("turn.png").data.startswith(b"\x89PNG")
    assert b'"total_ms"' in reply.message.file("turns.jsonl").data
    assert not sim.problems
