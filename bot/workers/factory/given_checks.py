"""The checks that a task itself names: they alone decide whether its program passes. Pure.

People write them as `assert f(2) == 4`, as a session (`>>> f(2)`, and `4` below), as a result
(`f(2) == 4`, `f(2) -> 4`), or they hand in a file of tests.
"""

import ast
import doctest
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bot.contract.factory import File
from bot.workers.factory.drafts import parse_literal, parse_source
from bot.workers.factory.parts import Parts

MAX_GIVEN: Final = 40
_MAX_EXPRESSION_CHARS: Final = 300
_ASSERT: Final = re.compile(r"\bassert[ \t(]")
_BLOCK: Final = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_CALL: Final = re.compile(r"(?<![\w.])[A-Za-z_][\w.]{0,80}\(")
_RESULT: Final = re.compile(r"[ \t]*`?[ \t]*(?:==|->|=>|→|⇒|➜)[ \t]*`?[ \t]*")
_TEST_FILE: Final = re.compile(r"tests?\.py|test_.*\.py|.*_tests?\.py")


def given_checks(task: str, files: Sequence[File] = ()) -> tuple[str, ...]:
    """The statements of the example that a task names; none if it names no check."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a stray backslash, say
            found = [s for file in files if is_test_file(file) for s in _in_source(file.content)]
            found += _in_task(task)
    except RecursionError:  # of a thousand nested signs
        return ()
    return tuple(dict.fromkeys(found))[:MAX_GIVEN] if any(map(_checks, found)) else ()


def is_test_file(file: File) -> bool:
    """Whether a file holds somebody's own tests, by its name."""
    return _TEST_FILE.fullmatch(file.name) is not None


def _in_task(task: str) -> Iterator[str]:
    blocks = _BLOCK.findall(task)
    for block in blocks:
        yield from filter(_checks, _in_source(block))
    yield from _in_sessions(task)
    for line in _BLOCK.sub("", task).splitlines():
        if ">>>" not in line:
            yield from _in_line(line)


def _in_source(source: str) -> list[str]:
    """The statements of a file of tests, without what they import."""
    tree = parse_source(source)
    return [] if tree is None else Parts(source, tree).example


def _in_sessions(task: str) -> Iterator[str]:
    if ">>>" not in task:
        return
    try:
        steps = doctest.DocTestParser().get_examples(task)
    except ValueError:
        return
    for step in steps:
        call, want = step.source.strip(), step.want.strip()
        if _is_call(call) and parse_literal(want) is not None:
            yield ast.unparse(ast.parse(f"assert {call} == {want}"))


def _in_line(line: str) -> Iterator[str]:
    start = _ASSERT.search(line)
    if start is not None:
        check = _longest(line[start.start() :], _is_assert)
        if check:
            yield ast.unparse(ast.parse(check))
        return
    for start in _CALL.finditer(line):
        call = _call_at(line, start.start())
        result = _RESULT.match(line, start.start() + len(call)) if call else None
        want = _longest(line[result.end() :], _is_value) if result is not None else ""
        if want:
            yield ast.unparse(ast.parse(f"assert {call} == {want}"))


def _call_at(line: str, start: int) -> str:
    """The call that begins there: up to the first parenthesis that makes it one."""
    end = start
    while (end := line.find(")", end) + 1) and end - start <= _MAX_EXPRESSION_CHARS:
        if _is_call(line[start:end]):
            return line[start:end]
    return ""


def _longest(text: str, is_right: Callable[[str], bool]) -> str:
    """The longest beginning of a text that is right; empty: none is."""
    text = text[:_MAX_EXPRESSION_CHARS].split("`", maxsplit=1)[0]
    beginnings = (text[:end].strip() for end in range(len(text), 0, -1))
    return next((one for one in beginnings if is_right(one)), "")


def _is_value(text: str) -> bool:
    """Whether a text is a value; "4, 5" are two, and "4." ends a sentence."""
    tree = parse_source(text)
    shape = getattr(tree.body[0], "value", None) if tree is not None and tree.body else None
    is_list_of_words = isinstance(shape, ast.Tuple) and not text.startswith("(")
    return not is_list_of_words and text[-1:] not in {".", ","} and parse_literal(text) is not None


def _is_assert(text: str) -> bool:
    tree = parse_source(text)
    return tree is not None and len(tree.body) == 1 and _checks(text)


def _checks(statement: str) -> bool:
    """Whether a statement checks what a call returns: "assert that" is English."""
    tree = parse_source(statement)
    parts = [] if tree is None else list(ast.walk(tree))
    has_check = any(isinstance(part, ast.Assert) for part in parts)
    return has_check and any(isinstance(part, ast.Call) for part in parts)


def _is_call(text: str) -> bool:
    """Whether a text calls something for its result; `print` has none."""
    tree = parse_source(text)
    calls = [getattr(node, "value", None) for node in tree.body] if tree is not None else []
    names = [ast.unparse(call.func) for call in calls if isinstance(call, ast.Call)]
    return len(names) == len(calls) == 1 and names != ["print"]
