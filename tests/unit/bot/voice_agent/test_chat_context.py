"""What Penny is told of a spoken conversation."""

from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.events import Remember


def turn(heard: str, said: str = "", *, user_id: int = 1, interrupted: bool = False) -> Remember:
    return Remember(1, user_id, heard, said, interrupted)


def told(recall: ChatContext) -> list[tuple[str, str, str | None]]:
    return [(m.role, m.content, m.name) for m in recall.messages()]


def test_both_sides_in_order_under_their_names():
    recall = ChatContext()
    recall.add(turn("Hello", "Hi."), "Ana")
    recall.add(turn("I think so", user_id=2), "Ben")
    assert told(recall) == [
        ("user", "Hello", "Ana"),
        ("assistant", "Hi.", None),
        ("user", "I think so", "Ben"),
    ]


def test_an_answer_that_was_cut_off_says_so():
    recall = ChatContext()
    recall.add(turn("Count", "One, two", interrupted=True), "Ana")
    assert told(recall)[1] == ("assistant", "One, two—", None)


def test_nothing_heard_is_nothing_remembered():
    recall = ChatContext()
    recall.add(turn(" ", "What?"), "Ana")
    assert told(recall) == []


def test_the_older_half_goes_at_once_so_the_beginning_stays_the_same():
    recall = ChatContext(most_chars=1000)
    beginnings = set()
    for number in range(100):
        recall.add(turn(f"question {number}", "x" * 40), "Ana")
        beginnings.add(recall.messages()[0].content)
        assert sum(len(m.content) for m in recall.messages()) <= 1000
    assert len(beginnings) < 15
    assert recall.messages()[-2].content == "question 99"


def test_one_huge_turn_is_cut():
    recall = ChatContext(most_chars=1000)
    recall.add(turn("a" * 5000, "b" * 5000), "Ana")
    assert [len(m.content) for m in recall.messages()] == [500, 500]


def test_forgetting_takes_the_answers_along():
    recall = ChatContext()
    recall.add(turn("Hello", "Hi."), "Ana")
    recall.add(turn("Hey", "Ho.", user_id=2), "Ben")
    recall.forget(1)
    assert told(recall) == [("user", "Hey", "Ben"), ("assistant", "Ho.", None)]
