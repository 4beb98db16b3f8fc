"""The Factory's part of the contract."""

import pytest

from bot.contract import Request, Response, Source
from bot.contract.factory import Build, File, build, read_build, read_iteration, read_working
from bot.errors import BadInput

DECK = Source(system="DECK")
ITERATION = {
    "number": 1, "limit": 4, "score": 0.7, "passed": False, "check": "ran", "changed": "all",
}  # fmt: skip


def partial(data: object) -> Response:
    return Response.parse({"status": "partial", "output": {"type": "json", "data": data}})


def test_an_order_as_it_goes_on_the_wire() -> None:
    files = [File(name="f.py", content="x = 1\n")]

    request = build("make it faster", source=DECK, kind="python", iterations=2, refine=files)

    assert request.to_wire() == {
        "contract_version": "2.1",
        "source": {"system": "DECK"},
        "target": {"service": "FACTORY", "module": "BUILD"},
        "input": {"type": "text", "data": "make it faster"},
        "params": {"kind": "python", "files": [{"name": "f.py", "content": "x = 1\n"}]},
        "policy": {"max_iterations": 2},
    }
    assert Request.model_validate(request.to_wire()) == request


def test_nothing_to_build_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to build"):
        build("  ", source=DECK)


@pytest.mark.parametrize("iterations", [0, -1, 11])
def test_too_many_or_too_few_rounds_are_refused(iterations: int) -> None:
    with pytest.raises(BadInput, match="from 1 to 10"):
        build("a poem", source=DECK, iterations=iterations)


def test_a_round_is_told_from_progress() -> None:
    over = partial(ITERATION)
    alive = partial({"phase": "draft", "number": 1, "limit": 4})

    assert read_iteration(over) is not None
    assert read_working(over) is None
    assert read_iteration(alive) is None
    assert read_working(alive) is not None


def test_a_build_with_unknown_fields_is_read() -> None:
    data = {
        "summary": "done", "passed": True, "files": [{"name": "a.py", "content": "", "mode": 420}],
        "iterations": [{**ITERATION, "check": "proved", "model": "large"}], "id": 7,
    }  # fmt: skip

    read = read_build(Response.parse({"output": {"data": data}}))

    assert isinstance(read, Build)
    assert read.iterations[0].check == "proved"
    assert read.to_wire() == data


@pytest.mark.parametrize("data", [None, "a text", [], {"files": "none"}])
def test_an_answer_of_another_shape_is_no_build(data: object) -> None:
    assert read_build(Response.parse({"output": {"data": data}})) is None
    assert read_build(Response(status="completed")) is None


READABLE = [
    {"summary": 5, "passed": True, "files": [{"name": "a.py", "content": "x"}]},
    {"summary": None, "passed": "yes", "files": [{"name": "a.py", "content": "x"}, 7, {}]},
    {"passed": 1, "files": {"a.py": "x", "b.bin": None}},
    {"passed": True, "files": [{"name": "a.py", "content": "x"}, {"name": None, "content": "y"}]},
    {
        "passed": True,
        "files": [{"name": "a.py", "content": "x"}],
        "iterations": [{}, "first", {**ITERATION, "score": "best"}],
    },
    {"passed": True, "files": [{"name": "a.py", "content": "x"}], "iterations": "many"},
]


@pytest.mark.parametrize("data", READABLE, ids=str)
@pytest.mark.parametrize(
    "form", [lambda d: {"output": {"data": d}}, lambda d: d], ids=["ours", "bare"]
)
def test_what_can_be_read_of_a_build_is_read(form, data):
    read = read_build(Response.parse(form(data)))
    assert read is not None
    assert [(file.name, file.content) for file in read.files] == [("a.py", "x")]
    assert read.passed
    assert read.iterations == []


@pytest.mark.parametrize("number", [0, -1, 10**9, 10**400, "many", None, 1.5, True])
def test_a_round_of_an_unlikely_number_is_none(number):
    assert read_working(partial({"phase": "draft", "number": number, "limit": 4})) is None or (
        number is True
    )
    assert read_iteration(partial({**ITERATION, "limit": number})) is None or number is True
