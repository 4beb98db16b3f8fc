"""A file from the hub: huggingface_hub against a small hub on loopback."""

import builtins
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import WeightsError
from bot.llm_source import HubFile
from bot.models.hub import Hub, HubRefusedError, HubUnreachableError
from bot.models.hub_file import HubFileRef
from bot.models.hub_models import ensure_hub_model, gguf_model
from tests.fakes.model_hub import FakeHub

REPO, FILE, GGUF = "owner/model-GGUF", "q4/model.gguf", b"GGUF" + bytes(100_000)
REF = HubFileRef(REPO, FILE)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub({f"{REPO}/main/{FILE}": GGUF}).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.models.hub._PAUSE_S", 0)


def fetched(hub: FakeHub | Hub, folder: Path, file: str = FILE) -> Path:
    asked = hub.hub if isinstance(hub, FakeHub) else hub
    model = gguf_model(HubFile(REPO, file))
    return ensure_hub_model(model, folder, setting="SKYDECK_LLM", hub=asked) / file


def test_a_file_is_fetched_once(hub: FakeHub, tmp_path: Path):
    file = fetched(hub, tmp_path)

    assert file == tmp_path / "hub" / "owner--model-GGUF" / FILE
    assert file.read_bytes() == GGUF
    assert hub.asked == [f"{m} /{REPO}/resolve/main/{FILE}" for m in ("HEAD", "GET")]
    assert fetched(hub, tmp_path) == file
    assert len(hub.asked) == 2
    assert [path.name for path in file.parent.iterdir()] == ["model.gguf"]


def test_a_file_that_is_there_needs_no_network(hub: FakeHub, tmp_path: Path):
    file = fetched(hub, tmp_path)
    hub.url = "http://127.0.0.1:9"

    assert fetched(hub, tmp_path) == file


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, "EntryNotFound", "hf:owner/model-GGUF/q4/model.gguf cannot be .* no such file"),
        (404, "RepoNotFound", "the hub has no such file"),
        (404, "RevisionNotFound", "the hub has no such file"),
        (401, "RepoNotFound", "the hub has no such file"),
        (403, "GatedRepo", "consent to its licence"),
        (400, "Nonsense", "the hub answers HTTP 400"),
        (503, "Nonsense", r"does not answer \(HTTP 503\)"),
        (407, "Nonsense", r"does not answer \(HTTP 407\)"),
    ],
)
def test_a_refusal_is_one_line(hub: FakeHub, tmp_path: Path, status: int, code: str, words: str):
    hub.status, hub.code = status, code

    with pytest.raises(WeightsError, match=words) as caught:
        fetched(hub, tmp_path)

    assert "\n" not in str(caught.value)
    assert ("Accept its licence" in caught.value.hint) == (code == "GatedRepo")
    assert caught.value.hint
    assert len(hub.asked) == 1


def test_a_hub_that_does_not_answer_is_told_without_its_address(hub: FakeHub, tmp_path: Path):
    with pytest.raises(WeightsError, match=r"the hub does not answer \(Connection") as caught:
        fetched(Hub("http://me:hunter2@127.0.0.1:9"), tmp_path)

    assert "hunter2" not in str(caught.value)


def test_a_hub_that_says_nothing_costs_one_short_time(hub: FakeHub):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = Hub(f"http://127.0.0.1:{silent.getsockname()[1]}", ask_s=0.05)
        with pytest.raises(HubUnreachableError, match="no answer in time"):
            asked.look_up(REF)


def test_a_download_that_breaks_off_continues(hub: FakeHub, tmp_path: Path):
    hub.break_after, hub.breaks = 30_000, 2
    counts: list[int] = []

    hub.hub.download(hub.hub.look_up(REF), tmp_path / "part", counts.append)

    assert (tmp_path / "part").read_bytes() == GGUF
    assert hub.ranges == [None, "bytes=30000-", "bytes=60000-"]
    assert sum(counts) == len(GGUF)


def test_a_download_that_was_stopped_continues_at_the_next_start(hub: FakeHub, tmp_path: Path):
    (tmp_path / "part").write_bytes(GGUF[:70_000])

    hub.hub.download(hub.hub.look_up(REF), tmp_path / "part", lambda _count: None)

    assert hub.ranges == ["bytes=70000-"]
    assert (tmp_path / "part").read_bytes() == GGUF


def test_what_was_kept_of_another_file_is_thrown_away(hub: FakeHub, tmp_path: Path):
    (tmp_path / "part").write_bytes(b"x" * 70_000)
    counts: list[int] = []

    hub.hub.download(hub.hub.look_up(REF), tmp_path / "part", counts.append)

    assert hub.ranges == ["bytes=70000-", None]
    assert (tmp_path / "part").read_bytes() == GGUF
    assert sum(counts) == len(GGUF)


@pytest.mark.parametrize("page", [b"", b"<html>Sign in to this network"])
def test_a_page_in_place_of_the_file_is_not_asked_for_without_end(
    hub: FakeHub, tmp_path: Path, page: bytes
):
    hub.page = page
    counts: list[int] = []

    with pytest.raises(HubUnreachableError, match="its answers end too early"):
        hub.hub.download(hub.hub.look_up(REF), tmp_path / "part", counts.append)

    assert len(hub.ranges) <= 5
    assert sum(counts) == len(page)


def test_what_came_is_kept_when_the_connection_breaks_for_good(hub: FakeHub, tmp_path: Path):
    remote = hub.hub.look_up(REF)
    (tmp_path / "part").write_bytes(GGUF[:10])
    hub.status = 503

    with pytest.raises(HubUnreachableError, match="HTTP 503"):
        hub.hub.download(remote, tmp_path / "part", lambda _count: None)

    assert (tmp_path / "part").read_bytes() == GGUF[:10]


def test_a_file_that_grew_meanwhile_is_refused(hub: FakeHub, tmp_path: Path):
    remote = hub.hub.look_up(REF)
    hub.files[f"{REPO}/main/{FILE}"] = GGUF * 2

    with pytest.raises(HubRefusedError, match="more than it said"):
        hub.hub.download(remote, tmp_path / "part", lambda _count: None)


def test_another_hash_than_the_hub_says(hub: FakeHub, tmp_path: Path):
    remote = hub.hub.look_up(REF)
    hub.files[f"{REPO}/main/{FILE}"] = b"GGUF" + b"x" * 100_000

    with pytest.raises(HubRefusedError, match="another hash"):
        hub.hub.download(remote, tmp_path / "part", lambda _count: None)
    assert not (tmp_path / "part").exists()


def test_a_full_disk_is_said(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "part")

    monkeypatch.setattr("bot.models.hub._write", full)
    with pytest.raises(WeightsError, match=r"cannot be stored: No space left on device\."):
        fetched(hub, tmp_path)


def test_offline_is_respected(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE is set") as caught:
        fetched(hub, tmp_path)
    assert "Remove HF_HUB_OFFLINE" in caught.value.hint
    assert hub.asked == []


def test_the_token_goes_to_the_hub_and_nowhere_else(
    hub: FakeHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    caplog.set_level("DEBUG")

    fetched(hub, tmp_path)
    hub.status, hub.code = 403, "GatedRepo"
    with pytest.raises(WeightsError) as caught:
        fetched(hub, tmp_path, "other.gguf")

    assert hub.tokens == ["Bearer hf_secret"] * 3
    assert "hf_secret" not in caplog.text + str(caught.value)


def test_a_library_that_does_not_load_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As with HF_HUB_ETAG_TIMEOUT=soon."""

    def fails(name: str, *args: object, **more: object) -> object:
        if name == "huggingface_hub":
            raise ValueError("invalid literal for int() with base 10: 'soon'")
        return real(name, *args, **more)

    real = builtins.__import__
    monkeypatch.setattr("builtins.__import__", fails)
    with pytest.raises(WeightsError, match=r"cannot be loaded\. Check the variables .* HF_HUB_"):
        fetched(Hub(), tmp_path)


def test_the_endpoint_is_huggingface_hubs_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "huggingface_hub.constants.ENDPOINT", "https://me:hunter2@mirror.example/hf"
    )

    assert Hub().host == "mirror.example"
