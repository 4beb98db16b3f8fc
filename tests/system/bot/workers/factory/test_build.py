"""Real builds: the small model writes, the sandbox runs what it wrote."""

import pytest

from bot.contract import Source
from bot.contract.factory import build, read_build, read_iteration
from bot.workers.factory.handler import FactoryHandler
from bot.workers.factory.sandbox import find_sandbox

pytestmark = pytest.mark.models

DECK = Source(system="DECK")


async def built(qwen, task: str, **kwargs):
    handler = FactoryHandler(qwen)
    *partials, final = [r async for r in handler.handle(build(task, source=DECK, **kwargs))]
    made = read_build(final)
    assert made is not None
    assert [r for p in partials if (r := read_iteration(p))] == made.iterations
    return made


async def test_a_function_is_written_checked_and_works(qwen) -> None:
    if find_sandbox().command is None:
        pytest.skip("no sandbox on this machine")

    made = await built(
        qwen, "Write a Python function is_prime(n) that tells whether n is a prime number."
    )

    # Now and then a model this small writes a draft that nobody can parse; it never counts as good.
    assert all(r.check == "ran" or not r.passed for r in made.iterations)
    program, example = made.files
    assert program.name == "is_prime.py"
    assert "from is_prime import is_prime" in example.content
    best = max(r.score for r in made.iterations)
    assert made.passed == any(r.passed for r in made.iterations if r.score == best)
    assert best > 0.7
    assert "ran" in {r.check for r in made.iterations if r.score == best}
    # run here only after the sandbox did: the task leaves little room for harm
    names: dict = {}
    exec(program.content, names)
    assert [n for n in range(30) if names["is_prime"](n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


async def test_a_text_is_written_and_read(qwen) -> None:
    for _ in range(3):  # what is watched is the Factory: a model this small may lose its thread
        made = await built(qwen, "Escribe una invitación breve a una fiesta.", iterations=1)
        if len(made.files[0].content.split()) > 10 and made.iterations[0].check != "parsed":
            break  # else it is too short, or no text can be found in it

    assert made.files[0].name == "result.md"
    assert len(made.files[0].content.split()) > 10
    assert made.iterations[0].check == "read"
    assert "the model read it and gave it" in made.summary
