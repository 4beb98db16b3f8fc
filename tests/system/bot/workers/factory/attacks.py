"""Programs that want more than they may have, most of them memory that RLIMIT_AS does not see.

Each ends of itself where it is refused, and goes on as far as it comes where it is not. The numbers
of system calls are those of x86_64.
"""

from typing import Final

_HEAD: Final = """
import ctypes, errno, os, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *args):
    given = (ctypes.c_long(a) if isinstance(a, int) else a for a in args)
    result = libc.syscall(ctypes.c_long(number), *given)
    return -ctypes.get_errno() if result < 0 else result
def machine(code, *kinds):
    import mmap
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(bytes(code))
    base = ctypes.addressof(ctypes.c_char.from_buffer(page))
    made = ctypes.CFUNCTYPE(ctypes.c_long, *kinds)(base)
    made.page, made.stack = page, base + 4096 - 16
    return made
def fill(w):
    os.set_blocking(w, False)
    try:
        while True:
            os.write(w, b"x" * 65536)
    except BlockingIOError:
        pass
REFUSED = -errno.EPERM
# a thread without the C library: clone, and in the child pause for ever
CLONE = [0xB8, 56, 0, 0, 0, 0x0F, 5, 0x85, 0xC0, 0x74, 1, 0xC3,
         0xB8, 34, 0, 0, 0, 0x0F, 5, 0xEB, 0xF7]
"""

REFUSED: Final = {
    "shared memory": "assert call(29, 0, 100 << 20, 0o1600) == REFUSED",
    "shared memory, attached": "assert call(30, 0, 0, 0) == REFUSED",
    "message queues": "assert call(68, 0, 0o1600) == call(69, 0, 0, 0, 0) == REFUSED",
    "semaphores": "assert call(64, 0, 32000, 0o1600) == REFUSED",
    "POSIX message queues": "assert call(240, b'q', 0o102, 0o600, None) == REFUSED",
    "System V by the 32-bit door": """
# push rbx; ipc(SHMGET, 0, 4096, 0o1600) by int 0x80; pop rbx; ret
door = machine([0x53, 0xB8, 117, 0, 0, 0, 0xBB, 23, 0, 0, 0, 0xB9, 0, 0, 0, 0,
                0xBA, 0, 16, 0, 0, 0xBE, 0x80, 3, 0, 0, 0xCD, 0x80, 0x5B, 0xC3])
assert ctypes.c_int(door()).value in (REFUSED, -errno.ENOSYS)
""",
    "System V by x32": "assert call(0x40000000 + 29, 0, 4096, 0o1600) == REFUSED",
    "files in memory without a name": """
for flags in (0, 4):  # in huge pages, too
    assert call(319, b"a", flags) == REFUSED
assert call(447, 0) == REFUSED
""",
    "huge pages": """
assert call(9, 0, 2 << 20, 3, 0x40022, -1, 0) == REFUSED
""",
    "pages given to a pipe": """
r, w = os.pipe()
for number in (275, 276, 278):
    assert call(number, w, 0, 1, 0) == REFUSED
assert call(40, w, r, 0, 4096) == REFUSED
""",
    "larger pipes": """
import fcntl
r, w = os.pipe()
assert call(72, w, 1031, 1 << 20) == REFUSED
""",
    "larger sockets": """
import socket
a, b = socket.socketpair()
for name in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
    try:
        a.setsockopt(socket.SOL_SOCKET, name, 1 << 30)
        assert False, name
    except PermissionError:
        pass
""",
    "pipes in flight": """
import socket
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
r, w = os.pipe()
fill(w)
try:
    socket.send_fds(a, [b"x"], [r, w])
    assert False
except PermissionError:
    pass
""",
    "a thread with files of its own": """
clone = machine(CLONE, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
word = ctypes.addressof(ctypes.create_string_buffer(64))
for bit in (0x200, 0x400):  # CLONE_FS, CLONE_FILES
    assert clone(0x3D0F00 & ~bit, clone.stack, word, word) == REFUSED
""",
    "a thread in a namespace of its own": """
clone = machine(CLONE, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
word = ctypes.addressof(ctypes.create_string_buffer(64))
for bit in (0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x20000):
    assert clone(0x3D0F00 | bit, clone.stack, word, word) == REFUSED
""",
    "extended attributes": """
open("a", "w").close()
try:
    os.setxattr("a", "user.a", b"x" * 60000)
    assert False
except OSError as e:
    assert e.errno == errno.ENOTSUP
fd = os.open("a", os.O_RDWR)
assert call(190, fd, b"user.a", b"x" * 60000, 60000, 0) == -errno.ENOTSUP
assert call(190, 1, b"user.a", b"x" * 60000, 60000, 0) == -errno.ENOTSUP  # of a file of the host's
""",
    "watches": "assert call(253) == call(294, 0) == call(254, 0, b'/usr', 2) == REFUSED",
    "watches by fcntl": """
fd = os.open("/usr", os.O_RDONLY)
assert call(72, fd, 1026, 2) == REFUSED
""",
    "timers": "assert call(222, 1, None, ctypes.create_string_buffer(8)) == REFUSED",
    "queued signals": """
assert call(129, os.getpid(), 40, ctypes.create_string_buffer(128)) == REFUSED
""",
    "filters of its own": """
import struct
step = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(step)))
assert call(157, 22, 2, program) == call(317, 1, 0, program) == REFUSED
""",
    "rings": "assert call(425, 64, 0) == call(206, 60000, 0) == REFUSED",
    "rules and keys": """
assert call(444, None, 0, 1) == call(445, 0, 1, 0, 0) == REFUSED
assert call(248, b"user", b"a", b"x", 1, -3) == call(250, 0, 0) == REFUSED
""",
    "programs in the kernel": """
assert call(321, 0, 0, 0) == call(323, 0) == call(298, 0) == REFUSED
""",
    "locked pages": "assert call(149, 0, 4096) == call(151, 3) == REFUSED",
    "another program in its place": """
for number in (59, 322):
    assert call(number, b"/proc/self/exe", 0, 0) == REFUSED
""",
    "a way out by a mount": """
for number in (165, 166, 155, 161, 272, 308, 428, 429, 430, 442):
    assert call(number, 0, 0, 0, 0, 0) == REFUSED, number
""",
    "rights": """
for number in (126, 105, 106, 117, 119, 135):
    assert call(number, 0, 0, 0) == REFUSED, number
status = open("/proc/self/status").read().splitlines()
assert {line.split()[1] for line in status if line.startswith(("CapPrm", "CapEff"))} == {"0" * 16}
""",
    "pseudo-terminals and what the terminal is told": """
import fcntl
try:
    fd = os.open("/dev/ptmx", os.O_RDWR)
except OSError:
    fd = 1
for command in (0x5412, 0x40045431, 0x80045430, 0x541C, 0x40086602):
    assert call(16, fd, command, ctypes.create_string_buffer(64)) == REFUSED
""",
    "what tells of the host": """
def words(path):
    try:
        return open(path).read()
    except OSError:
        return ""
for name in ("cmdline", "meminfo", "modules", "version", "uptime", "stat", "cpuinfo", "partitions"):
    assert not words(f"/proc/{name}"), name
""",
}
"""Each asserts for itself that it is refused."""

BOUNDED: Final = {
    "empty files": (
        "import os\nn = 0\nwhile True:\n    os.close(os.open(f'{n}', 65)); n += 1",
        ("No space left", "more than 1,024 files"),
    ),
    "folders": (
        "import os\nn = 0\nwhile True:\n    os.mkdir(f'{n}'); n += 1",
        ("No space left", "more than 1,024 files"),
    ),
    "symbolic links": (
        "import os\nn = 0\nwhile True:\n    os.symlink('x' * 120, f's{n}'); n += 1",
        ("No space left", "more than 1,024 files"),
    ),
    "hard links": (
        "import os\nopen('a', 'w').close()\nn = 0\n"
        "while True:\n    os.link('a', 'h' * 200 + str(n)); n += 1",
        ("No space left", "more than 1,024 files"),
    ),
    "files that are deleted and stay open": (
        "k = []\nwhile True:\n    f = open('a', 'wb'); f.write(b'x' * 10**6); f.flush()\n"
        "    k.append(f)\n    __import__('os').unlink('a')",
        ("it writes too much",),
    ),
    "a file with room set aside": (
        "import os\nk = []\nwhile True:\n    f = os.open(f'{len(k)}', 66); k.append(f)\n"
        "    os.posix_fallocate(f, 0, 10**6)",
        ("it writes too much",),
    ),
    "pipes": (
        f"{_HEAD}\nk = []\nwhile True:\n    k += os.pipe()\n    fill(k[-1])",
        ("Too many open files",),
    ),
    "socket pairs": (
        f"{_HEAD}\nimport socket\nk = []\nwhile True:\n    k += socket.socketpair()\n"
        "    fill(k[-1].fileno())",
        ("Too many open files",),
    ),
    "timers as files": (
        f"{_HEAD}\nwhile True:\n    assert call(283, 1, 0) > 0",
        ("does not hold",),
    ),
    "threads with small stacks": (
        "import threading, time\nthreading.stack_size(32768)\nwhile True:\n"
        "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        ("more than 128 threads", "can't start new thread", "more memory than the limit"),
    ),
    "threads without the C library": (
        f"""{_HEAD}
clone = machine(CLONE, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
word = ctypes.addressof(ctypes.create_string_buffer(64))
while True:
    assert clone(0x3D0F00, clone.stack, word, word) > 0
""",
        ("more than 128 threads", "does not hold"),
    ),
    "anonymous memory that is shared": (
        "import mmap\nk = []\nwhile True:\n    m = mmap.mmap(-1, 64 << 20)\n"
        "    m.write(b'x' * (64 << 20))\n    k.append(m)",
        ("more memory than the limit", "Cannot allocate memory"),
    ),
    "output by another handle": (
        "import os\nf = os.open('/proc/self/fd/1', os.O_WRONLY)\nwhile True:\n"
        "    os.write(f, b'x' * 10**5)",
        ("it writes too much", "No such file", "prints without end", "Permission denied"),
    ),
}
"""What each does, and the words of which one must be said."""


def refused(name: str) -> str:
    """The program of that name."""
    return f"{_HEAD}\n{REFUSED[name]}\nassert True\n"


HONEST: Final = {
    "a database": """
import sqlite3
a = sqlite3.connect("a.db")
a.execute("create table t (n)")
a.execute("insert into t values (1)")
a.commit()
a.execute("pragma journal_mode = wal")
assert sqlite3.connect("a.db").execute("select * from t").fetchall() == [(1,)]
""",
    "copies and archives": """
import os, shutil
os.makedirs("a/b")
open("a/b/c", "w").write("x" * 5000)
shutil.copytree("a", "z")
shutil.copy2("a/b/c", "q")
shutil.move("q", "r")
shutil.make_archive("packed", "gztar", "z")
shutil.unpack_archive("packed.tar.gz", "u")
assert open("u/b/c").read() == open("r").read()
""",
    "temporary files": """
import os, tempfile
with tempfile.TemporaryDirectory() as d:
    open(d + "/x", "w").write("a")
    tempfile.NamedTemporaryFile(dir=d).write(b"a")
assert not os.path.exists(d)
""",
    "locks on files": """
import fcntl
f = open("k", "w")
fcntl.flock(f, fcntl.LOCK_EX)
fcntl.lockf(f, fcntl.LOCK_EX)
assert fcntl.lockf(f, fcntl.LOCK_UN) is None
""",
    "threads that work together": """
import threading, queue
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-9, 0)))[0] == 9
done = threading.Event()
threading.Timer(0.01, done.set).start()
assert done.wait(9)
""",
    "an event loop": """
import asyncio
async def main():
    asyncio.get_running_loop().add_signal_handler(10, print)
    return await asyncio.gather(asyncio.sleep(0, 1), asyncio.to_thread(abs, -2))
assert asyncio.run(main()) == [1, 2]
""",
    "signals": """
import os, signal
got = []
signal.signal(signal.SIGALRM, lambda *a: got.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
os.kill(os.getpid(), signal.SIGALRM)
assert got == [1, 1]
""",
    "calls back from C": """
import ctypes
kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 3)(3, 1, 2)
ctypes.CDLL(None).qsort(numbers, 3, 4, kind(lambda a, b: a[0] - b[0]))
assert list(numbers) == [1, 2, 3]
""",
    "mapped files": """
import mmap
f = open("m", "w+b")
f.write(bytes(8192))
f.flush()
m = mmap.mmap(f.fileno(), 0)
m[0] = 7
m.resize(16384)
assert m[0] == 7
""",
    "tests of its own": """
import unittest
class T(unittest.TestCase):
    def test_it(self):
        with self.assertLogs():
            __import__("logging").warning("x")
assert unittest.main(exit=False, argv=["x"]).result.wasSuccessful()
""",
    "half the standard library": """
import random, uuid, hashlib, secrets, bz2, lzma, zipfile, tarfile, csv, zoneinfo, statistics
import logging.handlers, shelve, platform, getpass, socket, selectors, resource, tracemalloc
import faulthandler, os, time, xml.etree.ElementTree, urllib.request, http.server
tracemalloc.start()
faulthandler.enable()
with shelve.open("s") as shelf:
    shelf["a"] = 1
os.nice(1)
assert uuid.uuid4() != uuid.uuid1() and platform.platform() and os.cpu_count() and os.uname()
assert resource.getrusage(0) and time.process_time() >= 0 and os.statvfs(".") and os.times()
""",
}
"""What must go on working."""
