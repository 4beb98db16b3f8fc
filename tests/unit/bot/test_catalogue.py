import json
import os
from pathlib import Path

import pytest

from bot.catalogue import list_modules, load_grace, packaged_catalogue
from bot.contract import Service
from bot.errors import BadSettings
from bot.settings import Settings

EIGHTEEN = [
    "SUMMARIZER",
    "TRANSLATOR",
    "CLASSIFIER",
    "EXTRACTOR",
    "SENTIMENT",
    "KEYWORDS",
    "REWRITER",
    "PROOFREADER",
    "EXPLAINER",
    "SIMPLIFIER",
    "QUESTION_ANSWERER",
    "TITLER",
    "OUTLINER",
    "BRAINSTORMER",
    "COMPARER",
    "ACTION_ITEMS",
    "EMAIL_WRITER",
    "CODE_REVIEWER",
]


def settings(catalogue=None):
    return Settings(_env_file=None, skydeck_grace_catalogue=catalogue)


def test_there_are_eighteen_modules():
    assert list(load_grace(settings())) == EIGHTEEN


@pytest.mark.parametrize("module", load_grace(settings()).values(), ids=EIGHTEEN)
def test_every_shot_of_a_json_module_is_what_its_schema_asks_for(module):
    for shot in module.shots:
        if module.output == "json":
            answer = json.loads(shot.answer)
            fixed = [name for name in module.json_schema["required"] if "{" not in name]
            assert [*answer][: len(fixed)] == fixed


def test_the_users_own_file_is_read(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("\ufeff" + packaged_catalogue().replace('"TITLER"', '"HEADLINER"'), "utf-8")
    catalogue = load_grace(settings(mine))
    assert "HEADLINER" in catalogue
    assert "TITLER" not in catalogue


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"[[module", "is not valid TOML"),
        (b"[[module]]\nname = 'X'", "X.name: String should match pattern"),
        (b"#" * 1_000_001, "is over 1 MB"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(tmp_path, content, words):
    mine = tmp_path / "mine.toml"
    if content is not None:
        mine.write_bytes(content)
    with pytest.raises(BadSettings) as caught:
        load_grace(settings(mine))
    assert words in caught.value.message
    assert "SKYDECK_GRACE_CATALOGUE" in caught.value.hint


def test_all_modules_are_listed_in_one_shape():
    entries = list_modules(settings())
    names = [entry.name for entry in entries]
    assert names == ["CONVERSE", "TRANSCRIBE", "SPEAK", *EIGHTEEN, "BUILD"]
    for service in Service:
        assert list_modules(settings(), service) == [e for e in entries if e.service is service]
    assert json.loads(json.dumps([entry.model_dump(mode="json") for entry in entries]))


@pytest.mark.parametrize("kind", ["endless", "hanging"])
def test_a_device_or_a_pipe_is_no_catalogue(tmp_path, kind):
    path = Path("/dev/zero") if kind == "endless" else tmp_path / "pipe"
    if kind == "hanging":
        os.mkfifo(path)
    with pytest.raises(BadSettings, match="it is a pipe, a device or a socket"):
        load_grace(settings(path))
