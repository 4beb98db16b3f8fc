"""The script for bash, in bash: the words that it hands on, and what bash gets of the answer."""

import shutil
import subprocess
from pathlib import Path

import pytest
from typer._completion_shared import get_completion_script

from bot.cli.bash_completion import install

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="needs bash")


def completed(folder: Path, *words: str, offers: str, breaks: str = " =:") -> list[str]:
    """The line that the program is asked about, then what bash offers, then `compopt`'s options."""
    program = folder / "program"
    program.write_text(f'#!/bin/sh\necho $COMP_CWORD $COMP_WORDS >&2\nprintf "{offers}"\n')
    program.chmod(0o700)
    install()
    script = get_completion_script(
        prog_name="skydeck", complete_var="_SKYDECK_COMPLETE", shell="bash"
    )
    quoted = " ".join(f"'{word}'" for word in words)
    line = (
        f"{script}\ncompopt() {{ echo \"$@\"; }}\nCOMP_WORDBREAKS='{breaks}'\n"
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        f'_skydeck_completion {program} 2>&1; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run([BASH, "--norc", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""  # bash has nothing to complain about
    return done.stdout.splitlines()


GRACE = ("skydeck", "call", "grace", "summarize", "-o")


def test_a_word_without_equals_is_handed_on(tmp_path):
    assert completed(tmp_path, "skydeck", "call", "gr", offers="grace\\n") == [
        "2 skydeck call gr",
        "grace",
    ]


def test_no_space_follows_the_name_of_an_option(tmp_path):
    found = completed(tmp_path, *GRACE, "le", offers="length=\\n")
    assert found == ["5 skydeck call grace summarize -o le", "-o nospace", "length="]


@pytest.mark.parametrize("typed", [("length", "="), ("length", "=", "s")])
def test_a_value_is_completed_after_the_equals_sign(tmp_path, typed: tuple[str, ...]):
    found = completed(tmp_path, *GRACE, *typed, offers="length=short\\n")
    assert found == [f"5 skydeck call grace summarize -o {''.join(typed)}", "short"]


def test_where_bash_breaks_no_word_at_equals_the_word_stays_whole(tmp_path):
    found = completed(tmp_path, *GRACE, "length=s", offers="length=short\\n", breaks=" ")
    assert found == ["5 skydeck call grace summarize -o length=s", "length=short"]


def test_a_value_may_follow_a_long_option(tmp_path):
    found = completed(tmp_path, "skydeck", "ask", "hi", "--language", "=", "e", offers="es\\n")
    assert found == ["3 skydeck ask hi --language=e", "es"]
