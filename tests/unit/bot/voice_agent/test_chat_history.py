"""What a service is told of a conversation."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.records import Role, StoredMessage
from bot.voice_agent.chat_history import CHARS_PER_TOKEN, history


def said(number: int, content: str, role: Role = Role.USER) -> StoredMessage:
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
    told = history([said(1, "Why?"), said(2, "Because.", Role.ASSISTANT)], budget_tokens=100)
    assert [m.to_wire() for m in told] == [
        {"role": "user", "content": "Why?", "name": "Ana"},
        {"role": "assistant", "content": "Because."},
    ]


def test_the_oldest_are_left_out() -> None:
    told = history([said(n, "x" * 40) for n in range(10)], budget_tokens=30)
    assert len(told) == 3


def test_one_that_is_too_long_is_cut_rather_than_lost() -> None:
    assert history([said(1, "x" * 100)], budget_tokens=5)[0].content == "x" * 20


def test_what_has_no_words_is_not_told() -> None:
    assert history([said(1, "  ")], budget_tokens=5) == []


@given(st.lists(st.text(max_size=50), max_size=20), st.integers(0, 40))
def test_never_more_than_the_budget(texts: list[str], budget: int) -> None:
    told = history([said(n, text) for n, text in enumerate(texts)], budget_tokens=budget)
    assert sum(len(m.content) for m in told) <= budget * CHARS_PER_TOKEN
