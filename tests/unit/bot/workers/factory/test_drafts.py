"""What a small model really writes, and what becomes of it."""

import ast

import pytest

from bot.build_notes import english
from bot.contract.factory import File
from bot.workers.factory.drafts import (
    Draft,
    ModelAnswer,
    is_enough,
    read_program,
    read_text,
    statements_of,
)
from bot.workers.factory.kinds import Kind

ANSWER = """Here is the program:

```python
import string

# one for each letter
LETTERS = string.ascii_lowercase


def caesar(text, shift):
    \"\"\"Shift the letters.\"\"\"
    return "".join(LETTERS[(LETTERS.index(c) + shift) % 26] for c in text)

# Test cases
word = "abc"
assert caesar(word, 2) == "cde"
assert caesar("", 3) == ""
print(caesar("abc", 1))
```

This shifts the letters."""


def read(code: str) -> Draft:
    return read_program(ModelAnswer(f"```python\n{code}\n```"))


def example(draft: Draft) -> str:
    assert draft.example is not None, draft.notes
    return draft.example.content


def test_a_program_and_what_tries_it_out_are_told_apart() -> None:
    draft = read_program(ModelAnswer(ANSWER))

    assert draft.made.name == "caesar.py"
    assert draft.made.content.startswith(
        "import string\n\n# one for each letter\nLETTERS = string.ascii_lowercase\n\n\ndef caesar"
    )
    assert "assert" not in draft.made.content
    assert "abc" not in draft.made.content
    assert example(draft) == (
        "from caesar import caesar\n\nword = 'abc'\nassert caesar(word, 2) == 'cde'\n"
        "assert caesar('', 3) == ''\nprint(caesar('abc', 1))\n"
    )
    assert [file.name for file in draft.files] == ["caesar.py", "example.py"]


def test_two_blocks_are_one_program() -> None:
    draft = read_program(
        ModelAnswer("```python\ndef f():\n    return 1\n```\nand\n```python\nassert f() == 1\n```")
    )
    assert "assert f() == 1" in example(draft)


def test_a_block_for_the_shell_does_no_harm() -> None:
    draft = read_program(
        ModelAnswer(
            "```python\ndef f():\n    return 1\nassert f() == 1\n```\n```bash\npip install f\n```"
        )
    )
    assert not draft.notes


def test_an_answer_without_a_block_is_read_as_code() -> None:
    assert (
        read_program(ModelAnswer("def f():\n    return 1\n\nassert f() == 1")).example is not None
    )


@pytest.mark.parametrize(
    "end", ["assert f(2) ==", "assert f", "assert f([1,\n        2", "for x in"]
)
def test_a_line_that_breaks_off_is_left_out(end: str) -> None:
    answer = f"```python\ndef f(x):\n    return x\n\nassert f(1) == 1\n{end}"

    draft = read_program(ModelAnswer(answer, truncated=True))

    assert example(draft) == "from f import f\n\nassert f(1) == 1\n"


def test_a_mistake_in_the_middle_is_told_and_not_cut_away() -> None:
    draft = read("def f(:\n    return 1\n\nassert f() == 1")

    assert draft.example is None
    assert english(*draft.notes).startswith("It is not valid Python: ")
    assert "(line 1)" in english(*draft.notes)


def test_a_test_that_only_asserts_is_opened_up() -> None:
    test = 'def test_f():\n    """Try it."""\n    x = 1\n    assert f() == x\n    assert f() != 2'
    draft = read(f"def f():\n    return 1\n\n{test}\n\ntest_f()")

    assert "test_f" not in draft.made.content
    assert example(draft) == "from f import f\n\nx = 1\nassert f() == x\nassert f() != 2\n"


def test_any_other_test_is_called() -> None:
    test = "def test_f():\n    for n in range(3):\n        assert f() == 1"
    draft = read(f"def f():\n    return 1\n\n{test}")

    assert "test_f" not in draft.made.content
    assert example(draft).endswith(f"{test}\ntest_f()\n")


def test_the_main_part_stays_with_the_program_and_is_run_only_for_want_of_checks() -> None:
    main = "if __name__ == '__main__':\n    print(f())"

    checked = read(f"def f():\n    return 1\n\nassert f() == 1\n\n{main}")
    unchecked = read(f"def f():\n    return 1\n\n{main}")

    assert "__main__" in checked.made.content
    assert "print" not in example(checked)
    assert "print(f())" in example(unchecked)


def test_an_import_that_may_fail_goes_with_the_program() -> None:
    draft = read("try:\n    import json\nexcept ImportError:\n    json = None\n\n"
                 "def f():\n    return json.dumps(1)\n\nassert f() == '1'")  # fmt: skip
    assert draft.made.content.startswith("try:\n    import json")


def test_the_models_guess_at_its_own_file_name_is_left_out() -> None:
    draft = read("from main import *\n\ndef f():\n    return 1\n\nassert f() == 1")

    assert "main" not in draft.made.content


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def to_roman(n):\n    return n", "to_roman.py"),
        ("class TextStack:\n    pass", "text_stack.py"),
        ("def csv(text):\n    return text", "csv_solution.py"),
        ("def example():\n    return 1", "example_solution.py"),
        ("def año():\n    return 1", "solution.py"),
        ("def " + "f" * 99 + "():\n    return 1", "f" * 40 + ".py"),
    ],
)
def test_the_file_is_named_after_what_it_defines(code: str, name: str) -> None:
    assert read(f"{code}\n\nassert True").made.name == name


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("print('hello')", "defines no function"),
        ("def f():\n    return 1", "no example"),
        ("", "not valid Python"),
    ],
)
def test_what_cannot_be_checked_says_why(code: str, problem: str) -> None:
    draft = read(code)
    assert draft.example is None
    assert problem in english(*draft.notes)


def test_only_so_many_checks_are_kept() -> None:
    code = "def f(x):\n    return x\n\n" + "\n".join(f"assert f({n}) == {n}" for n in range(20))

    draft = read_program(ModelAnswer(f"```\n{code}\n```"))

    assert example(draft).count("assert") == 12


def test_fixed_checks_take_the_place_of_the_answers_own() -> None:
    first = read("def f(x):\n    return x\n\nassert f(1) == 1")
    code = "def helper(x):\n    return x\n\ndef f(x):\n    return helper(x)\n\nassert f(9) == 9"

    second = read_program(ModelAnswer(f"```\n{code}\n```"), statements_of(first))

    assert statements_of(first) == ["assert f(1) == 1"]
    assert example(second) == "from helper import f\n\nassert f(1) == 1\n"


def test_files_that_are_no_program_are_handed_on() -> None:
    readme = File(name="README.md", content="# f\n")

    draft = read_program(ModelAnswer("def f():\n    return 1\nassert f() == 1"), others=(readme,))

    assert draft.files[-1] == readme


def test_a_model_is_stopped_when_it_has_checked_enough() -> None:
    answer = "```python\ndef f(x):\n    return x\n\n"
    for n in range(3):
        answer += f"assert f({n}) == {n}\n"
        assert not is_enough(Kind.PYTHON, answer)
    assert not is_enough(Kind.PYTHON, f"{answer}assert f(4)")
    assert not is_enough(Kind.PYTHON, f"{answer}assert f(\n    4,\n")
    assert is_enough(Kind.PYTHON, f"{answer}assert f(4) == 4\nass")
    assert is_enough(Kind.PYTHON, f"{answer}```\nThis")
    assert not is_enough(Kind.TEXT, f"{answer}```\nThis")


def test_a_text_is_one_file() -> None:
    draft = read_text(ModelAnswer("  A poem.\n"))
    assert (draft.made.name, draft.made.content, draft.notes) == ("result.md", "A poem.\n", ())
    cut = read_text(ModelAnswer("A poem", truncated=True))
    assert english(*cut.notes).startswith("It breaks off")
    assert english(*read_text(ModelAnswer(" \n")).notes) == "There is no text."


@pytest.mark.parametrize(
    "nasty", ["\0", "(" * 500, "def f():\n" + " " * 400 + "return", "```", "`" * 99]
)
def test_no_answer_is_too_strange_to_be_read(nasty: str) -> None:
    draft = read_program(ModelAnswer(nasty))

    assert english(*draft.notes)
    if draft.example:
        ast.parse(draft.example.content)
