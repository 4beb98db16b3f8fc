"""The Dockerfiles: sound by hadolint's rules, and true to the code. No Docker engine is needed."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bot.cli.models import Part
from bot.contract import Service
from bot.models.manifest import SPEECH_MODELS
from bot.presets import Preset
from bot.settings import Settings
from tests.paths import ROOT

BOT, WORKER = ROOT / "deploy" / "bot.Dockerfile", ROOT / "deploy" / "worker.Dockerfile"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SERVICES = ROOT / "deploy" / "services.Dockerfile"
UBUNTU_2404_PYTHON = "3.12"
each = pytest.mark.parametrize("file", [BOT, WORKER, SERVICES], ids=["bot", "worker", "services"])


def instructions(file: Path) -> list[tuple[str, str]]:
    """(INSTRUCTION, arguments), comments left out and continued lines joined."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages(file: Path) -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage; the last one may be without a name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for word, rest in instructions(file):
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "last"
            found[name] = []
        if found:
            found[name].append((word, rest))
    return found


def environment(steps: list[tuple[str, str]]) -> dict[str, str]:
    return dict(
        pair.split("=", 1) for word, rest in steps if word == "ENV" for pair in rest.split()
    )


@each
def test_hadolint_finds_nothing(file):
    tool = Path(sys.executable).with_name("hadolint")
    found = str(tool) if tool.exists() else shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint has no package for this machine")
    done = subprocess.run(
        [found, "--no-color", file], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


@each
def test_bases_have_tags_and_no_registry(file):
    """Docker's own registry is the default; a tag is what a rebuild follows for its fixes."""
    text = file.read_text()
    named = {
        name for word, rest in instructions(file) if word == "FROM" for name in [rest.split()[0]]
    }
    bases = named - set(stages(file))
    for base in bases:
        assert re.fullmatch(r"[a-z]+(/[a-z]+)?:[^:]+", base), base
        assert "latest" not in base
    assert bases
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text), "but for what it asks itself"


@each
def test_the_python_is_one_that_skydeck_supports(file):
    asked = re.search(r"^ARG PYTHON=(.+)$", file.read_text(), re.MULTILINE)
    version = asked[1] if asked else UBUNTU_2404_PYTHON
    assert version in SpecifierSet(PYPROJECT["requires-python"])


@each
def test_every_variable_is_a_setting_or_known(file):
    known = {name.upper() for name in Settings.model_fields}
    known |= {"PATH", "PYTHONUNBUFFERED", "MPLCONFIGDIR"}
    for steps in stages(file).values():
        assert set(environment(steps)) <= known


@each
def test_no_secret_is_in_an_image(file):
    secrets = [n.upper() for n, f in Settings.model_fields.items() if "Secret" in str(f.annotation)]
    secrets.remove("SKYDECK_DATABASE_URL")  # the bot's is a file in its own folder
    assert not [
        name for name in secrets if re.search(rf"^\s*(ENV|ARG).*{name}", file.read_text(), re.M)
    ]
    assert environment(stages(BOT)["last"])["SKYDECK_DATABASE_URL"] == "sqlite:////data/skydeck.db"


@each
def test_what_is_copied_is_there_and_not_ignored(file):
    """`.dockerignore` lets in only what it names."""
    rules = [r for r in (ROOT / ".dockerignore").read_text().splitlines() if r and r[0] != "#"]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    for word, rest in instructions(file):
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert source in allowed, source
                assert (ROOT / source).exists()


@each
def test_it_runs_as_nobody_in_particular_and_hears_sigterm(file):
    last = stages(file)
    ending = last["worker"] if file == WORKER else last["last"]
    words = [word for word, _ in ending]
    assert dict(ending)["USER"] == "10001:10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    for word, rest in instructions(file):
        if word in {"ENTRYPOINT", "CMD"}:
            assert rest.startswith('["'), "in shell form SIGTERM would end at the shell"


def test_the_bot_starts_with_a_command_that_there_is():
    from typer.main import get_command

    from bot.cli.main import app

    steps = dict(stages(BOT)["last"])
    assert steps["ENTRYPOINT"] == '["skydeck"]'
    assert "skydeck" in PYPROJECT["scripts"]
    [word] = re.findall(r'"(\w+)"', steps["CMD"])
    assert word in get_command(app).commands


def test_the_services_start_with_a_command_that_there_is():
    import inspect

    from bot.cli.serve import serve

    steps = dict(stages(SERVICES)["last"])
    command, option, port = re.findall(r'"([^"]+)"', steps["CMD"])
    assert (steps["ENTRYPOINT"], command) == ('["skydeck"]', "serve")
    assert option.removeprefix("--") in inspect.signature(serve).parameters
    assert f"'127.0.0.1', {port}" in steps["HEALTHCHECK"]


def test_each_worker_is_a_service_and_its_models_are_inside():
    found = stages(WORKER)
    for service in Service:
        assert dict(found[service.lower()])["CMD"] == f'["{service.lower()}"]'
    assert "bot.workers.serverless" in dict(found["worker"])["ENTRYPOINT"]
    assert environment(found["worker"])["SKYDECK_DEVICE"] == "cuda"
    for part in Part:
        assert dict(found[part])["RUN"] == f"skydeck models pull --only {part}"
    assert "/opt/weights" in dict(found["penny"])["COPY"]
    chosen = {
        stage: {rest for word, rest in found[stage] if word == "ARG"}
        for stage in ("language", "speech", "worker")
    }
    assert chosen["language"] == chosen["worker"] == {*chosen["speech"], "SKYDECK_LLM="}
    [(setting, preset)] = [rest.split("=") for rest in chosen["speech"]]
    assert setting == "SKYDECK_PRESET"
    assert preset in set(Preset)
    for name in ("SKYDECK_PRESET", "SKYDECK_LLM"):
        assert environment(found["worker"])[name] == f"${{{name}}}"


def test_what_the_bot_hears_with_is_inside():
    pulled = [rest.split() for word, rest in stages(BOT)["build"] if "models pull" in rest]
    assert set(pulled[0][4:]) == set(SPEECH_MODELS)


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("bot", ["postgres"]), ("worker", ["local", "runpod"]), ("services", ["local"])],
)
def test_the_locks_have_what_pyproject_asks_for(lock, extras):
    """When this fails: make lock."""
    text = (ROOT / "deploy" / f"{lock}.lock").read_text()
    pins = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))
    asked = list(PYPROJECT["dependencies"])
    for extra in extras:
        asked += PYPROJECT["optional-dependencies"][extra]
    for line in asked:
        wanted = Requirement(line)
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        assert name in pins, f"{name} is not in {lock}.lock"
        assert wanted.specifier.contains(pins[name], prereleases=True), line
    assert text.count("==") <= text.count("--hash=sha256:")


def test_the_cuda_wheel_has_the_version_that_is_locked():
    """The shell finds it in the lock as this does."""
    build = " ".join(rest for word, rest in stages(WORKER)["build"] if word == "RUN")
    [program] = re.findall(r"sed -n '([^']+)' worker\.lock", build)
    lock = ROOT / "deploy" / "worker.lock"
    said = subprocess.run(["sed", "-n", program, lock], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"20\d\d\.\d+\.\d+\n", said.stdout)
