"""A written turn, from the local Discord's log and the bot's ledger."""

from local_discord.log import Call, Dispatched
from local_discord.page.turns import STEPS_MAX, written_turn

BOT, ANA, BEN = 1, 2, 3
CHANNEL = "/channels/9/messages"


def asks(at, number, author=ANA, **more):
    data = {"id": str(number), "channel_id": "9", "author": {"id": str(author)}, **more}
    return Dispatched(at, "MESSAGE_CREATE", data)


def answers(at, number, own):
    body = {"content": "…", "message_reference": {"message_id": str(number)}}
    call = Call(at, "POST", "/channels/{channel_id}/messages", CHANNEL, body=body)
    call.answer, call.ended_at = {"id": str(own)}, at + 0.01
    return call


def edits(at, own):
    path = f"{CHANNEL}/{own}"
    call = Call(at, "PATCH", "/channels/{channel_id}/messages/{message_id}", path, body={})
    call.ended_at = at + 0.01
    return call


def turn(entries, ledger=()):
    return written_turn(entries, ledger, bot_id=BOT, wall_minus_clock=1000.0)


def paid(at_ms, user=ANA, **more):
    line = {"at_ms": at_ms, "settled_at_ms": at_ms, "service": "Penny", "module": "converse"}
    return line | {"user": user, "delay_ms": 0, "execution_ms": 0} | more


def test_the_requests_that_answer_a_message_are_its_steps():
    found = turn([asks(10.0, 100), answers(10.1, 100, 200), edits(10.5, 200), edits(11.0, 200)])
    assert found["at"] == 1010.0
    assert found["total_ms"] == 1010.0
    assert [step["begins_ms"] for step in found["steps"]] == [100.0, 500.0, 1000.0]
    assert {step["owner"] for step in found["steps"]} == {"ours"}


def test_the_last_answered_message_counts_and_another_ones_edits_do_not():
    entries = [asks(1.0, 100), answers(1.1, 100, 200), asks(2.0, 101, BEN), answers(2.1, 101, 201)]
    found = turn([*entries, edits(2.2, 200), edits(2.3, 201), asks(3.0, 102)])
    assert found["at"] == 1002.0
    assert len(found["steps"]) == 2


def test_a_call_to_a_service_stands_where_it_ran():
    entries = [asks(10.0, 100), answers(10.1, 100, 200), edits(11.0, 200)]
    reserved = paid(1_010_200, settled_at_ms=1_010_900)
    unreserved = paid(1_010_800, settled_at_ms=1_010_800, delay_ms=100, execution_ms=200)
    foreign, old = paid(1_010_300, BEN), paid(900_000)
    steps = turn(entries, [reserved, unreserved, foreign, old])["steps"]
    calls = [(step["begins_ms"], step["lasts_ms"]) for step in steps if step["owner"] == "service"]
    assert calls == [(200.0, 700.0), (500.0, 300.0)]


def test_messages_of_bots_and_of_who_got_no_answer_are_no_turns():
    own = asks(1.0, 100, BOT, author_bot=True)
    other = Dispatched(1.0, "MESSAGE_CREATE", {"id": "5", "author": {"id": "8", "bot": True}})
    assert turn([own, other, asks(2.0, 101), edits(3.0, 7)]) is None
    assert turn([]) is None


def test_an_answer_with_a_thousand_edits_keeps_its_beginning_and_its_end():
    entries = [asks(10.0, 100), answers(10.1, 100, 200)]
    entries += [edits(10.2 + index / 100, 200) for index in range(1000)]
    found = turn(entries)
    assert len(found["steps"]) == STEPS_MAX
    assert found["steps"][0]["begins_ms"] == 100.0
    assert found["total_ms"] > 10_000
