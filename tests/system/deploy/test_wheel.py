"""The wheel: it has what the package needs at run time, and the command runs from it alone."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.environment import without_settings
from tests.paths import ROOT

PACKAGES = ("bot", "cogs", "audio", "local_discord")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `uv build` and pip build it."""
    pytest.importorskip("hatchling", reason="hatchling is not installed (make setup-dev)")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", folder], cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As pip installs it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, folder: Path, *args: str, **environment: str):
    """Run the command from the wheel, in another folder than this checkout."""
    begins = (
        "import sys; import bot, cogs, audio, local_discord; "
        f"assert all(one.__path__[0].startswith({str(unpacked)!r}) "
        "for one in (bot, cogs, audio, local_discord)); "
        "sys.argv[0] = 'skydeck'; from bot.__main__ import main; main()"
    )
    own = {"PYTHONPATH": str(unpacked), "XDG_DATA_HOME": str(folder / "data"), "PYTHONWARNINGS": ""}
    return subprocess.run(
        [sys.executable, "-P", "-c", begins, *args],
        cwd=folder,
        env=without_settings() | own | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_it_has_every_file_of_the_packages_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
    }
    assert names == files
    for kind in (".toml", ".css", ".js", ".html", "versions/v0002_journal.py"):
        assert any(name.endswith(kind) for name in names), kind


def test_nothing_that_runs_reads_a_file_beside_the_packages(unpacked):
    """A file that the checkout has beside them, as `docs/`, is not there after an installation."""
    leaves = re.compile(r"(?:Path\(__file__\)|ROOT)[\w.()]*\.parents\[(\d+)\]")
    for file in unpacked.rglob("*.py"):
        depth = len(file.relative_to(unpacked).parts) - 1
        for up in leaves.findall(file.read_text("utf-8")):
            assert int(up) < depth or file.name == "portaudio.py", file  # finds a library


def test_its_metadata_name_what_people_install(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("METADATA")]
        words = archive.read(name).decode()
    for extra in ("local", "mic", "postgres", "runpod", "otel", "hotkey"):
        assert f"Provides-Extra: {extra}\n" in words
    assert "Requires-Python: <3.14,>=3.11\n" in words
    assert "License-Expression: MIT\n" in words


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--version",), 0, "skydeck 0."),
        (("talk", "--help"), 0, "--push-to-talk-key"),
        (("modules", "summarize"), 0, "grace summarize: "),
        (("costs",), 0, "Nothing was called"),
        (("models", "list"), 0, "whisper-tiny.en"),
        (("contract", "schema"), 0, "$defs"),
        (("serve", "--status"), 4, "No models are kept loaded"),
        (("bot",), 2, "DISCORD_TOKEN is not set"),
        (("database", "show"), 0, "0"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
def test_the_command_runs_from_it_in_an_empty_folder(unpacked, tmp_path, args, code, said):
    done = run(unpacked, tmp_path, *args)
    assert "Traceback" not in done.stderr
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done


@pytest.mark.models
def test_a_question_is_answered_from_it(unpacked, tmp_path, weights):
    for name in ("whisper-tiny.en", "whisper-base", "piper-joe", "qwen2.5-coder-0.5b"):
        weights(name)
    tmp_path.chmod(0o700)
    folder = {"XDG_RUNTIME_DIR": str(tmp_path), "SKYDECK_KEEP_LOADED_S": "20"}
    done = run(unpacked, tmp_path, "ask", "What is the capital of France?", **folder)
    assert "Paris" in done.stdout, done
    shown = run(unpacked, tmp_path, "serve", "--status", **folder)
    assert "No command uses it now" in shown.stdout, shown
    assert run(unpacked, tmp_path, "serve", "--stop", **folder).returncode == 0
    doctor = run(unpacked, tmp_path, "doctor")
    assert "Traceback" not in doctor.stderr
    assert "FAIL" not in doctor.stdout, doctor.stdout


def test_the_release_builds_what_is_tested_here_and_names_no_registry():
    import yaml

    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    steps = yaml.safe_load(text)["jobs"]["release"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert "uv build" in commands
    assert "tests/system/deploy/test_wheel.py" in commands
    assert not re.search(r"https?://", text)
    assert "publish" not in commands
