"""`skydeck models`, with small models from a folder of wheels."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import models
from bot.cli.progress import Lines
from bot.errors import SkydeckError
from bot.models.progress import Phase, Progress
from bot.models.store import ModelStore
from tests.fakes.wheelhouse import Registry, Wheelhouse


@pytest.fixture
def store(house: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    made = ModelStore(tmp_path / "weights", house.manifest)
    monkeypatch.setattr(models, "_store", lambda: made)
    return made


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(models.app, list(words), input=answer)


def failure(result: Result) -> SkydeckError:
    assert isinstance(result.exception, SkydeckError), result.output
    return result.exception


class TestList:
    def test_a_table_for_people(self, store):
        store.ensure(["beta"])

        said = run("list").stdout

        assert [line.split()[-1] for line in said.splitlines()[1:3]] == ["missing", "ready"]
        assert f"Folder: {store.folder}" in said

    def test_one_json_object_a_line(self, store, house):
        lines = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]

        assert [line["name"] for line in lines] == ["alpha", "beta"]
        assert lines[1] == {
            "name": "beta",
            "role": "to be tested",
            "licence": "MIT",
            "source": "here",
            "bytes": len(house.beta),
            "download_bytes": house.wheels["alpha-part2"].stat().st_size,
            "state": "missing",
            "folder": str(store.folder / "beta"),
        }


class TestPull:
    def test_says_what_and_how_much_first_and_where_it_is_at_last(self, store):
        result = run("pull", "alpha")

        assert result.stderr.startswith(
            f"Fetching 1 model: alpha (0.6 MB to fetch, 0.4 MB on disk) into {store.folder}\n"
        )
        assert "(100 %)" in result.stderr
        assert result.stdout == f"alpha: ready in {store.folder / 'alpha'}\n"

    def test_all(self, store):
        assert run("pull", "--all").exit_code == 0
        assert store.plan(["alpha", "beta"]).fetches == ()

    def test_a_damaged_file_is_replaced_and_named(self, store, house):
        store.ensure(["beta"])
        path = store.folder / "beta/model.bin"
        path.write_bytes(bytes(len(house.beta)))

        result = run("pull", "beta")

        assert "beta/model.bin is damaged: replaced." in result.stdout
        assert path.read_bytes() == house.beta

    def test_force_fetches_what_is_there(self, store):
        store.ensure(["beta"])

        assert "(100 %)" not in run("pull", "beta").stderr
        assert "(100 %)" in run("pull", "beta", "--force").stderr

    def test_an_unknown_name(self, store):
        error = failure(run("pull", "gamma"))

        assert error.exit_code == 2
        assert "alpha, beta" in error.hint


class TestVerify:
    def test_all_is_well(self, store):
        store.ensure(["alpha", "beta"])

        assert run("verify").stdout == "alpha: whole\nbeta: whole\n"

    def test_nothing_is_stored(self, store):
        result = run("verify")

        assert result.exit_code == 0
        assert result.stdout == f"No model is stored in {store.folder}.\n"

    def test_damage_is_exit_code_3_and_names_the_file(self, store, house):
        store.ensure(["alpha", "beta"])
        (store.folder / "beta/model.bin").write_bytes(bytes(len(house.beta)))

        result = run("verify")

        assert result.stdout == "alpha: whole\nbeta: model.bin is damaged\n"
        assert failure(result).exit_code == 3
        assert "beta/model.bin is damaged" in failure(result).message
        assert failure(result).hint == "Fix this with: skydeck models pull beta"

    def test_a_named_model_that_is_missing(self, store):
        assert "beta/model.bin is missing" in failure(run("verify", "beta")).message


class TestRemove:
    def test_asks_first(self, store):
        store.ensure(["beta"])

        assert "Nothing was removed." in run("remove", "beta", answer="n\n").stdout
        assert not store.plan(["beta"])
        assert "Removed beta: 0.2 MB freed." in run("remove", "beta", answer="y\n").stdout
        assert store.plan(["beta"])

    def test_yes_does_not_ask(self, store):
        store.ensure(["beta"])

        assert run("remove", "beta", "--yes").stdout == "Removed beta: 0.2 MB freed.\n"

    def test_nobody_to_ask(self, store):
        error = failure(run("remove", "beta", answer=""))

        assert error.exit_code == 2
        assert "--yes" in error.hint


class TestPullWithProgress:
    def test_says_nothing_when_nothing_is_fetched(self, store, capsys):
        store.ensure(["beta"])

        assert models.pull_with_progress(store, ["beta"]) == {"beta": store.folder / "beta"}
        assert capsys.readouterr() == ("", "")

    def test_says_what_it_fetches_on_standard_error_only(self, store, capsys):
        models.pull_with_progress(store, ["beta"])

        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("Fetching 1 model: beta (0.4 MB to fetch, 0.2 MB on disk) into ")

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
    def test_ctrl_c_ends_a_fetch_inside_an_event_loop(self, store, house, monkeypatch):
        program = (
            "import asyncio, sys; from pathlib import Path\n"
            "from bot.cli.models import pull_with_progress\n"
            "from bot.models.manifest import load_manifest\n"
            "from bot.models.store import ModelStore\n"
            "store = ModelStore(Path(sys.argv[1]), load_manifest(Path(sys.argv[2])))\n"
            "async def main(): pull_with_progress(store, ['beta'])\n"
            "try: asyncio.run(main())\n"
            "except KeyboardInterrupt: sys.exit(130)\n"
        )
        registry = Registry(house)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        with registry.running(monkeypatch):
            registry.hold("alpha-part2")
            with subprocess.Popen(
                [sys.executable, "-c", program, str(store.folder), str(house.manifest_path)],
                stderr=subprocess.PIPE,
                text=True,
            ) as child:
                assert registry.half_way.wait(60)
                child.send_signal(signal.SIGINT)
                said = child.communicate()[1]

        assert child.returncode == 130
        assert "What was fetched is kept" in said


def test_lines_for_a_log_come_at_each_tenth():
    stream = io.StringIO()
    lines = Lines(stream)

    lines(Progress(Phase.WAITING))
    for done in range(0, 200_000_001, 1_000_000):
        lines(Progress(Phase.FETCHING, "alpha", done, 200_000_000))
    lines(Progress(Phase.UNPACKING, "alpha", 1, 2))
    lines(Progress(Phase.UNPACKING, "alpha", 2, 2))

    said = stream.getvalue().splitlines()
    assert said[0] == "Another skydeck is fetching models into this folder; waiting for it."
    assert said[1] == "Fetched 20 of 200 MB (10 %), alpha"
    assert said[-2:] == ["Fetched 200 of 200 MB (100 %), alpha", "Unpacking alpha"]
    assert len(said) == 12
