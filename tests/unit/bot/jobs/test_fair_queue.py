"""Turns are fair, whoever comes and goes."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.jobs.fair_queue import FairQueue

ANA, BEN, CLEO = 1, 2, 3


def served(queue: FairQueue) -> list[int]:
    """All tickets in the order of their turns, each ending at once."""
    order = []
    while admitted := queue.admit():
        for ticket in admitted:
            order.append(ticket)
            queue.leave(ticket)
    return order


def test_people_take_turns_and_each_persons_builds_keep_their_order():
    queue = FairQueue(room=1)
    for user, tickets in ((ANA, [11, 12, 13]), (BEN, [21]), (CLEO, [31, 32])):
        for ticket in tickets:
            queue.join(ticket, user)
    order = [11, 21, 31, 12, 32, 13]
    assert [queue.place(ticket) for ticket in order] == [1, 2, 3, 4, 5, 6]
    assert served(queue) == order
    assert queue.is_empty


def test_only_as_many_run_as_there_is_room_for():
    queue = FairQueue(room=2)
    for ticket in range(5):
        queue.join(ticket, ANA)
    assert queue.admit() == [0, 1]
    assert queue.admit() == []
    queue.leave(1)
    assert queue.admit() == [2]
    assert [queue.place(ticket) for ticket in range(5)] == [None, None, None, 1, 2]


def test_what_runs_already_takes_up_room_and_does_not_wait():
    queue = FairQueue(room=1)
    queue.occupy(1)
    queue.occupy(2)
    queue.join(3, BEN)
    queue.leave(1)
    assert queue.admit() == []
    queue.leave(2)
    assert queue.admit() == [3]


def test_who_gives_up_waiting_leaves_no_gap():
    queue = FairQueue(room=1)
    for ticket, user in ((1, ANA), (2, BEN), (3, BEN)):
        queue.join(ticket, user)
    queue.leave(2)
    queue.leave(99)
    assert queue.place(2) is None
    assert served(queue) == [1, 3]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40), st.integers(1, 3))
def test_a_place_is_a_promise_when_nobody_else_comes(users, room):
    queue = FairQueue(room)
    for ticket, user in enumerate(users):
        queue.join(ticket, user)
    places = {ticket: queue.place(ticket) for ticket in range(len(users))}
    assert served(queue) == sorted(places, key=places.get)


class Crowd(RuleBasedStateMachine):
    """People come, give up and are served in any order: nobody is kept waiting for ever."""

    @initialize(room=st.integers(1, 3))
    def open(self, room):
        self.queue = FairQueue(room)
        self.room = room
        self.owner: dict[int, int] = {}
        self.waiting: list[int] = []
        self.running: list[int] = []
        self.ahead: dict[int, int] = {}
        """By user who waits: how many turns others may still have before theirs."""
        self.number = 0

    @rule(user=st.integers(1, 4))
    def comes(self, user):
        self.number += 1
        self.ahead.setdefault(user, len(self._people() - {user}))
        self.owner[self.number] = user
        self.waiting.append(self.number)
        self.queue.join(self.number, user)

    @rule()
    def turns(self):
        for ticket in self.queue.admit():
            self.waiting.remove(ticket)
            self.running.append(ticket)
            served = self.owner[ticket]
            for user in self._people() - {served}:
                self.ahead[user] -= 1
            self.ahead.pop(served)
            if served in self._people():  # behind everybody who waits now
                self.ahead[served] = len(self._people()) - 1

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def ends(self, data):
        ticket = data.draw(st.sampled_from(self.running))
        self.running.remove(ticket)
        self.queue.leave(ticket)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def gives_up(self, data):
        ticket = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(ticket)
        self.queue.leave(ticket)
        if self.owner[ticket] not in self._people():
            self.ahead.pop(self.owner[ticket])

    def _people(self):
        return {self.owner[ticket] for ticket in self.waiting}

    @invariant()
    def nobody_waits_for_more_turns_than_there_were_people_before_them(self):
        assert all(left >= 0 for left in getattr(self, "ahead", {}).values())

    @invariant()
    def all_is_accounted_for(self):
        if not hasattr(self, "queue"):
            return
        assert len(self.running) <= self.room
        places = [self.queue.place(ticket) for ticket in self.waiting]
        assert sorted(places) == list(range(1, len(self.waiting) + 1))


TestCrowd = Crowd.TestCase


@given(st.lists(st.sampled_from(["greedy", "greedy", "new"]), max_size=60))
def test_a_waiting_person_is_next_after_those_who_waited_before_whatever_comes_later(arrivals):
    queue = FairQueue(room=1)
    queue.occupy(-1)
    people_before = 3
    for user in range(people_before):
        queue.join(1000 + user, user)
    queue.join(0, 99)
    for ticket, kind in enumerate(arrivals, start=1):
        queue.join(ticket, 0 if kind == "greedy" else 1_000_000 + ticket)
    queue.leave(-1)
    assert served(queue).index(0) == people_before
