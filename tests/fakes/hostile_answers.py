"""What a service could answer to do harm: each attack is one HTTP answer, made when it is sent.

Every attack has a name, and says with which status, headers and pieces it goes out. `lies` is for
answers whose framing is itself untrue.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attack:
    """One answer.

    Attributes:
        pieces: Its body, a piece at a time; may have no end.
        headers: More of them.
        status: Of HTTP.
        reason: After the status.
        framing: How its length is told: length (the truth), chunked, close, or a lie.
    """

    pieces: Callable[[], Iterator[bytes]]
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    reason: str = "OK"
    framing: str = "length"


@dataclass(slots=True)
class Book:
    """Attacks by name."""

    attacks: dict[str, Attack] = field(default_factory=dict)

    def add(self, name: str, body: Callable[[], bytes], **more: Any) -> None:
        self.attacks[name] = Attack(lambda: iter([body()]), **more)

    def add_endless(self, name: str, piece: bytes, times: int, **more: Any) -> None:
        self.attacks[name] = Attack(lambda: (piece for _ in range(times)), **more)


def report(output: str | bytes, status: str = "COMPLETED", **more: Any) -> bytes:
    """A report on a job around an output that is JSON already."""
    raw = output if isinstance(output, bytes) else output.encode()
    head = json.dumps({"id": "job-1", "status": status, **more})[:-1].encode()
    return head + b',"output":' + raw + b"}"


def aggregate(count: int, one: bytes) -> bytes:
    return report(b"[" + b",".join([one] * count) + b',{"status":"completed","output":{"data":1}}]')


def _partials(count: int) -> bytes:
    pieces = (b'{"status":"partial","sequence":%d,"output":{"text":"a"}}' % n for n in range(count))
    return report(b"[" + b",".join(pieces) + b',{"status":"completed","output":{"data":"end"}}]')


def _zstd() -> bytes:
    return bytes.fromhex("28b52ffd") + b"\0" * 60


def _gz(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, level)


def _blanks(mib: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * MIB) for _ in range(mib)]
    return b"".join([*parts, packer.flush()])


def text(body: bytes) -> bytes:
    """A report whose answer is one string, given as it stands between the quotes."""
    return report(b'{"status":"completed","output":{"text":"' + body + b'"}}')


def nested_json(depth: int) -> bytes:
    """A contract within a string within a string …"""
    value = json.dumps({"status": "completed", "output": {"data": "x"}})
    for _ in range(depth):
        value = json.dumps(value)
    return report(value)


def book(key: str = "rpa_SECRETSECRET", *, million: int = 1_000_000) -> dict[str, Attack]:
    """All of them; a smaller `million` makes those of millions quicker, still beyond any limit."""
    b = Book()
    add = b.add
    twice, gz = (("Content-Encoding", "gzip, gzip"),), (("Content-Encoding", "gzip"),)
    # -- packed
    add("gzip in gzip, 1 GB", lambda: _gz(_blanks(1024)), headers=twice)
    add("gzip in gzip by two headers", lambda: _gz(_blanks(64)), headers=gz + gz)
    add("gzip, 1 GB of blanks", lambda: _blanks(1024), headers=gz)
    add("gzip, 20,000 members", lambda: _gz(b"") * 20_000 + _gz(report("1")), headers=gz)
    add("gzip, members of 1 MB each", lambda: _gz(b" " * MIB) * 2_000, headers=gz)
    add("gzip, broken off", lambda: _gz(report("1"))[:-6], headers=gz)
    add("gzip, garbage after it", lambda: _gz(report("1")) + b"garbage", headers=gz)
    add("br", lambda: b"\x0b\x02\x80abc", headers=(("Content-Encoding", "br"),))
    add("zstd", _zstd, headers=(("Content-Encoding", "zstd"),))
    add("gzip named 300 times", lambda: b"x", headers=(("Content-Encoding", "gzip, " * 300),))
    # -- many values
    add("10 million []", lambda: report(b"[" + b",".join([b"[]"] * (10 * million)) + b"]"))
    add("5 million {}", lambda: report(b"[" + b",".join([b"{}"] * (5 * million)) + b"]"))
    add("8 million numbers", lambda: report(b"[" + b",".join([b"1.5"] * (8 * million)) + b"]"))
    add("3 million empty strings", lambda: report(b"[" + b",".join([b'""'] * (3 * million)) + b"]"))
    add("99,000 words in a list", lambda: report(b"[" + b",".join([b'"a b"'] * 99_000) + b"]"))
    add(
        "49,000 names in an object",
        lambda: report(b"{" + b",".join(b'"name %d":"v%d"' % (i, i) for i in range(49_000)) + b"}"),
    )
    add("one name a million times", lambda: report(b"{" + b",".join([b'"a":1'] * million) + b"}"))
    add("700,000 tiny partials", lambda: aggregate(7 * million // 10, b'{"status":"partial"}'))
    add("5,000 numbered partials", lambda: _partials(5_000))
    add(
        "16,000 partials of one number",
        lambda: aggregate(16_000, b'{"status":"partial","sequence":1}'),
    )
    add(
        "30,000 foreign strings",
        lambda: report(b"[" + b",".join([b'"{"'] * 30_000) + b',{"status":"partial"}]'),
    )
    # -- large strings
    add("31 MB of ASCII", lambda: text(b"a" * (31 * MIB)))
    add("31 MB of \\n", lambda: text(b"\\n" * (31 * MIB // 2)))
    add("31 MB of \\u0041", lambda: text(b"\\u0041" * (31 * MIB // 6)))
    add("31 MB of ASCII and an emoji", lambda: text(b"a" * (31 * MIB) + "\U0001f600".encode()))
    add("4 million emoji", lambda: text("\U0001f600".encode() * (4 * MIB - 10)))
    add("31 MB of backslashes", lambda: text(b"\\\\" * (31 * MIB // 2)))
    add("5 million half surrogates", lambda: text(b"\\ud83d" * (5 * million)))
    add("half a surrogate at the end", lambda: text(b"cut \\ud83d"))
    add("60 MB of text", lambda: text(b"a" * (60 * MIB)))
    add("3 million lines", lambda: text(b"a\\n" * (3 * million)))
    add("a million masked links", lambda: text(b"[https://a.b](https://c.d)" * million))
    add(
        "99,000 strings of 65",
        lambda: report(b"[" + b",".join([b'"' + b"x" * 65 + b'"'] * 99_000) + b"]"),
    )
    add("a contract within JSON strings", lambda: nested_json(6))
    add(
        "10 million [] within a string",
        lambda: report(json.dumps('{"status":"completed","x":[' + "[]," * (10 * million) + "1]}")),
    )
    # -- numbers and depth
    add(
        "4,000 numbers of 4,000 digits",
        lambda: report(b"[" + b",".join([b"9" * 4000] * 4_000) + b"]"),
    )
    add(
        "90,000 numbers of 300 digits",
        lambda: report(b"[" + b",".join([b"9" * 300] * 90_000) + b"]"),
    )
    add("a number of 20 MB", lambda: report(b"9" * (20 * MIB)))
    add("20 MB of [", lambda: b"[" * (20 * MIB))
    add("500 deep", lambda: report(b"[" * 500 + b"]" * 500))
    add("30 MB of blanks", lambda: report(b"[" + b" " * (30 * MIB) + b"]"))
    # -- framing
    add("too long a length", lambda: report("1"), framing="longer")
    add("too short a length", lambda: report("1") * 3, framing="shorter")
    add("a length of nonsense", lambda: report("1"), framing="nonsense")
    add("two lengths", lambda: report("1"), framing="two")
    add("chunks that lie", lambda: b"FFFFFFFFFFFFFFFF\r\nabc", framing="raw-chunked")
    b.add_endless("endless chunks of a byte", b" ", 400_000, framing="chunked")
    b.add_endless("64 GB of chunks", b" " * (256 * 1024), 262_144, framing="chunked")
    add("a header of 1 MB", lambda: report("1"), headers=(("X-Much", "x" * MIB),))
    add(
        "100,000 headers",
        lambda: report("1"),
        headers=tuple((f"X-{i}", "1") for i in range(100_000)),
    )
    add("a reason of 1 MB", lambda: report("1"), reason="x" * MIB)
    # -- fields
    add("an id of 1 MB", lambda: json.dumps({"id": "x" * MIB, "status": "IN_QUEUE"}).encode())
    add("an id with line ends", lambda: b'{"id":"a\\r\\nX-Evil: 1","status":"IN_QUEUE"}')
    add("an id with slashes", lambda: b'{"id":"../../user","status":"IN_QUEUE"}')
    add("an id in Arabic", '{"id":"\u0645\u202e1","status":"IN_QUEUE"}'.encode)
    add(
        "figures that cannot be",
        lambda: report(
            '{"status":"completed","output":{"data":"ok"},"usage":{"cost_usd":NaN,"input_tokens":-5,'
            '"output_tokens":' + "9" * 309 + ',"compute_seconds":-1e308,"audio_seconds":Infinity},'
            '"timings_ms":{"asr":1e999,"llm":-1,"x":"y"}}'
        ).replace(
            b'"status": "COMPLETED"', b'"status":"COMPLETED","delayTime":NaN,"executionTime":1e308'
        ),
    )
    add(
        "wrong types everywhere",
        lambda: (
            b'{"id":"job-1","status":"COMPLETED","delayTime":"soon","executionTime":[],"workerId":{},'
            b'"retries":"x","output":{"status":["completed"],"sequence":{},"output":7,"usage":"lots",'
            b'"error":[1],"timings_ms":[]}}'
        ),
    )
    add(
        "the key, in a failure",
        lambda: json.dumps({"id": "job-1", "status": "FAILED", "error": f"Bearer {key}"}).encode(),
    )
    add(
        "the key, in a result",
        lambda: report(json.dumps({"status": "completed", "output": {"text": f"it is {key}."}})),
    )
    add(
        "the key, in escapes",
        lambda: text(b"it is " + "".join(f"\\u{ord(c):04X}" for c in key).encode() + b"."),
    )
    add(
        "what a terminal obeys",
        lambda: report(
            json.dumps({"status": "completed", "output": {"text": DRIVES, "data": DRIVES}})
        ),
    )
    add("retry after nonsense", lambda: b"{}", status=429, headers=(("Retry-After", "-1e309 GMT"),))
    add(
        "an error that is a dict 60 KB long",
        lambda: json.dumps(
            {"id": "job-1", "status": "FAILED", "error": "{" + "1:[1]," * 10_000 + "}"}
        ).encode(),
    )
    add(
        "an error of 20 MB of lines",
        lambda: json.dumps(
            {
                "id": "job-1",
                "status": "FAILED",
                "error": "Traceback (most recent call last):\n" + "x\n" * (10 * MIB),
            }
        ).encode(),
    )
    return b.attacks


DRIVES: Final = (
    "\x1b[31mRED\x1b[0m\x1b]0;pwned\x07\x1b[2J\x1b]52;c;aGk=\x1b\\\x9b31m\x9d0;t\x9c\x85\x00\x08\x7f"
    "\u202egnp.exe\u202c\u2066x\u2069\u200b\ufeff\u2028\r\x0b\x0c "
    "\U000e0041 [https://discord.com](https://evil.example) \ud83d end"
)

_FORBIDDEN: Final = frozenset(
    [
        *map(chr, range(9)),
        *map(chr, range(0x0B, 0x20)),
        *map(chr, range(0x7F, 0xA0)),
        *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e",
        *"\u2060\u2066\u2067\u2068\u2069\ufeff",
        *map(chr, range(0xD800, 0xE000)),
    ]
)


def forbidden_in(text: str) -> list[str]:
    """What of a text no terminal, log or chat may get."""
    return [hex(ord(char)) for char in text if char in _FORBIDDEN]
