"""What reaches a terminal of any encoding, and what does not."""
# ruff: noqa: RUF001  (quotes and dashes)

import contextlib
import io
import json
import logging
import sys

import pytest
from rich.table import Table

from bot import terminal
from bot.cli.costs import _by_day, _by_module
from bot.contract import Service
from bot.observability.logs import set_up_logs
from bot.service_calls.report import Report
from bot.settings import Settings
from bot.store.records import GroupSum

WORDS = "It’s señor 日本 🎉 \x1b[31mred\x07\x9b2J\u202eevil\u2066"
CLEAN = {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"}
ENCODINGS = ["ascii", "latin-1", "cp1252", "utf-8", "UTF8", "koi8-r"]


@contextlib.contextmanager
def screen(encoding, errors="strict"):
    """Standard output and error of one encoding; yields what was written, decoded."""
    written = io.BytesIO()
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.TextIOWrapper(
        written, encoding=encoding, errors=errors, write_through=True
    )
    try:
        yield lambda: written.getvalue().decode(encoding)
    finally:
        sys.stdout.detach()
        sys.stdout, sys.stderr = before


def written_by_rich():
    table = Table("what", "how")
    table.add_row(WORDS, "[bold]no markup[/] :smile: [/]")
    terminal.console().print(table)


WRITERS = {
    "out": lambda: terminal.out(WORDS),
    "err": lambda: terminal.err(WORDS),
    "a write": lambda: sys.stdout.write(WORDS),
    "lines": lambda: sys.stdout.writelines([WORDS, WORDS]),
    "print": lambda: print(WORDS),
    "raw": lambda: terminal.raw(sys.stdout).write("├── ’ █\r"),
    "a table": written_by_rich,
    "a traceback": lambda: sys.excepthook(ValueError, ValueError(WORDS), None),
    "JSON": lambda: terminal.out_json({"text": WORDS}),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_any_words_reach_any_terminal_and_drive_none(write, encoding):
    with screen(encoding) as seen, terminal.guarded():
        write()
        text = seen()
    assert text
    assert not CLEAN & set(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_stays_json(encoding):
    value = {"text": WORDS, "🎉": ["’"]}
    with screen(encoding) as seen, terminal.guarded():
        terminal.out_json(value)
        assert json.loads(seen()) == value


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["plain", "json"])
def test_log_lines_reach_any_terminal(form, encoding):
    log, root = logging.getLogger("bot.odd"), logging.getLogger()
    before, level = root.handlers[:], root.level
    with screen(encoding) as seen, terminal.guarded():
        try:
            root.handlers.clear()
            set_up_logs(Settings(_env_file=None, skydeck_log_format=form))
            log.warning("%s", WORDS)
        finally:
            root.handlers[:] = before
            root.setLevel(level)
        text = seen()
    assert not CLEAN & set(text)
    if form == "json":
        assert json.loads(text)["message"] == WORDS


def test_a_sign_that_is_missing_is_written_by_the_nearest():
    with screen("latin-1") as seen, terminal.guarded():
        terminal.out("It’s señor…\n")
        assert seen() == "It's señor...\n"


def test_words_in_brackets_are_no_markup():
    with screen("utf-8") as seen, terminal.guarded():
        terminal.console().print("a [/] [red]b[/red] :smile:")
        assert seen() == "a [/] [red]b[/red] :smile:\n"


def test_a_costs_report_with_a_module_of_any_name():
    group = GroupSum(service=Service.GRACE, module="[/RÉSUMÉ]\x1b[2J", calls=1, micro_usd=5)
    report = Report(
        first_day=20_000, by_service={Service.GRACE: [5]}, calls=1, total=5, reported=5,
        modules=[group], balances=[],
    )  # fmt: skip
    with screen("ascii") as seen, terminal.guarded():
        terminal.console().print(_by_day(report), _by_module(report))
        assert "[/RESUME]" in seen()
