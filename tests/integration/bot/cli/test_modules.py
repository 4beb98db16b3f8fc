"""`skydeck modules`: one name a module, and each in detail."""

import json

import pytest

from tests.fakes.command_line import skydeck


def test_the_list_has_the_names_that_commands_take():
    done = skydeck("modules", COLUMNS="200")
    assert done.returncode == 0
    assert "summarize" in done.stdout
    assert "action-items" in done.stdout
    assert "SUMMARIZER" not in done.stdout
    assert "True" not in done.stdout


@pytest.mark.parametrize(
    "words", [("summarize",), ("SUMMARIZER",), ("grace", "summarizer"), ("GRACE", "Summarize")]
)
def test_one_module_is_shown_in_detail_by_any_name(words):
    done = skydeck("modules", *words, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("grace summarize: ")
    assert "short, medium, long" in done.stdout
    assert 'Example: skydeck call grace summarize "…" -o length=medium' in done.stdout


def test_a_program_gets_both_names():
    done = skydeck("modules", "grace", "summarizer", "--json")
    found = json.loads(done.stdout)
    assert (found["name"], found["contract_name"]) == ("summarize", "SUMMARIZER")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("grce",), "There is no service and no module 'grce'. Did you mean grace?"),
        (("sumarize",), "There is no service and no module 'sumarize'. Did you mean summarize?"),
        (("grace", "sumarize"), "Did you mean summarize? There are: summarize, translate, "),
        (("grce", "summarize"), "There is no service 'grce'. Did you mean grace?"),
        (("xyzzy",), "The services are penny, grace and factory."),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(words, hint):
    done = skydeck("modules", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr
    assert len(done.stderr.splitlines()) == 1
