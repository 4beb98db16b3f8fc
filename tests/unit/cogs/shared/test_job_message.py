"""A job's place as the journal keeps it: every document that skydeck ever wrote is still read."""

import json

import pytest
from pydantic import ValidationError

from bot.choices import Mode
from bot.contract import Service, System
from bot.jobs.place import address_of, question_at
from bot.jobs.view import Requester
from bot.store.repositories.job_rows import place_column
from bot.store.repositories.recovery import Job, JobStage
from cogs.chat._job_message import ChatMessage, Thread
from cogs.factory._job_view import FactoryMessage
from cogs.grace._jobs import GraceMessage
from cogs.shared.live import LiveMessage
from cogs.voice._minutes import MinutesMessage

COMMON = {"channel": "8", "message": "10", "nonces": "a1b2c3", "user": "7", "locale": "es-ES"}
GRACE = COMMON | {
    "kind": "grace",
    "heading": "**Summary** · a.txt",
    "service": "PENNY",
    "begun": 1000.5,
    "is_json": True,
    "nothing": "grace.no_answer",
    "may_attach": False,
}
CHAT = COMMON | {
    "kind": "chat",
    "question": "900000000000000011",
    "conversation": "12",
    "guild": None,
    "spoken": True,
    "note": "a note",
    "file": "a.txt",
    "module": "SUMMARIZER",
    "message_asked": True,
}
FACTORY = COMMON | {
    "kind": "factory",
    "guild": "9",
    "title": "fizz",
    "limit": 4,
    "begun": 1000.5,
    "opens_thread": True,
    "lacks_thread": False,
    "home": "6",
}
MINUTES = COMMON | {
    "kind": "minutes",
    "guild": "9",
    "voice": "5",
    "since": 77,
    "clear": True,
    "may_attach": False,
}
KINDS = [(GraceMessage, GRACE), (ChatMessage, CHAT), (FactoryMessage, FACTORY)]
KINDS.append((MinutesMessage, MINUTES))


def job(place):
    return Job(
        journal_id=1,
        service=Service.PENNY,
        module="M",
        endpoint_id="e",
        mode=Mode.STREAM,
        user_id=7,
        channel_id=3,
        guild_id=None,
        place=place,
        title="",
        deadline_ms=1,
        created_at_ms=1,
        stage=JobStage.WRITTEN,
    )


@pytest.mark.parametrize(("model", "document"), KINDS)
def test_a_document_of_schema_0009_is_read_whole_and_written_the_same(model, document):
    place = model.model_validate(document | {"interaction": "5", "waiting": True})
    written = place.to_json()
    assert {key: written[key] for key in document} == document
    later = {"guild", "home", "begun", "offers", "question", "message_asked", "wants_json"}
    later |= {"host", "is_guest", "goes_direct"}
    assert set(written) - set(document) <= later
    assert model.model_validate(written) == place
    assert (place.channel_id, place.message_id, place.user_id) == (8, 10, 7)


def test_each_field_is_read_under_its_key():
    chat = ChatMessage.model_validate(CHAT)
    assert (chat.question_id, chat.conversation_id) == (900_000_000_000_000_011, 12)
    assert (chat.is_spoken, chat.is_message, chat.guild_id) == (True, True, None)
    minutes = MinutesMessage.model_validate(MINUTES)
    assert (minutes.voice_channel_id, minutes.since_ms, minutes.guild_id) == (5, 77, 9)
    factory = FactoryMessage.model_validate(FACTORY)
    assert (factory.home_id, factory.guild_id, factory.opens_thread) == (6, 9, True)


@pytest.mark.parametrize("late", ["file", "module", "message_asked", "nonces"])
def test_a_document_from_before_a_key_was_added_is_read(late):
    ChatMessage.model_validate({key: value for key, value in CHAT.items() if key != late})


@pytest.mark.parametrize(("model", "document"), KINDS)
@pytest.mark.parametrize("broken", [{}, {"channel": "x"}, {"user": None}, {"locale": 5}])
def test_a_document_that_is_damaged_is_refused_without_its_words(model, document, broken):
    damaged = document | {"title": ["secret"], "note": ["secret"], "heading": ["secret"]} | broken
    damaged = damaged if broken else {"kind": document["kind"], "secret": "secret"}
    with pytest.raises(ValidationError) as e:
        model.model_validate(damaged)
    assert "secret" not in str(e.value)


def test_a_place_is_made_where_the_message_is():
    requester = Requester(
        user_id=7, user_name="Ana", channel_id=8, guild_id=9, locale="es-ES", system=System.DECK
    )
    live = LiveMessage(None, 8, 10, 7, home_id=6)
    place = ChatMessage.at(live, requester, Thread(question_id=11, note="a note"), begun=5.0)
    again = place.live(None)
    assert (again.channel_id, again.message_id, again.user_id, again.home_id) == (8, 10, 7, 6)
    assert (again.nonces.seed, again.words.language, again.adopts) == (live.nonces.seed, "es", True)
    assert (place.kind, place.question_id, place.guild_id, place.note) == ("chat", 11, 9, "a note")


@pytest.mark.parametrize("sign", ["a", "ñ", "🎙", "\ud800", '"'])
def test_the_words_of_a_place_fit_into_the_journal(sign):
    requester = Requester(
        user_id=7, user_name="Ana", channel_id=8, guild_id=9, locale="es-ES", system=System.DECK
    )
    live = LiveMessage(None, 8, 10, 7, home_id=6)
    thread = Thread(question_id=11, note=sign * 5_000, file=f"{sign * 100}.txt", is_spoken=True)
    place = ChatMessage.at(live, requester, thread, begun=5.0)
    assert json.loads(place_column(place.to_json()))["note"] == place.note
    assert place.note.endswith(f"{sign}…")
    assert ChatMessage.model_validate(place.to_json()) == place
    assert Thread(note=sign * 100).note == sign * 100


def test_any_kind_has_an_address_and_only_a_chat_has_a_question():
    address = address_of(job(FACTORY))
    assert (address.channel_id, address.message_id) == (8, 10)
    nowhere = address_of(job({"channel": "x"}))
    assert (nowhere.channel_id, nowhere.message_id) == (3, 0)
    assert question_at(CHAT) == 900_000_000_000_000_011
    assert question_at(GRACE) is None
    assert [question_at({"question": odd}) for odd in (None, "", "x", "²", [1], True)] == [None] * 6
