"""What a long recording takes, in memory, over a process that has done nothing yet."""

import subprocess
import sys
from pathlib import Path

import pytest

WORK = """
import base64, os, sys, threading, time, wave
from pathlib import Path
import av, numpy as np
from audio import codec, ogg
from bot.cli import clip
from bot.contract import Audio
from cogs.shared import files, voice_message
from bot.voice_agent import response_stream
from bot.workers.penny.recording import Recording
from audio.loss import Loss
from audio.manner import PLAIN
from audio.stopping import NEVER
from tests.fakes import hostile_media

folder, door, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def second(number):
    t = np.arange(16_000) / 16_000
    return (np.sin(t * (1000 + number % 60 * 20)) * 9000).astype(np.int16)

def write(path, seconds, kind):
    if kind == "ogg":
        packets = codec.encode(second(1).astype(np.float32) / 32768, 16_000, bitrate=24_000).packets
        path.write_bytes(ogg.mux(ogg.OpusStream((packets * (seconds + 1))[: seconds * 50])))
    elif kind == "wav":
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8_000, 0, "NONE", ""))
            for number in range(seconds):
                file.writeframes(second(number)[::2].tobytes())
    else:
        name = {"flac": "flac", "mp3": "libmp3lame"}[kind]
        bare = {"write_xing": "0", "id3v2_version": "0"} if kind == "mp3" else {}
        with av.open(str(path), "w", format=kind, options=bare) as container:
            track = container.add_stream(name, rate=16_000, layout="mono")
            for number in range(seconds if kind == "flac" else 60):
                frame = av.AudioFrame.from_ndarray(second(number)[None], "s16", "mono")
                frame.sample_rate, frame.pts = 16_000, number * 16_000
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
        if kind == "mp3":  # its frames may follow one another as often as one likes
            path.write_bytes(path.read_bytes() * (seconds // 60))

def megabytes(process, field):
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0

children = [0.0]

def watch():
    while True:
        for task in Path("/proc/self/task").iterdir():
            try:
                for child in (task / "children").read_text().split():
                    words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\\0")
                    if words[1:2] == [b"-I"]:  # and no longer this process's own image
                        children.append(megabytes(child, "VmHWM"))
            except (OSError, ValueError):
                pass
        time.sleep(0.002)

path = folder / "recording"
match kind:
    case "hungry":
        path.write_bytes(hostile_media.hungry_movie())
    case "attachments":
        path.write_bytes(hostile_media.many_attachments(5_000_000))
    case _:
        length, kind = kind.split()
        write(path, int(length), kind)
codec.encode(np.zeros(9600, np.float32), 48_000)
data = None if door == "read_clip" else path.read_bytes()
if door in ("save_reply", "voice_message", "response_stream"):
    data = Audio(data=base64.b64encode(data).decode())
threading.Thread(target=watch, daemon=True).start()
Path("/proc/self/clear_refs").write_text("5")
idle = megabytes("self", "VmHWM")
try:
    match door:
        case "attachment":
            files._made_smaller(data, loss=Loss())
        case "read_clip":
            clip.read_clip(path, language=None, limit_s=3600)
        case "save_reply":
            clip.save_reply(data, folder / "reply.wav")
        case "voice_message":
            voice_message._prepared(data, PLAIN, NEVER)
        case "response_stream":
            response_stream._packets(data, 600, NEVER)
        case "worker":
            for _ in Recording(data, 3600).chunks():
                pass
    told = "done"
except Exception as e:
    told = f"{type(e).__name__}: {e}"
print(round(megabytes("self", "VmHWM") - idle + max(children)), told)
"""

# The bound is in MB over the idle process, with the process that decodes: what it takes, and 30.
# For an hour it was once 2,100 to 4,300. One copy of 15 minutes is 29 as 16 bits, 58 as floats.
ROWS = [
    ("attachment", "900 wav", "done", 40),
    ("read_clip", "900 mp3", "done", 85),  # it returns 29 of them
    ("save_reply", "900 flac", "done", 75),
    ("save_reply", "900 ogg", "done", 40),
    ("voice_message", "600 ogg", "done", 40),
    ("response_stream", "300 mp3", "done", 70),
    ("worker", "900 flac", "done", 85),
    ("attachment", "hungry", "TooLongError", 70),
    ("attachment", "attachments", "NotAudioError", 150),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("door", "kind", "end", "max_mb"), ROWS, ids=[f"{door} {kind}" for door, kind, *_ in ROWS]
)
def test_a_long_recording_passes_as_a_stream(
    tmp_path: Path, door: str, kind: str, end: str, max_mb: int
) -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("no /proc to read a process's peak from")
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(tmp_path), door, kind],
        env={"PYTHONPATH": root, "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    peak, told = done.stdout.split(maxsplit=1)
    assert told.startswith(end)
    assert int(peak) <= max_mb
    print(f"{door} {kind}: {peak} MB")
