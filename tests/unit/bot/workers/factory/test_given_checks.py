"""The checks that people write into a task, as they write them."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract.factory import File
from bot.workers.factory.given_checks import given_checks


@pytest.mark.parametrize(
    ("task", "checks"),
    [
        (
            "a palindrome checker. assert is_pal('A man, a plan') == True",
            ["is_pal('A man, a plan') == True"],
        ),
        (
            "Write slug(s): slug('Hi You') -> 'hi-you', and slug('') == ''.",
            ["slug('Hi You') == 'hi-you'", "slug('') == ''"],
        ),
        ("f(2) == 4, f(3) == 9.", ["f(2) == 4", "f(3) == 9"]),
        ("please make `assert f(1) is None` hold", ["f(1) is None"]),
        ("La función doble(2) → 4", ["doble(2) == 4"]),
        (
            "pi() → 3.14; add(1, 2) => (3, 4), add(2)==None",
            ["pi() == 3.14", "add(1, 2) == (3, 4)", "add(2) == None"],
        ),
        ("f(x) = x + 1 and f(g(2)) == [1, 2] # ok", ["f(g(2)) == [1, 2]"]),
        (">>> f(2)\n4\n>>> print(3)\n3\n", ["f(2) == 4"]),
        (
            "so:\n```python\nassert f(1) == (1, 2)\nassert f(\n 2) == 3\n```\n",
            ["f(1) == (1, 2)", "f(2) == 3"],
        ),
        ("f(2) == 4\nf(2) == 4", ["f(2) == 4"]),
    ],
)  # fmt: skip
def test_checks_are_found(task: str, checks: list[str]) -> None:
    assert list(given_checks(task)) == [f"assert {one}" for one in checks]


@pytest.mark.parametrize(
    "task",
    [
        "assert that it works", "make f(x, y=2) -> int that adds", "print(3) == None", "f(2) = 4",
        "an assert library", "```\npip install x\n```", "f(2) == x", "", ">>> ", "assert 1 == 1",
        "assert f(" + "-" * 290 + "1) == 1", "assert " + "(" * 250,
    ],
)  # fmt: skip
def test_words_are_no_checks(task: str) -> None:
    assert given_checks(task) == ()


def test_a_file_of_tests_is_taken_and_a_program_is_not() -> None:
    tests = File(
        name="test_f.py", content="from f import f\n\ndef test_a():\n    assert f(1) == 1\n"
    )

    assert given_checks("write f", [tests]) == ("assert f(1) == 1",)
    assert given_checks("write f", [File(name="f.py", content=tests.content)]) == ()


@given(st.text(alphabet="f(1)=>-→'\"`,. asert\n[]{}", max_size=200))
def test_whatever_is_found_can_be_run(task: str) -> None:
    for one in given_checks(task):
        ast.parse(one)
