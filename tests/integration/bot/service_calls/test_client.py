import asyncio
from decimal import Decimal

import pytest

from bot.choices import Mode
from bot.contract import Output, Response, Service, Status
from bot.contract.envelope import Policy, Usage
from bot.contract.job import RUN_LIMIT_BYTES
from bot.errors import JobFailed, OverBudget, ServiceDown, StoreFailed, SubmissionUnknown, TooLarge
from bot.money import Basis, Call, Payer, Period, Scope
from bot.runpod.models import JobState
from bot.service_calls.call import CallObserver
from bot.service_calls.client import ServiceClient
from bot.service_calls.cost_estimate import Rates
from bot.store.records import CallState, View
from tests.fakes.handlers import Scripted, echo, foreign, hang, partial
from tests.integration.bot.service_calls.conftest import Exchange, asking, until, whole
from tests.virtual_time import settle

ALWAYS = View(since_ms=0, until_ms=2**62)
ANA = Payer(user_id=11, guild_id=22, channel_id=33)


async def rows(exchange: Exchange, number: int = 1):
    """The ledger's rows, once there are `number` of them."""

    async def found():
        listed = [row async for row in exchange.store.spending.each(ALWAYS)]
        return listed if len(listed) >= number else None

    return await until(found)


async def dear(_request):
    usage = Usage(cost_usd=0.0125, input_tokens=10, output_tokens=2)
    yield Response(status=Status.COMPLETED, output=Output(data="ok"), usage=usage)


async def fails(_request):
    yield partial("I begin")
    raise JobFailed("It broke.")


async def test_preparing_is_no_call(exchange):
    penny = Scripted(dear)
    async with exchange(penny) as at:
        async with at.open() as board:
            await board.prepare(asking())
            await whole(board, asking())
        booked = await rows(at)
    assert len(booked) == 1


async def test_preparing_fails_without_a_word(exchange):
    async with exchange(Scripted(fails)) as at, at.open() as board:
        await board.prepare(asking())


async def test_a_call_is_booked_under_who_made_it(exchange):
    async with exchange(Scripted(dear)) as at:
        async with at.open() as board:
            updates = await whole(board, asking())
        [row] = await rows(at)
    assert updates[-1].state is JobState.COMPLETED
    assert (row["guild_id"], row["channel_id"], row["user_id"]) == (22, 33, 11)
    assert (row["service"], row["module"]) == ("PENNY", "CONVERSE")
    assert (row["cost_micro_usd"], row["basis"], row["input_tokens"]) == (12_500, "reported", 10)


@pytest.mark.parametrize("mode", list(Mode))
async def test_what_a_service_does_not_say_is_counted_by_the_second(exchange, mode):
    async with exchange(Scripted(echo)) as at:
        async with at.open(mode=mode) as board:
            await whole(board, asking())
        [row] = await rows(at)
    assert (row["cost_micro_usd"], row["basis"]) == (190, "seconds")


async def test_a_hundred_calls_at_once_and_money_for_ten(exchange):
    handler = Scripted(dear)
    limits = {(Scope.GUILD, Period.DAY): 125_000}
    async with exchange(handler, limits) as at:
        async with at.open() as first:
            await whole(first, asking(guild="7"))  # so that the price is known
        async with at.open() as one, at.open() as two:
            work = (whole((one, two)[n % 2], asking(user=str(n + 1))) for n in range(100))
            ended = await asyncio.gather(*work, return_exceptions=True)
        refused = [e for e in ended if isinstance(e, OverBudget)]
        assert (len(refused), len(ended) - len(refused)) == (90, 10)
        assert handler.started == 11
        day = (await at.store.ledger.balances(Payer(guild_id=22)))[2]
        assert (day.spent, day.reserved, day.left) == (125_000, 0, 0)
        assert sum(row["cost_micro_usd"] for row in await rows(at, 11)) == 137_500


async def test_what_cannot_be_paid_for_is_not_sent(exchange):
    handler = Scripted(echo)
    async with exchange(handler, {(Scope.ALL, Period.DAY): 9_999}) as at, at.open() as board:
        with pytest.raises(OverBudget) as refused:
            await whole(board, asking())
    assert (refused.value.scope, refused.value.period) == ("all", "day")
    assert handler.started == 0


async def test_a_contracts_own_limit_is_all_that_is_set_aside(exchange):
    async with exchange(Scripted(dear), {(Scope.ALL, Period.DAY): 9_999}) as at:
        async with at.open() as board:
            policy = Policy(max_cost_usd=0.009)
            await whole(board, asking().model_copy(update={"policy": policy}))
        [row] = await rows(at)
    assert row["reserved_micro_usd"] == 9_000


async def test_a_failure_costs_what_it_took(exchange):
    async with exchange(Scripted(fails), {(Scope.USER, Period.DAY): 10**6}) as at:
        async with at.open() as board:
            with pytest.raises(JobFailed):
                await whole(board, asking())
        [row] = await rows(at)
        assert (row["cost_micro_usd"], row["basis"]) == (190, "seconds")
        assert {b.reserved for b in await at.store.ledger.balances(ANA)} == {0}


async def test_who_interrupts_pays_for_what_was_done(exchange):
    async with exchange(Scripted(hang), {(Scope.USER, Period.DAY): 10**6}) as at:
        async with at.open() as board, board.submit(asking()) as updates:
            async for update in updates:
                if update.response is not None:
                    break
        [row] = await rows(at)
        assert (row["basis"], row["cost_micro_usd"]) == ("seconds", 190)
        assert {b.reserved for b in await at.store.ledger.balances(ANA)} == {0}


async def test_who_leaves_while_money_is_set_aside_gets_it_back(exchange, monkeypatch):
    handler = Scripted(echo)
    async with exchange(handler, {(Scope.USER, Period.DAY): 10**6}) as at:
        reserve = at.store.ledger.reserve

        async def then_leave(call, micro_usd):
            await reserve(call, micro_usd)
            calling.cancel()
            await asyncio.sleep(0)

        monkeypatch.setattr(at.store.ledger, "reserve", then_leave)
        async with at.open() as board:
            calling = asyncio.ensure_future(whole(board, asking()))
            with pytest.raises(asyncio.CancelledError):
                await calling
        assert {(b.spent, b.reserved) for b in await at.store.ledger.balances(ANA)} == {(0, 0)}
    assert handler.started == 0


async def test_a_call_that_could_not_be_made_gives_the_money_back(exchange):
    async with exchange(Scripted(echo), {(Scope.USER, Period.DAY): 10**6}) as at:
        at.url = "http://127.0.0.1:9"
        async with at.open() as board:
            with pytest.raises(Exception, match=r"127\.0\.0\.1|reached|answer"):
                await whole(board, asking())
        assert {(b.spent, b.reserved) for b in await at.store.ledger.balances(ANA)} == {(0, 0)}
        assert [row async for row in at.store.spending.each(ALWAYS)] == []


async def test_the_next_process_books_what_this_one_set_aside(exchange):
    handler = Scripted(hang)
    async with exchange(handler, {(Scope.USER, Period.DAY): 10**6}) as at:
        request = asking().model_copy(update={"contract_id": "contract-1"})
        async with at.open() as first, first.submit(request) as updates:
            async for update in updates:
                if update.response is not None:
                    job_id = update.job_id
                    break
            first.detach(job_id)
        reserved = {b.reserved for b in await at.store.ledger.balances(ANA)}
        assert reserved == {10_000}, "the money stays set aside while the job runs on"
        call = Call(call_id="contract-1", service=Service.PENNY, module="CONVERSE", payer=ANA)
        async with (
            at.open() as second,
            second.collect(job_id, call) as updates,
        ):
            async for update in updates:
                assert update.state is JobState.RUNNING
                break
        [row] = await rows(at)
        assert (row["call_id"], row["state"]) == ("contract-1", CallState.SETTLED)
        assert {b.reserved for b in await at.store.ledger.balances(ANA)} == {0}


async def test_what_may_be_running_unseen_is_counted(exchange, monkeypatch):
    async def lost(*_args, **_kwargs):
        raise SubmissionUnknown("The line broke.")
        yield

    async with exchange(Scripted(echo), {(Scope.USER, Period.DAY): 10**6}) as at:
        async with at.open() as board:
            monkeypatch.setattr(board._client, "submit", lost)
            with pytest.raises(SubmissionUnknown):
                await whole(board, asking())
        [row] = await rows(at)
    assert (row["basis"], row["cost_micro_usd"]) == (Basis.RESERVED, 10_000)


async def test_a_budget_that_is_nearly_spent_is_told_once(exchange):
    told = []
    async with exchange(Scripted(dear), {(Scope.GUILD, Period.DAY): 30_000}) as at:
        async with at.open() as board:
            board.when_low(lambda call, low: told.append((call.payer, [b.spent for b in low])))
            for _ in range(2):
                await whole(board, asking())
                await settle()
        assert told == [(ANA, [25_000])]


async def test_services_that_can_cost_nothing_need_no_budget(exchange):
    free = Rates(usd_per_s=Decimal(0), is_local=True, is_free=True)
    async with exchange(Scripted(echo), {(Scope.ALL, Period.DAY): 0}) as at:
        async with at.open(rates=free) as board:
            await whole(board, asking())
        [row] = await rows(at)
    assert (row["cost_micro_usd"], row["basis"]) == (0, "local")


async def test_a_broken_ledger_loses_no_answer_and_lets_no_limited_call_pass(
    exchange, monkeypatch, caplog
):
    async def broken(*_args, **_kwargs):
        raise StoreFailed("The disk is full.")

    async with exchange(Scripted(echo), {(Scope.USER, Period.DAY): 10**6}) as at:
        async with at.open() as board:
            monkeypatch.setattr(at.store.ledger, "settle", broken)
            assert (await whole(board, asking()))[-1].state is JobState.COMPLETED
        assert "not in the ledger" in caplog.text
        async with at.open() as board:
            monkeypatch.setattr(at.store.ledger, "reserve", broken)
            with pytest.raises(StoreFailed):
                await whole(board, asking())


async def test_a_check_sends_nothing_and_tells_nobody(exchange):
    handler, notes = Scripted(echo), Notes()
    async with exchange(handler) as at, at.open(observers=[notes]) as board:
        board.check(asking())
        with pytest.raises(TooLarge):
            board.check(asking("x" * RUN_LIMIT_BYTES))
    assert (handler.started, notes.lines) == (0, [])


class Notes(CallObserver):
    def __init__(self) -> None:
        self.lines = []

    def inject_traceparent(self, request):
        return request.model_copy(update={"trace_id": "ab" * 16})

    async def started(self, call):
        self.lines.append("started")

    def updated(self, call, update):
        self.lines.append(update.state)

    def ended(self, call):
        self.lines.append(("ended", type(call.error), call.charge and call.charge.basis))


async def test_observers_see_every_call_from_its_beginning_to_its_end(exchange):
    seen, notes = [], Notes()

    async def look(request):
        seen.append(request.trace_id)
        async for response in echo(request):
            yield response

    async with exchange(Scripted(look)) as at, at.open(observers=[notes]) as board:
        await whole(board, asking())
    assert seen == ["ab" * 16]
    assert notes.lines[:2] == ["started", "submitting"]
    assert notes.lines[-2:] == [JobState.COMPLETED, ("ended", type(None), Basis.SECONDS)]


async def test_without_budgets_calls_are_just_made(exchange):
    async with exchange(Scripted(echo)) as at, at.open(budgets=False) as board:
        assert isinstance(board, ServiceClient)
        assert (await whole(board, asking()))[-1].state is JobState.COMPLETED
        assert [row async for row in at.store.spending.each(ALWAYS)] == []


@pytest.mark.parametrize(
    "value",
    [
        {"error": "CUDA out of memory"},
        {"status": "FAILED", "message": "CUDA out of memory"},
        {"output": "half", "success": False, "detail": "CUDA out of memory"},
    ],
    ids=str,
)
async def test_a_job_that_completed_with_a_failure_is_booked_and_counts_as_a_fault(exchange, value):
    async def broken(_request):
        yield foreign(value)

    async with exchange(Scripted(broken)) as at:
        async with at.open() as board:
            for _ in range(3):
                with pytest.raises(JobFailed, match="CUDA out of memory"):
                    await whole(board, asking())
            with pytest.raises(ServiceDown):
                await whole(board, asking())
        booked = await rows(at, 3)
    assert len(booked) == 3
    assert {row["state"] for row in booked if "state" in row} <= {CallState.SETTLED}
