"""The five commands in the context menu of a message."""

import base64

import pytest

from audio import ogg
from bot.contract import Output, Response, Status
from local_discord import File
from tests.fakes.media_files import tone
from tests.integration.cogs.grace.sight import settled


async def test_summarize_and_explain(sim, deck, ana, ben, grace):
    said = await ana.says("Una frase larga")
    await ben.menu("Summarize", on=said)
    await settled(ben, "**Summary** · Ana's message")
    assert grace.last.target.module == "SUMMARIZER"
    assert grace.last.params is None
    await ana.menu("Explicar", on=said)
    await settled(ana, "**Explicación** · mensaje de Ana")
    assert grace.last.target.module == "EXPLAINER"
    assert grace.last.input.data == "Una frase larga"
    assert not sim.problems


async def test_translate_is_into_ones_own_language(sim, deck, guild, ana, ben, grace):
    said = await ben.says("Good morning")
    await ana.menu("Traducir", on=said)
    await settled(ana, "**Traducción** · mensaje de Ben")
    assert grace.last.params == {"to": "Spanish"}
    await ben.menu("Translate", on=said)
    await settled(ben, "**Translation**")
    assert grace.last.params == {"to": "English"}
    fin = guild.member("Aki", locale="fi")
    await fin.menu("Translate", on=said)
    await settled(fin, "**Translation**")
    assert grace.last.params == {"to": "Finnish"}
    assert not sim.problems


async def test_a_message_without_words(sim, deck, ana, ben, grace):
    said = await ana.says(files=[File("photo.png", b"\x89PNG")])
    await ben.menu("Summarize", on=said)
    told = await ben.sees("There's no text in that.")
    assert told.is_ephemeral
    assert not grace.asked
    assert not sim.problems


@pytest.mark.parametrize("menu", ["Ask Penny", "Summarize", "Transcribe"])
async def test_a_message_that_was_deleted_meanwhile(sim, deck, ana, ben, grace, penny, menu):
    file = File("a.ogg", b"OggS", "audio/ogg")
    said = await ana.says("The bakery opens at six.", files=[file])
    deck.deleted.messages.add({said.id})  # as the chat's listener notes it
    reply = await ben.menu(menu, on=said)
    if menu == "Ask Penny":
        await ben.submits(reply, {"Your question about this message": "When?"})
    told = await ben.sees("has been deleted")
    assert told.is_ephemeral
    assert not grace.asked
    assert not penny.asked
    assert not sim.problems


async def test_ask_penny(sim, deck, ana, ben, penny):
    said = await ben.says("The bakery opens at six.")
    reply = await ana.menu("Preguntar a Penny", on=said)
    assert reply.modal.title == "Preguntar a Penny"
    await ana.submits(reply, {"Tu pregunta sobre este mensaje": "¿Cuándo abre?"})
    await settled(ana, "**Respuesta de Penny** · mensaje de Ben")
    request = penny.last
    assert request.target.module == "CONVERSE"
    assert request.params == {"speak": False}
    assert request.input.data == "¿Cuándo abre?\n\nBen:\nThe bakery opens at six."
    assert request.context.locale == "es-ES"
    assert not sim.problems


async def test_transcribe(sim, deck, ana, ben, penny, clips):
    async def hears(_request):
        for words in ("what is", " the capital"):
            yield Response(status=Status.PARTIAL, output=Output(transcript=words))
        whole = Output(type="text", text="what is the capital", transcript="what is the capital")
        yield Response(status=Status.COMPLETED, output=whole)

    penny.answer = hears
    wav = (clips / "question.wav").read_bytes()
    said = await ana.says("listen", files=[File("notes.txt", b"no"), File("question.wav", wav)])
    await ben.menu("Transcribe", on=said)
    await settled(ben, "**Transcript** · Ana's message\nwhat is the capital")
    request = penny.last
    assert request.target.module == "TRANSCRIBE"
    assert request.input.format == "wav"
    assert base64.b64decode(request.input.data) == wav
    assert not sim.problems


async def test_transcribe_hears_each_recording_of_a_message_in_order(sim, deck, ana, ben, penny):
    heard = [("good morning", "en"), ("", None), ("buenas noches", "es")]

    async def hears(_request):
        words, language = heard.pop(0)
        whole = Output(type="text", text=words, transcript=words, language=language)
        yield Response(status=Status.COMPLETED, output=whole)

    penny.answer = hears
    files = [
        File("1.mp4", tone("m4a")),
        File("cat.png", b"\x89PNG\r\n\x1a\n\0"),
        File("quiet.flac", tone("flac", seconds=1)),
        File("broken.mp3", b"\xff\xfb\x90\x00"),
        File("2", tone("caf", seconds=3), ""),
    ]
    said = await ana.says("listen", files=files)
    await ben.menu("Transcribe", on=said)
    shown = await settled(ben, "**Transcript** · Ana's message")
    assert "[1.mp4]\ngood morning\n\n[2]\nbuenas noches" in shown.text
    assert "quiet.flac: I couldn't hear any speech in it." in shown.text
    assert "broken.mp3: I can't play broken.mp3" in shown.text
    lengths_ms = [ogg.demux(base64.b64decode(one.input.data)).duration_ms for one in penny.asked]
    assert lengths_ms == pytest.approx([2000, 1000, 3000], abs=100)
    assert {one.target.module for one in penny.asked} == {"TRANSCRIBE"}
    assert not sim.problems


async def test_transcribe_of_silence_and_of_no_recording(sim, deck, ana, ben, penny, clips):
    async def hears_nothing(_request):
        yield Response(status=Status.COMPLETED, output=Output(type="text", text="", transcript=""))

    penny.answer = hears_nothing
    wav = (clips / "question.wav").read_bytes()
    said = await ana.says(files=[File("question.wav", wav)])
    await ben.menu("Transcribe", on=said)
    await settled(ben, "I couldn't understand anything that was said.")
    said = await ana.says("only words")
    reply = await ben.menu("Transcribe", on=said)
    assert reply.ephemeral
    assert "That message has no recording." in reply.text
    assert not sim.problems


@pytest.mark.parametrize(
    "file",
    [File("song.mp3", b"MZ\x90\0 no sound at all" * 20), File("voice.ogg", b"", "audio/ogg")],
)
async def test_a_recording_that_is_none(sim, deck, ana, ben, penny, file):
    said = await ana.says("listen", files=[file])
    await ben.menu("Transcribe", on=said)
    told = await ben.sees("it isn't a recording I can decode")
    assert told.is_ephemeral
    assert not penny.asked
    assert not sim.problems


async def test_a_text_that_shows_nothing_is_no_text(sim, deck, channel, ben, grace):
    await ben.slash("/grace summarize", channel, text="\u200b\u2800")
    await ben.sees("There's no text in that.")
    said = await ben.says(files=[File("a.txt", "\u200b\n".encode())])
    await ben.menu("Summarize", on=said)
    await ben.sees("a.txt is empty.")
    assert not grace.asked
    assert not sim.problems
