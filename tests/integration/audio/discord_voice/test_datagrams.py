import os
import socket
import threading

import pytest

from audio.constants import MAX_DATAGRAM_BYTES
from audio.discord_voice import datagrams
from audio.discord_voice.datagrams import (
    BUFFER_BYTES,
    DatagramReader,
    ReceiveBuffer,
    SocketWaiter,
    enlarge_receive_buffer,
)
from tests.waiting import HANGS_S


@pytest.fixture
def pair():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        here.bind(("127.0.0.1", 0))
        here.setblocking(False)
        enlarge_receive_buffer(here)
        there.connect(here.getsockname())
        yield here, there


@pytest.fixture(params=["recvmmsg", "one by one"])
def reader(request, monkeypatch):
    if request.param == "one by one":
        monkeypatch.setattr(datagrams, "_recvmmsg", lambda: None)
    return DatagramReader()


def test_all_that_has_arrived_comes_at_once_whole_and_in_order(pair, reader):
    here, there = pair
    assert reader.read(here) == []
    sent = [bytes([n]) * (n * 7 % 1400) for n in range(200)]  # the first is empty
    for data in sent:
        there.send(data)
    assert reader.read(here) + reader.read(here) == sent
    assert reader.read(here) == []


def test_what_is_too_long_is_cut(pair, reader):
    here, there = pair
    there.send(b"x" * (MAX_DATAGRAM_BYTES + 5))
    there.send(b"y")
    assert reader.read(here) == [b"x" * MAX_DATAGRAM_BYTES, b"y"]


def test_a_closed_socket_is_an_error(pair, reader):
    here, _ = pair
    here.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        reader.read(here)


def test_the_kernel_keeps_what_it_says(pair):
    """All packets that the buffer is for, though nobody reads."""
    here, there = pair
    buffer = enlarge_receive_buffer(here)
    number = int(buffer.seconds * 2_500)
    for n in range(number):
        there.send(n.to_bytes(4, "big") + bytes(146))
    reader, found = DatagramReader(), []
    while some := reader.read(here):
        found += [int.from_bytes(data[:4], "big") for data in some]
    assert found == list(range(number))


def test_too_small_a_buffer_is_told_with_what_to_do():
    little = ReceiveBuffer(BUFFER_BYTES // 10)
    assert (little.is_enough, little.seconds) == (False, pytest.approx(0.2))
    assert f"net.core.rmem_max={BUFFER_BYTES // 2}" in little.advice
    assert ReceiveBuffer(BUFFER_BYTES).is_enough


@pytest.fixture
def waiter():
    waiter = SocketWaiter()
    yield waiter
    waiter.close()


def test_a_packet_ends_the_wait(pair, waiter, monkeypatch):
    monkeypatch.setattr(datagrams, "_SLEEP_S", HANGS_S)
    here, there = pair
    threading.Timer(0.01, there.send, [b"x"]).start()
    assert waiter.wait(here)
    waiter.wake()
    assert waiter.wait(here)  # it is still there
    assert DatagramReader().read(here) == [b"x"]
    waiter.wake()
    assert not waiter.wait(here)


def test_another_thread_ends_the_wait(pair, waiter, monkeypatch):
    monkeypatch.setattr(datagrams, "_SLEEP_S", HANGS_S)
    threading.Timer(0.01, waiter.wake).start()
    assert not waiter.wait(pair[0])


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_without_means_to_wake_it_the_wait_is_short(pair, monkeypatch, platform):
    monkeypatch.setattr(datagrams.sys, "platform", platform)
    if platform == "win32":
        monkeypatch.delattr(datagrams.select, "poll")
    monkeypatch.setattr(datagrams, "_LOOK_S", 0.001)
    waiter = SocketWaiter()
    assert not waiter.wait(pair[0])
    pair[1].send(b"x")
    assert waiter.wait(pair[0])
    waiter.wake()
    waiter.close()


def test_a_closed_socket_is_not_waited_for(pair, waiter):
    pair[0].close()
    with pytest.raises(ValueError, match="negative"):
        waiter.wait(pair[0])


def test_handles_above_1023_are_waited_for(pair, waiter):
    here, there = pair
    high = os.dup(here.fileno())
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2_000:
        pytest.skip("not that many files may be open here")
    os.dup2(high, 1_500)
    os.close(high)
    with socket.socket(fileno=1_500) as far:
        there.send(b"x")
        assert waiter.wait(far)


def test_waking_after_the_end_writes_into_no_other_file(tmp_path):
    waiter = SocketWaiter()
    waiter.close()
    with (tmp_path / "file").open("wb") as file:  # likely the number of the closed one
        waiter.wake()
        assert file.tell() == os.fstat(file.fileno()).st_size == 0
