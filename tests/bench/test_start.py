"""What a command takes before it does anything: processor time, beside Python and its libraries.

python -m pytest -m bench tests/bench/test_start.py -s
"""

import resource
import subprocess
import sys

import pytest

pytestmark = pytest.mark.bench
RUNS = 9
PEERS = {
    "python -c pass": ("-c", "pass"),
    "import of SQLAlchemy": ("-c", "import sqlalchemy.ext.asyncio"),
    "pip --version": ("-m", "pip", "--version"),
}
OURS = {f"skydeck {name}": ("-m", "bot", *name.split()) for name in ("costs", "health", "modules")}
OURS["skydeck serve --status"] = ("-m", "bot", "serve", "--status")


def processor_s(*words: str) -> float:
    """Seconds of the processor that a run takes: waiting for a busy machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_start_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    all_of_them = PEERS | OURS
    least = dict.fromkeys(all_of_them, float("inf"))
    for _ in range(RUNS):  # in turns: what the machine does meanwhile meets each alike
        for name, words in all_of_them.items():
            least[name] = min(least[name], processor_s(*words))
    bare, library = least["python -c pass"], least["import of SQLAlchemy"]
    with capsys.disabled():
        for name, seconds in least.items():
            print(
                f"\n{name:<24} {1000 * seconds:4.0f} ms of the processor: {seconds / bare:5.1f} "
                f"times python -c pass, {seconds / library:4.2f} times the import of SQLAlchemy",
                end="",
            )
        print()
    assert max(least[name] for name in OURS) < 3 * library
