"""The menus and commands on what people send: forwards, polls, cards, recordings elsewhere."""

import pytest

from bot.contract import Output, Response, Status
from local_discord import CannotDo, File
from tests.fakes.media_files import tone
from tests.integration.cogs.grace.sight import settled


async def test_a_forward_is_summarized_with_its_file(sim, deck, guild, ana, ben, grace):
    original = await ana.says("The bakery opens at six.", files=[File("menu.txt", b"Bread, cake.")])
    forward = await ben.forwards(original, guild.channel("other"))
    await ana.slash("/grace resumir", forward.channel, últimos=1)
    await settled(ana, "el último mensaje")
    assert grace.last.input.data == "Ben: [forwarded] The bakery opens at six. [menu.txt]"
    await ana.menu("Resumir", on=forward)
    await settled(ana, "mensaje de Ben")
    assert grace.last.input.data == "[forwarded]\nThe bakery opens at six.\n\nBread, cake."
    assert not sim.problems


async def test_a_poll_is_summarized(sim, deck, ana, ben, grace):
    poll = await ana.asks("Pizza or sushi?", "Pizza", "Sushi", multiple=True)
    for person in (ana, ben):
        await person.votes(1, on=poll)
    await ben.votes(2, on=poll)
    await ben.menu("Summarize", on=poll)
    await settled(ben, "**Summary** · Ana's message")
    assert grace.last.input.data == "[poll] Pizza or sushi?\n- Pizza (2 votes)\n- Sushi (1 vote)"
    await ana.ends_poll(poll)
    await ben.slash("/grace summarize", last=3)
    await settled(ben, "the last 3 messages")
    asked, _our_summary, result = grace.last.input.data.splitlines()
    assert asked == "Ana: [poll] Pizza or sushi? - Pizza (2 votes) - Sushi (1 vote)"
    assert result == "Ana: [poll result] Pizza or sushi? Pizza (2/3)"
    with pytest.raises(CannotDo):
        await ben.forwards(poll)
    assert not sim.problems


async def test_a_card_is_explained_and_its_file_is_read(sim, deck, guild, ben, grace):
    text = {"type": 10, "content": "# Release 4"}
    plan = {"type": 13, "file": {"url": "attachment://plan.txt"}}
    card = {"type": 17, "components": [text, plan]}
    posted = await guild.app("Cards").posts(
        layout=True, components=[card], files=[File("plan.txt", b"Otters swim.")]
    )
    await ben.menu("Explain", on=posted)
    await settled(ben, "**Explanation** · Cards's message")
    assert grace.last.input.data == "# Release 4\n\nOtters swim."
    assert not sim.problems


async def test_a_forwarded_voice_message_is_transcribed(sim, deck, guild, ana, ben, penny, clips):
    async def hears(_request):
        whole = Output(type="text", text="what is the capital", transcript="what is the capital")
        yield Response(status=Status.COMPLETED, output=whole)

    penny.answer = hears
    original = await ana.says(files=[File("a.wav", (clips / "question.wav").read_bytes())])
    forward = await ben.forwards(original, guild.channel("other"))
    await ana.menu("Transcribir", on=forward)
    await settled(ana, "what is the capital")
    assert not sim.problems


async def test_names_in_what_is_typed_and_in_what_is_linked(sim, deck, guild, ana, ben, grace):
    odd = guild.member("\\o/")
    await ben.slash("/grace summarize", text=f"thank {odd.mention} <:party:123456789012345678>")
    await settled(ben, "“thank @\\\\o/ :party:”")
    assert grace.last.input.data == "thank @\\o/ :party:"
    said = await ana.says(f"thank {odd.mention}, `{odd.mention}`")
    await ben.slash("/grace summarize", message=str(said.id))
    await settled(ben, "Ana's message")
    assert grace.last.input.data == f"thank @\\o/, `{odd.mention}`"
    assert not sim.problems


async def test_a_guessed_encoding_is_told_by_the_menus(sim, deck, ana, ben, grace):
    words = "¿Qué tal? El señor Muñoz comió piñones en la montaña."
    posted = await ana.says(files=[File("nota.txt", words.encode("cp1252"))])
    await ben.menu("Summarize", on=posted)
    seen = await settled(ben, "**Summary** · Ana's message")
    assert "nota.txt doesn't say how it is encoded; I read it as cp1252." in seen.content
    assert grace.last.input.data == words
    assert not sim.problems


async def test_lost_sound_is_told_by_the_transcript(sim, deck, ana, ben, penny):
    async def hears(_request):
        whole = Output(type="text", text="the rest", transcript="the rest")
        yield Response(status=Status.COMPLETED, output=whole)

    penny.answer = hears
    whole = tone("caf", seconds=1) + tone("flac", seconds=6)
    posted = await ana.says(files=[File("memo.caf", whole[: -len(whole) // 4])])
    await ben.menu("Transcribe", on=posted)
    seen = await settled(ben, "the rest")
    assert "memo.caf is damaged: about" in seen.content
    assert not sim.problems
