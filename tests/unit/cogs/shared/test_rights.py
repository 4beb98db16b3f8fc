"""The table of rights, cell by cell, as it was meant; and the page that people read."""

from pathlib import Path

import pytest

from bot.errors import NotAllowed
from cogs.shared.rights import TABLE, Relation, Right, Who, as_markdown, may, require

PAGE = Path(__file__).parents[4] / "docs" / "rights.md"

IN_ONE_WAY = {
    Who.OWNER: Relation(is_owner=True, is_of_server=True),
    Who.MEMBER: Relation(is_of_server=True, sees=True),
    Who.READER: Relation(is_of_server=True, sees=True, reads_history=True),
    Who.MODERATOR: Relation(is_of_server=True, sees=True, manages_messages=True),
    Who.MOVER: Relation(is_of_server=True, sees=True, moves_members=True),
    Who.PRESENT: Relation(is_of_server=True, is_present=True),
    Who.MANAGER: Relation(is_of_server=True, manages_server=True),
    Who.OUTSIDER: Relation(is_of_server=True),
    Who.STRANGER: Relation(),
    Who.OPERATOR: Relation(is_operator=True),
}
"""People who stand to a thing as little as one of the words says."""
SEE_IT = {Who.MEMBER, Who.READER, Who.MODERATOR, Who.MOVER}
ALLOWED = {
    Right.SEE_JOB: {Who.OWNER} | SEE_IT,
    Right.STOP_JOB: {Who.OWNER, Who.MODERATOR},
    Right.REPEAT_BUILD: {Who.OWNER} | SEE_IT,
    Right.REGENERATE: {Who.OWNER, Who.MODERATOR},
    Right.REPEAT_RESULT: {Who.OWNER},
    Right.USE_RESULT: {Who.OWNER} | SEE_IT,
    Right.READ_MESSAGE: {Who.READER},
    Right.HEAR_BEFORE: {Who.READER},
    Right.EXPORT: {Who.OWNER},
    Right.CONSENT: {Who.OWNER},
    Right.SEE_OWN_MONEY: {Who.OWNER},
    Right.SEE_SERVER_COSTS: {Who.MANAGER},
    Right.SEE_ALL_COSTS: {Who.OPERATOR},
    Right.SET_BUDGET: {Who.MANAGER},
    Right.SETTINGS: {Who.MANAGER},
    Right.JOIN: SEE_IT,
    Right.COMMAND_VOICE: {Who.PRESENT, Who.MOVER},
    Right.SEE_VOICE: SEE_IT,
    Right.MINUTES: SEE_IT,
    Right.CLEAR_MINUTES: {Who.PRESENT, Who.MODERATOR},
}


@pytest.mark.parametrize("who", Who)
@pytest.mark.parametrize("right", Right)
def test_a_cell(right, who):
    relation = IN_ONE_WAY[who]
    assert who in relation.who
    assert may(right, relation) == (who in ALLOWED[right])


@pytest.mark.parametrize("right", Right)
def test_whoever_may_not_is_told_why(right):
    with pytest.raises(NotAllowed, match="not yours"):
        require(right, Relation(), "not yours")


def test_what_one_may_elsewhere_counts_for_nothing():
    """Permissions at a place are nothing to who does not see it, or acts on another server."""
    unseen = Relation(is_of_server=True, reads_history=True, manages_messages=True)
    other = Relation(sees=True, reads_history=True, manages_messages=True, manages_server=True)
    assert unseen.who == {Who.OUTSIDER}
    assert other.who == {Who.STRANGER}


def test_the_page_is_the_table():
    assert set(TABLE) == set(Right)
    assert as_markdown() in PAGE.read_text(encoding="utf-8")
