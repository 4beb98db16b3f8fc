"""Jobs for people: written down first, ended in their sight, and never handed in twice."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Input, InputType, Request, Service, System, Target
from bot.contract.recordings import Clip, recordings_input
from bot.errors import (
    JobCancelled,
    JobExpired,
    JobFailed,
    Restarted,
    SkydeckError,
    Stopping,
    StoreFailed,
    SubmissionUnknown,
    TooLarge,
)
from bot.jobs import recovery, running_job
from bot.jobs.place import JobPlace
from bot.jobs.view import Requester, Undeliverable
from bot.money import Call
from bot.runpod.models import JobState
from bot.store.repositories.recovery import Ending, Entry, JobStage
from bot.store.store import Store
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted, completed, echo, hang, partial
from tests.virtual_time import settle

REQUESTER = Requester(
    user_id=7, user_name="Ana", channel_id=8, guild_id=9, locale="es-ES", system=System.DECK
)


class Place(JobPlace):
    kind: str = "test"


class OtherPlace(Place):
    needed: int


PLACE = Place(channel_id=8, message_id=10)


class Seen:
    """A face that notes what it is shown."""

    def __init__(self, *, trouble=(), moves_to=None):
        self.journal_id = None
        self.updates = []
        self.end = None
        self.ended = asyncio.Event()
        self.begun = asyncio.Event()
        self.moves_to = moves_to
        self.trouble = list(trouble)

    async def started(self, journal_id):
        self.journal_id = journal_id
        return self.moves_to

    def update(self, update):
        self.updates.append(update)
        if update.response is not None:
            self.begun.set()

    async def refresh(self):
        pass

    async def done(self, response):
        self._end(response.text)

    async def failed(self, error):
        self._end(type(error))

    def _end(self, what):
        if self.trouble:
            raise self.trouble.pop(0)
        assert self.end is None
        self.end = what
        self.ended.set()

    async def until_ended(self):
        async with asyncio.timeout(10):
            await self.ended.wait()
        return self.end


class Slow:
    """Begins at once, and answers when it is let."""

    def __init__(self):
        self.go = asyncio.Event()

    async def __call__(self, request):
        yield partial("so far")
        await self.go.wait()
        yield completed(str(request.input.data))


class Door:
    """A gate that is opened by hand."""

    def __init__(self):
        self.opened = asyncio.Event()
        self.inside = 0
        self.calls = []

    @contextlib.asynccontextmanager
    async def __call__(self, journal_id, *, user_id, guild_id, is_sent):
        self.calls.append((user_id, guild_id, is_sent))
        if not is_sent:
            await self.opened.wait()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(recovery, "CLAIM_EVERY_S", 0.05)
    monkeypatch.setattr(running_job, "SHOW_AGAIN_S", 0.05)
    monkeypatch.setattr(running_job, "NOTED_WITHIN_S", 0.06)


@pytest.fixture
def handler():
    return Scripted(echo, service=Service.GRACE)


@pytest.fixture
async def url(handler):
    async with serving({"grace": handler}) as base_url:
        yield base_url


@pytest.fixture
def file_url(tmp_path):
    return f"sqlite:///{tmp_path / 'skydeck.db'}"


@pytest.fixture
def start(url, file_url):
    """Processes on one database."""

    def start(*, base_url=None, **more):
        modes = dict.fromkeys(Service, Mode.STREAM)
        return made(base_url or url, file_url, cogs=(), modes=modes, **more)

    return start


@pytest.fixture
async def bot(start):
    async with start() as made_bot:
        yield made_bot


def request(text="hello"):
    return Request(
        source=REQUESTER.source,
        target=Target(service=Service.GRACE, module="ECHO"),
        input=Input(type=InputType.TEXT, data=text),
    )


async def perform(bot, show, text="hello", place=PLACE):
    return await bot.runner.perform(
        request(text), requester=REQUESTER, place=place, title=text, view=show
    )


@contextlib.asynccontextmanager
async def performing(bot, show, text="hello", place=PLACE):
    """While a job runs, as far as its service has begun with it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(perform(bot, show, text, place))
        await show.begun.wait()
        yield task


def revived(bot, **more):
    """Take over what is left behind; the faces that are made for it, in order."""
    shows = []

    async def revive(job, place):
        show = Seen()
        show.journal_id = job.journal_id
        shows.append(show)
        return show

    bot.runner.register(Place, revive, **more)
    bot.runner.begin_recovery()
    return shows


async def until(condition):
    """Wait for something that nobody announces."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def first(shows):
    await until(lambda: shows)
    return shows[0]


async def finished(bot, journal_id):
    """The job, once its end is noted."""
    async with asyncio.timeout(5):
        while (job := await bot.store.jobs.get(journal_id)).ending is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return job


# -- one job ----------------------------------------------------------------------------------


async def test_it_is_written_down_before_it_is_sent_and_ended_after_it_is_seen(bot, handler):
    stages = []

    class Watching(Seen):
        async def started(self, journal_id):
            stages.append(((await bot.store.jobs.get(journal_id)).stage, handler.started))
            return await super().started(journal_id)

        async def done(self, response):
            stages.append(((await bot.store.jobs.get(self.journal_id)).stage, handler.started))
            await super().done(response)

    show = Watching()
    assert await perform(bot, show) is Ending.COMPLETED
    assert show.end == "hello"
    assert stages == [(JobStage.WRITTEN, 0), (JobStage.ACCEPTED, 1)]
    job = await bot.store.jobs.get(show.journal_id)
    assert (job.ending, job.title, job.place) == (Ending.COMPLETED, "hello", PLACE.to_json())
    assert b'"hello"' in await bot.store.jobs.request(show.journal_id)
    assert show.updates[0].state is JobState.SUBMITTING


async def test_what_is_too_large_is_refused_before_it_is_written_down(bot):
    show = Seen()
    with pytest.raises(TooLarge):
        await perform(bot, show, "x" * (11 * 1024 * 1024))
    assert show.journal_id is None
    assert await bot.store.jobs.listing() == []


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_what_the_journal_does_not_keep_is_not_written_as_json(bot, monkeypatch):
    entries = []
    begin_once = bot.store.jobs.begin_once

    async def noted(entry):
        entries.append(entry)
        return await begin_once(entry)

    monkeypatch.setattr(bot.store.jobs, "begin_once", noted)
    for text in ("x" * (1024 * 1024 - 1024), "x" * (1024 * 1024 + 1024)):
        show = Seen()
        await perform(bot, show, text)
        assert show.end == text
    kept, dropped = entries
    assert kept.request == await bot.store.jobs.request(show.journal_id - 1)
    assert dropped.request is await bot.store.jobs.request(show.journal_id) is None


class TestFailing:
    @pytest.fixture
    def handler(self):
        async def fail(_request):
            raise RuntimeError("the model fell over")
            yield

        return Scripted(fail, service=Service.GRACE)

    async def test_a_failure_is_told(self, bot):
        show = Seen()
        assert await perform(bot, show) is Ending.FAILED
        assert show.end is JobFailed
        assert (await bot.store.jobs.get(show.journal_id)).detail == JobFailed.code


async def test_a_face_that_breaks_ends_its_own_job_only(bot):
    class Broken(Seen):
        def update(self, update):
            raise ZeroDivisionError

    show, other = Broken(), Seen()
    assert await perform(bot, show) is Ending.FAILED
    assert show.end is SkydeckError
    assert await perform(bot, other) is Ending.COMPLETED


@pytest.mark.parametrize("trouble", [LookupError("no such channel"), Undeliverable("refused")])
async def test_an_end_that_can_be_shown_nowhere_is_kept(bot, trouble):
    show = Seen(trouble=[trouble])
    assert await perform(bot, show) is Ending.COMPLETED
    job = await bot.store.jobs.get(show.journal_id)
    assert (job.stage, job.ending) == (JobStage.UNDELIVERED, Ending.COMPLETED)
    again = Seen()
    await (await bot.runner.recovery.kept_outcome(job)).show_in(again)
    assert again.end == "hello"


# -- stopping ---------------------------------------------------------------------------------


class TestLong:
    @pytest.fixture
    def handler(self):
        return Scripted(hang, service=Service.GRACE)

    async def test_stop_ends_it_for_its_person_and_at_its_service(self, bot, handler):
        show = Seen()
        async with performing(bot, show) as task:
            assert bot.runner.stop(show.journal_id)
            assert not bot.runner.stop(show.journal_id)
            assert await task is Ending.CANCELLED
        assert show.end is JobCancelled
        assert not bot.runner.stop(show.journal_id)
        await until(lambda: handler.left)

    async def test_stop_all_of_a_person(self, bot):
        shows = [Seen(), Seen()]
        async with performing(bot, shows[0]), asyncio.TaskGroup() as group:
            group.create_task(perform(bot, shows[1]))
            await until(lambda: shows[1].journal_id)
            assert await bot.runner.stop_all_of(1) == 0
            assert await bot.runner.stop_all_of(REQUESTER.user_id) == 2
        assert [show.end for show in shows] == [JobCancelled, JobCancelled]

    async def test_closing_ends_jobs_that_do_not_outlive_it(self, start, handler):
        show = Seen()
        async with start(outlive=False) as bot:
            async with performing(bot, show) as task:
                await bot.runner.close()
                assert await task is Ending.CANCELLED
            assert show.end is Stopping
            assert (await bot.store.jobs.get(show.journal_id)).detail == Stopping.code
            with pytest.raises(Stopping):
                await perform(bot, Seen())


# -- jobs that were left behind ---------------------------------------------------------------


class TestLeft:
    @pytest.fixture
    def slow(self):
        return Slow()

    @pytest.fixture
    def handler(self, slow):
        return Scripted(slow, service=Service.GRACE)

    async def left(self, start, place=PLACE):
        """A job that a process has left running, and how it was shown there."""
        show = Seen()
        async with start() as bot, performing(bot, show, place=place) as task:
            await bot.runner.close()
            assert await task is Ending.UNKNOWN
        assert show.end is None
        return show

    async def test_the_next_process_shows_its_end(self, start, slow, handler):
        before = await self.left(start)
        async with start() as bot:
            show = await first(revived(bot))
            slow.go.set()
            assert await show.until_ended() == "hello"
            job = await finished(bot, before.journal_id)
        assert show.journal_id == before.journal_id
        assert (job.ending, handler.started) == (Ending.COMPLETED, 1)

    async def test_it_can_be_stopped_there(self, start):
        before = await self.left(start)
        async with start() as bot:
            show = await first(revived(bot))
            assert bot.runner.stop(before.journal_id)
            assert await show.until_ended() is JobCancelled

    @pytest.mark.parametrize(
        ("kind", "model"), [("unheard-of", Place), ("test", Place), ("test", OtherPlace)]
    )
    async def test_what_nobody_can_show_is_collected_and_kept(self, start, slow, kind, model):
        before = await self.left(start, PLACE.model_copy(update={"kind": kind}))

        async def revive(job, place):
            raise KeyError("message")

        slow.go.set()
        async with start() as bot:
            bot.runner.register(model, revive)
            bot.runner.begin_recovery()
            job = await finished(bot, before.journal_id)
            kept = await bot.runner.recovery.kept_outcome(job)
        assert (job.stage, job.ending) == (JobStage.UNDELIVERED, Ending.COMPLETED)
        assert kept.response.text

    async def test_what_cannot_be_shown_now_is_taken_up_later(self, start, slow, handler):
        await self.left(start)
        trouble = [TimeoutError(), ConnectionResetError()]
        show = Seen()

        async def revive(job, place):
            if trouble:
                raise trouble.pop()
            return show

        slow.go.set()
        async with start() as bot:
            bot.runner.register(Place, revive)
            bot.runner.begin_recovery()
            assert await show.until_ended() == "hello"
        assert handler.started == 1

    async def test_a_service_that_has_forgotten_it(self, start, slow):
        before = await self.left(start)
        forgetful = {"grace": Scripted(echo, service=Service.GRACE)}
        async with serving(forgetful) as other, start(base_url=other) as bot:
            show = await first(revived(bot))
            assert await show.until_ended() is JobExpired
            assert (await finished(bot, before.journal_id)).ending is Ending.EXPIRED

    async def test_what_runs_already_takes_up_room(self, start, slow):
        door = Door()
        await self.left(start)
        async with start() as bot:
            show = await first(revived(bot, gate=door))
            await until(lambda: door.inside)
            slow.go.set()
            await show.until_ended()
        assert door.calls == [(7, 9, True)]
        assert door.inside == 0

    async def test_a_lost_lease_ends_nothing(self, start, slow, handler, file_url):
        """Another process has it now: this one says nothing, and leaves it running."""
        show = Seen()
        async with (
            start(lease_ms=300) as bot,
            performing(bot, show) as task,
            Store.open(file_url, _Later(5), lease_ms=60_000) as thief,
        ):
            assert len(await thief.jobs.leases.claim()) == 1
            assert await task is Ending.UNKNOWN
            assert show.end is None
            await settle(0.2)  # for a cancellation to arrive, if there were one
            slow.go.set()
            await until(lambda: handler.left)
            job = await thief.jobs.get(show.journal_id)
            call = Call(call_id="collected", service=Service.GRACE, module=job.module)
            async with bot.services.collect(job.job_id, call) as updates:
                states = [update.state async for update in updates]
        assert states[-1] is JobState.COMPLETED


async def test_what_is_too_old_to_be_kept_is_told(start, file_url):
    async with Store.open(file_url, _Later(-90_000)) as store:
        journal_id = await store.jobs.begin(_entry())
        await store.jobs.accepted(journal_id, "job-1")
    async with start() as bot:
        assert await (await first(revived(bot))).until_ended() is JobExpired
        assert (await finished(bot, journal_id)).ending is Ending.EXPIRED


async def test_what_may_have_been_sent_is_told_and_not_sent_again(start, handler, file_url):
    async with Store.open(file_url, _Later(-60)) as store:
        journal_id = await store.jobs.begin(_entry())
    async with start() as bot:
        assert await (await first(revived(bot))).until_ended() is SubmissionUnknown
        assert (await finished(bot, journal_id)).ending is Ending.UNKNOWN
    assert handler.started == 0


async def test_what_died_with_its_process_is_told_as_such(start, handler, file_url):
    """The services of this machine: nothing of it runs."""
    async with Store.open(file_url, _Later(-60)) as store:
        journal_id = await store.jobs.begin(_entry())
    async with start(outlive=False) as bot:
        assert await (await first(revived(bot))).until_ended() is Restarted
        assert (await finished(bot, journal_id)).detail == Restarted.code
    assert handler.started == 0


async def test_several_recordings_that_were_being_heard_are_not_said_to_run(start, file_url):
    clips = [Clip.of(f"{number}.ogg", b"OggS", "ogg") for number in range(2)]
    asked = request().model_copy(update={"input": recordings_input(clips)})
    entry = replace(_entry(), request=asked.model_dump_json().encode())
    async with Store.open(file_url, _Later(-60)) as store:
        journal_id = await store.jobs.begin(entry)
    async with start() as bot:
        assert await (await first(revived(bot))).until_ended() is Restarted
        assert (await finished(bot, journal_id)).ending is Ending.CANCELLED


@pytest.mark.parametrize("contract", [b"\x00\xff", b"{}", b"[" * 10_000])
async def test_what_was_never_sent_and_cannot_be_read_is_told(start, handler, file_url, contract):
    """As from a backup that was tampered with; it must not take the process with it."""
    async with Store.open(file_url, _Later(-10)) as store:
        journal_id = await store.jobs.begin(replace(_entry(), waits=True, request=contract))
        await store.jobs.leases.release()
    async with start() as bot:
        assert await (await first(revived(bot))).until_ended() is Stopping
        assert (await finished(bot, journal_id)).ending is Ending.CANCELLED
        await perform(bot, Seen())
    assert handler.started == 1


@pytest.mark.parametrize("trouble", [ConnectionResetError(), TimeoutError(), StoreFailed("full")])
async def test_an_end_that_cannot_be_shown_now_is_shown_later(bot, handler, trouble):
    shows = revived(bot)
    before = Seen(trouble=[trouble])
    await perform(bot, before)
    show = await first(shows)
    assert await show.until_ended() == "hello"
    assert (await finished(bot, before.journal_id)).ending is Ending.COMPLETED
    assert handler.started == 1


# -- gates ------------------------------------------------------------------------------------


class TestGate:
    @pytest.fixture
    def door(self):
        return Door()

    @contextlib.asynccontextmanager
    async def waiting(self, bot, door, show):
        """While a job waits at the door."""
        bot.runner.register(Place, None, gate=door)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(perform(bot, show))
            await until(lambda: door.calls)
            yield task

    async def test_it_is_sent_when_its_turn_has_come(self, bot, door, handler):
        show = Seen(moves_to=PLACE.model_copy(update={"message_id": 11}))
        async with self.waiting(bot, door, show) as task:
            job = await bot.store.jobs.get(show.journal_id)
            assert (job.stage, handler.started) == (JobStage.WAITING, 0)
            assert job.place["message"] == "11"
            door.opened.set()
            assert await task is Ending.COMPLETED
        assert door.calls == [(7, 9, False)]
        assert door.inside == 0
        assert (await bot.store.jobs.get(show.journal_id)).place == show.moves_to.to_json()

    async def test_stopped_at_the_door_it_is_never_sent(self, bot, door, handler):
        show = Seen()
        async with self.waiting(bot, door, show) as task:
            bot.runner.stop(show.journal_id)
            assert await task is Ending.CANCELLED
        assert show.end is JobCancelled
        assert handler.started == 0

    async def test_stopped_while_discord_is_away_it_is_not_sent_later(self, bot, door, handler):
        show = Seen(trouble=[ConnectionResetError()])
        async with self.waiting(bot, door, show) as task:
            bot.runner.stop(show.journal_id)
            assert await task is Ending.CANCELLED
        door.opened.set()
        again = await first(revived(bot, gate=door))
        assert await again.until_ended() is JobCancelled
        assert handler.started == 0

    async def test_the_next_process_lets_it_wait_again(self, start, door, handler):
        show = Seen()
        async with start() as bot, self.waiting(bot, door, show) as task:
            await bot.runner.close()
            assert await task is Ending.UNKNOWN
        assert handler.started == 0
        door.opened.set()
        async with start() as bot:
            again = await first(revived(bot, gate=door))
            assert await again.until_ended() == "hello"
            await finished(bot, show.journal_id)
        assert handler.started == 1
        assert door.inside == 0

    async def test_a_job_that_another_process_has_taken_is_not_sent(
        self, start, door, handler, file_url
    ):
        show = Seen()
        async with (
            start(lease_ms=60_000) as bot,
            self.waiting(bot, door, show) as task,
            Store.open(file_url, _Later(120), lease_ms=60_000) as thief,
        ):
            assert len(await thief.jobs.leases.claim()) == 1
            door.opened.set()
            assert await task is Ending.UNKNOWN
        assert (show.end, handler.started) == (None, 0)


# -- small parts ------------------------------------------------------------------------------


class _Later(SystemClock):
    """A clock that is ahead, or (with a number under zero) behind."""

    def __init__(self, by_s):
        self._by_s = by_s

    def wall(self):
        return super().wall() + self._by_s


def _entry():
    return Entry(
        service=Service.GRACE,
        module="ECHO",
        endpoint_id="grace",
        mode=Mode.RUN,
        user_id=7,
        channel_id=8,
        deadline_ms=60_000,
        place=PLACE.to_json(),
        request=request().model_dump_json().encode(),
    )


async def test_what_is_not_seen_is_not_sent_when_another_process_has_it(start, handler, file_url):
    """It stood still just before its working line was there, and was taken for dead."""

    async with start() as bot, Store.open(file_url, SystemClock()) as other:

        class Slowly(Seen):
            async def started(self, journal_id):
                await bot.store.jobs.leases.release([journal_id])
                assert len(await other.jobs.leases.claim()) == 1
                return PLACE

        ending = await bot.runner.perform(
            request(), requester=REQUESTER, place=PLACE, title="t", view=Slowly(), is_shown=False
        )
    assert ending is Ending.UNKNOWN
    assert handler.started == 0


class WaitsToBeTold(SystemClock):
    """Sleeps for `NOTED_WITHIN_S` until it is told to go on."""

    def __init__(self):
        self.go = asyncio.Event()

    async def sleep(self, seconds):
        if seconds == running_job.NOTED_WITHIN_S:
            await self.go.wait()
        await super().sleep(seconds)


async def test_who_was_only_slow_may_still_note_its_id(start, handler, file_url):
    """Its process stood still for longer than its leases last, and then went on."""
    async with Store.open(file_url, SystemClock(), lease_ms=1) as slow, start() as bot:
        journal_id = await slow.jobs.begin(_entry())
        bot.runner._context.clock = WaitsToBeTold()
        show = await first(revived(bot))
        async with bot.services.submit(request()) as updates:
            async for update in updates:
                job_id = update.job_id
        assert not await slow.jobs.accepted(journal_id, job_id)
        bot.runner._context.clock.go.set()
        assert await show.until_ended() == "hello"
        assert (await finished(bot, journal_id)).ending is Ending.COMPLETED
    assert handler.started == 1
