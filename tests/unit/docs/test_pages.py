"""What the pages name exists: files, settings, commands, links, pictures."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from bot.catalogue import find_module
from bot.cli.follow import Result, summary
from bot.cli.lazy import COMMANDS, load
from bot.cli.main import app
from bot.contract import Audio, Output, Response, Service, Usage
from bot.settings import Settings
from tests.paths import ROOT
from tests.unit.docs.pages import PAGES, anchors, code, commands, inline, links, read

FOLDERS = "tests|deploy|docs|bot|cogs|audio|local_discord|scripts|kubernetes"
MAKE = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
OF_PEOPLE = ["README.md", "README.es.md", "docs/discord.md", "docs/privacy.md", "docs/tutorial.md"]
OF_PEOPLE += ["docs/es/tutorial.md", "docs/es/privacidad.md", "docs/es/index.md"]
OF_PEOPLE += ["docs/try.md", "docs/es/probar.md"]
SLASH = re.compile(r"/[\w-]+(?: [\w-]+)?(?= …|$)")
OF_TALK = {"/summarize", "/build"}
"""What one types in `skydeck talk`, which has commands of its own."""
OF_DISCORD = set(re.findall(r"`(/[\w -]+)`", read("docs/reference/discord-commands.md")))
OF_DISCORD |= {name.split()[0] for name in OF_DISCORD}
PLACEHOLDER = re.compile(r"[A-Z]|[\[{(<]|…")
"""How a word begins that stands for others, as COMMAND."""


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_exists(page):
    named = set(re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", read(page)))
    places = {
        name: [ROOT / name, ROOT / f"{name}.py", (ROOT / page).parent / name] for name in named
    }
    assert [name for name, paths in places.items() if not any(map(Path.exists, paths))] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    dead = []
    for link in links(read(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        is_alive = target.is_file() and (not anchor or anchor in anchors(target.read_text("utf-8")))
        dead += [] if is_alive else [link]
    assert dead == []


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_is_there_and_says_what_it_shows(page):
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)", read(page))
    assert all(words.strip() for words, _ in pictures)
    assert all((ROOT / page).parent.joinpath(path).is_file() for _, path in pictures)


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_named_exists(page):
    named = set(re.findall(r"\bSKYDECK_[A-Z_]+\b", read(page)))
    known = {name.upper() for name in Settings.model_fields}
    # The local Discord reads the first, and a benchmark the second.
    known |= {"SKYDECK_DISCORD_OPENAPI", "SKYDECK_RUNNING_SPEECH"}
    # `SKYDECK_BUDGET_*` stands for several
    assert [n for n in named - known if not any(k.startswith(n) for k in known)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_value_that_a_page_sets_is_accepted(page, monkeypatch):
    """As `SKYDECK_LLM=tiny` in a block that people copy."""
    for line in code(read(page)):
        if found := re.fullmatch(r"(SKYDECK_[A-Z_]+)=([^\s…]+) *(?:#.*)?", line.strip()):
            name, value = found[1].lower(), found[2]
            Settings(_env_file=None, **{"skydeck_llm_model": "any", name: value})


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_exists(page):
    wrong = [words for words in commands(read(page), "skydeck") if not _is_command(words)]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES)
def test_every_module_is_called_by_the_name_that_it_has(page):
    """Not by an older one, which works as well."""
    settings = Settings(_env_file=None)
    for words in commands(read(page), "skydeck"):
        called = [word for word in words[1:3] if not PLACEHOLDER.match(word)]
        if words[:1] == ["call"] and len(called) == 2:
            service, name = called
            module = find_module(settings, Service[service.upper()], name)
            assert name == module.command
            set_here = {words[i + 1].partition("=")[0] for i, w in enumerate(words) if w == "-o"}
            assert set_here <= {option.name for option in module.options}


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_installed_by_our_name(page):
    """No package is published: whatever a registry has under the name is somebody else's."""
    for words in commands(read(page), "pip"):
        assert not [word for word in words if word.startswith("skydeck")]


def test_the_page_of_models_has_the_measured_figures():
    quality, models = read("docs/quality.md"), read("docs/models.md")
    medians = re.search(r"^\| median \| (.+) \|$", quality, re.MULTILINE)[1].split(" | ")
    for name, median in (("tiny", medians[0]), ("small", medians[2])):
        right = re.search(rf"\| skydeck, {name} \| (\d+ of \d+ \| \d+ of \d+)", quality)[1]
        row = f"| {right} | {int(median.replace(',', '')) / 1000:.1f} s |\n"
        assert row in re.search(rf"\| `{name}` \|.*\n", models)[0], "as in docs/quality.md"


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_named_exists(page):
    named = {words[0] for words in commands(read(page), "make") if words}
    assert {name for name in named if re.fullmatch(r"[a-z-]+", name)} <= MAKE


@pytest.mark.parametrize("page", OF_PEOPLE)
def test_every_command_of_discord_named_exists(page):
    named = {found[0] for one in inline(read(page)) if (found := SLASH.match(one))}
    assert named - OF_DISCORD - OF_TALK == set()


@pytest.mark.parametrize("page", ["README.md", "README.es.md"])
def test_the_first_page_is_short(page):
    assert len(read(page).split()) <= 600


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("README.md", "README.es.md"),
        ("docs/tutorial.md", "docs/es/tutorial.md"),
        ("docs/try.md", "docs/es/probar.md"),
    ],
)
def test_both_languages_show_the_same_commands(english, spanish):
    """Without what is said in the language: texts, and the voice of Spanish."""

    def shown(page):
        named = [
            (program, *words)
            for program in ("make", "skydeck")
            for words in commands(read(page), program)
        ]
        return {tuple(w for w in words if re.fullmatch(r"[\w=-]+", w)) for words in named}

    voice = {
        ("skydeck", "models", "voices", "es"),
        ("skydeck", "models", "pull", "es_ES-davefx-medium"),
    }
    assert shown(english) == shown(spanish) - voice


@pytest.mark.parametrize("page", ["docs/tutorial.md", "docs/es/tutorial.md"])
def test_the_tutorial_shows_the_line_that_is_printed(page):
    """Its own figures, in the form of today."""
    line = re.search(r"^reply\.ogg .+$", read(page), re.MULTILINE)[0]
    length_s, *times_s = map(float, re.findall(r"([\d.]+) s\b", line))
    marks = ("asr", "first_token", "first_audio", "total")
    sound = Audio(data="", format="ogg", duration_ms=round(length_s * 1000))
    response = Response(output=Output(type="text", data="", audio=sound), usage=Usage(cost_usd=0.0))
    timings_ms = {mark: at_s * 1000 for mark, at_s in zip(marks, times_s, strict=True)}
    assert line == summary(Result(response, Path("reply.ogg"), timings_ms))


@pytest.mark.parametrize(("page", "language"), [("tutorial", "en"), ("es/tutorial", "es")])
def test_the_tutorial_calls_what_is_on_the_screen_by_its_name(page, language):
    def words(file: str) -> dict:
        return tomllib.loads((ROOT / f"bot/locales/{language}/{file}.toml").read_text("utf-8"))

    text = read(f"docs/{page}.md")
    assert words("talk")["state"]["ready"] in text
    assert f"**{words('voice')['consent']['yes']}**" in text


def _is_command(words: list[str]) -> bool:
    command = get_command(app)
    if words and words[0] in COMMANDS:
        command = load(words[0])
        words = words[1:]
        inner = getattr(command, "commands", {})
        if words and words[0] in inner:
            command, words = inner[words[0]], words[1:]
        elif inner and words and not words[0].startswith("-"):
            return False
    elif words and not PLACEHOLDER.match(words[0]) and not words[0].startswith("-"):
        return False
    options = {opt for parameter in command.params for opt in parameter.opts} | {"--help", "-h"}
    return all(word.partition("=")[0] in options for word in words if re.match(r"--?[a-z]", word))
