"""Which commands a README has, and what is not as it says."""

from pathlib import Path

import pytest

from scripts.try_readme import Ran, commands_of, problems_of
from tests.paths import ROOT

PAGE = """# A page

```
make talk          # sets everything up
. .venv/bin/activate
skydeck ask "What is C#?"     # in writing

```

`skydeck doctor` helps; `make docs` builds, `skydeck`, `pip install x` and `make` do not.

```toml
not = "a command"
```
"""


def test_the_commands_are_those_of_blocks_and_lines_without_what_is_said_of_them():
    assert commands_of(PAGE) == [
        "make talk",
        ". .venv/bin/activate",
        'skydeck ask "What is C#?"',
        "skydeck doctor",
        "make docs",
    ]


@pytest.mark.parametrize("page", ["README.md", "README.es.md"])
def test_every_command_of_the_readmes_is_known(page, tmp_path):
    commands = commands_of((ROOT / page).read_text("utf-8"))
    assert commands[:2] == ["make talk", ". .venv/bin/activate"]
    assert len(commands) >= 7
    for command in commands:
        [*said] = problems_of(Ran(command, 0, ""), tmp_path, llm="")
        assert not any("does not know" in one for one in said)


def test_what_is_not_as_the_readme_says_is_told(tmp_path: Path):
    def problems(command: str, code: int, output: str) -> list[str]:
        return list(problems_of(Ran(command, code, output), tmp_path, llm=""))

    good = "You: What is the capital of France?\nAlfred: It is Paris.\n"
    good += "reply.ogg (1.9 s) · heard 0.26 s · done 1.10 s · $0\n"
    assert problems("make talk", 0, good) == ["it makes no reply.ogg"]
    (tmp_path / "reply.ogg").touch()
    assert problems("make talk", 0, good) == []
    assert problems("make talk", 2, good) == ["it ends with 2 instead of 0"]
    assert len(problems("make talk", 0, "Alfred: It is Rome.\n")) == 3
    assert problems("skydeck bot", 2, "skydeck: DISCORD_TOKEN is not set. … Reset Token") == []
    crashed = "ok    versions: 1\nok    weights: 1\nTraceback (most recent call last)"
    assert problems("skydeck doctor", 0, crashed) == ["it writes a traceback"]
    [unknown] = problems("rm -rf /", 0, "")
    assert "does not know" in unknown


def test_only_the_default_model_is_asked_for_the_right_answer(tmp_path: Path):
    wrong = Ran("skydeck ask …", 0, "Alfred: La capital de Francia es Francia.\n")
    assert list(problems_of(wrong, tmp_path, llm="tiny")) == []
    assert len(list(problems_of(wrong, tmp_path, llm=""))) == 1
    silent = Ran("skydeck ask …", 0, "")
    assert len(list(problems_of(silent, tmp_path, llm="tiny"))) == 1
