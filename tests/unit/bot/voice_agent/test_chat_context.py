"""What the model is told of a conversation."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.records import Role, StoredMessage
from bot.voice_agent.chat_context import ChatContext, fit_history
from bot.voice_agent.events import Remember


def turn(heard: str, said: str = "", *, user_id: int = 1, interrupted: bool = False) -> Remember:
    return Remember(1, user_id, heard, said, interrupted)


def told(context: ChatContext) -> list[tuple[str, str, str | None]]:
    return [(m.role, m.content, m.name) for m in context.messages()]


def test_both_sides_in_order_under_their_names():
    context = ChatContext()
    context.add(turn("Hello", "Hi."), "Ana")
    context.add(turn("I think so", user_id=2), "Ben")
    assert told(context) == [
        ("user", "Hello", "Ana"),
        ("assistant", "Hi.", None),
        ("user", "I think so", "Ben"),
    ]


def test_an_answer_that_was_cut_off_says_so():
    context = ChatContext()
    context.add(turn("Count", "One, two", interrupted=True), "Ana")
    assert told(context)[1] == ("assistant", "One, two—", None)


def test_nothing_heard_is_nothing_remembered():
    context = ChatContext()
    context.add(turn(" ", "What?"), "Ana")
    assert told(context) == []


def test_the_older_half_goes_at_once_so_the_beginning_stays_the_same():
    context = ChatContext(max_chars=1000)
    beginnings = set()
    for number in range(100):
        context.add(turn(f"question {number}", "x" * 40), "Ana")
        beginnings.add(context.messages()[0].content)
        assert sum(len(m.content) for m in context.messages()) <= 1000
    assert len(beginnings) < 15
    assert context.messages()[-2].content == "question 99"


def test_one_huge_turn_is_cut():
    context = ChatContext(max_chars=1000)
    context.add(turn("a" * 5000, "b" * 5000), "Ana")
    assert [len(m.content) for m in context.messages()] == [500, 500]


def test_forgetting_takes_the_answers_along():
    context = ChatContext()
    context.add(turn("Hello", "Hi."), "Ana")
    context.add(turn("Hey", "Ho.", user_id=2), "Ben")
    context.forget(1)
    assert told(context) == [("user", "Hey", "Ben"), ("assistant", "Ho.", None)]


# -- text chats ------------------------------------------------------------------------------------


def message(number: int, content: str, role: Role = Role.USER) -> StoredMessage:
    return StoredMessage(
        message_id=number,
        conversation_id=1,
        person_id=1,
        author_id=1,
        author_name="Ana",
        role=role,
        content=content,
        created_at_ms=number,
    )


def test_people_are_named_and_the_assistant_is_not() -> None:
    told = fit_history([message(1, "Why?"), message(2, "Because.", Role.ASSISTANT)], max_chars=400)
    assert [m.to_wire() for m in told] == [
        {"role": "user", "content": "Why?", "name": "Ana"},
        {"role": "assistant", "content": "Because."},
    ]


def test_the_oldest_messages_are_left_out() -> None:
    told = fit_history([message(n, "x" * 40) for n in range(10)], max_chars=120)
    assert len(told) == 3


def test_one_that_is_too_long_is_cut_rather_than_lost() -> None:
    assert fit_history([message(1, "x" * 100)], max_chars=20)[0].content == "x" * 20


def test_what_has_no_words_is_not_told() -> None:
    assert fit_history([message(1, "  ")], max_chars=20) == []


@given(st.lists(st.text(max_size=50), max_size=20), st.integers(0, 160))
def test_never_more_than_the_budget(texts: list[str], budget: int) -> None:
    told = fit_history([message(n, text) for n, text in enumerate(texts)], max_chars=budget)
    assert sum(len(m.content) for m in told) <= budget
