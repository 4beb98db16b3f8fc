"""Run every command that a README prints, each as printed, as somebody does who has just cloned it.

    python scripts/try_readme.py README.md README.es.md

The commands run in one shell, in a copy of this checkout, with an empty home and an environment
with nothing but a PATH. Without options everything is fetched, as for anybody; with --packages and
--models, what this machine already has is used, which takes a minute instead of ten.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_MARK: Final = "@@ end of a command:"
_BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE: Final = re.compile(r"`((?:make|skydeck) [a-z][^`…]*)`")
_UNTIL: Final = """
until_it_says() {
  local pattern=$1 said; said=$(mktemp); shift
  "$@" > "$said" 2>&1 & local it=$!
  while kill -0 $it 2> /dev/null && ! grep -qE "$pattern" "$said"; do sleep 0.2; done
  kill -INT $it 2> /dev/null; wait $it; local code=$?
  cat "$said"; rm "$said"; return $code
}
"""
"""A command that runs until Ctrl-C gets it when it is ready; it ends by itself if it fails."""
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the README says of a command.

    Attributes:
        begins: How the command begins.
        shows: What must be in what it writes: regular expressions.
        answers: What the default model answers; another, such as `tiny`, may be wrong.
        code: Its exit code.
        file: A file that it makes.
        until: It goes on for ever: what it writes when it is ready, and gets Ctrl-C.
    """

    begins: str
    shows: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    code: int = 0
    file: str = ""
    until: str = ""


EXPECTED: Final = (
    # "asks a recorded question", and "saves the spoken answer to `reply.ogg`"
    Expected("make talk", (r"^You: What is the capital of France\?", r"^Alfred: .*Paris",
                           r"^reply\.ogg \(\d+\.\d s\) · heard .* · \$0$"), file="reply.ogg"),
    Expected("make docs", (r"Documentation built",), file="site/index.html"),
    Expected(". .venv/bin/activate"),
    # "talk at your own microphone": without one, and without a terminal, one can type
    Expected("skydeck talk", (r"ready",)),
    Expected("skydeck ask", (r"^Alfred: .+",), (r"^Alfred: .*\b(Paris|París)\b",)),
    # "in a Discord of your own"
    Expected("skydeck try", (r"^Open http://127\.0\.0\.1:\d+/", r"^Online"), until="^Online"),
    # "says how to get a token"
    Expected("skydeck bot", (r"DISCORD_TOKEN is not set", r"Reset Token"), code=2),
    Expected("skydeck doctor", (r"^ok +versions: ", r"^ok +weights: ")),
    Expected("skydeck models list", (r"\bMIT\b|Apache",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """A command, and what came of it."""

    command: str
    code: int
    output: str


def commands_of(page: str) -> list[str]:
    """The commands of a page, in order, each once: those of its blocks, then those in its lines."""
    blocks = [line.split("  #")[0].strip() for block in _BLOCK.findall(page) for line in
              block.splitlines()]  # fmt: skip
    inline = [found.strip() for found in _INLINE.findall(_BLOCK.sub("", page))]
    known = [one for one in inline if any(one == wanted.begins for wanted in EXPECTED)]
    return list(dict.fromkeys(filter(None, [*blocks, *known])))


def problems_of(ran: Ran, folder: Path, llm: str) -> Iterator[str]:
    """What is not as the README says; nothing: all is."""
    wanted = next((one for one in EXPECTED if ran.command.startswith(one.begins)), None)
    if wanted is None:
        yield "scripts/try_readme.py does not know what this command is to do"
        return
    if ran.code != wanted.code:
        yield f"it ends with {ran.code} instead of {wanted.code}"
    for pattern in (*wanted.shows, *(() if llm else wanted.answers)):
        if not re.search(pattern, ran.output, re.MULTILINE):
            yield f"nothing that it writes matches {pattern}"
    if wanted.file and not (folder / wanted.file).is_file():
        yield f"it makes no {wanted.file}"
    if "Traceback (most recent call last)" in ran.output:
        yield "it writes a traceback"


def copy_checkout(folder: Path) -> None:
    """Copy what is in the repository, also what is not committed yet."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603
    folder.mkdir(parents=True)
    packed = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-", "--ignore-failed-read"],  # noqa: S607
        input=names, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(["tar", "--extract"], input=packed.stdout, cwd=folder, check=True)  # noqa: S607


def lend_packages(folder: Path, packages: Path) -> None:
    """Let the new .venv see installed packages, pip among them, so that pip finds them there."""
    new = [sys.executable, "-m", "venv", "--without-pip", folder / ".venv"]
    subprocess.run(new, check=True)  # noqa: S603
    [site] = (folder / ".venv" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(f"{packages}\n")


def _typed(command: str) -> str:
    """The command, with Ctrl-C once it is ready if it does not end by itself."""
    until = next((one.until for one in EXPECTED if command.startswith(one.begins)), "")
    return f"until_it_says {shlex.quote(until)} {command}" if until else command


def run_all(commands: list[str], folder: Path, environment: dict[str, str]) -> list[Ran]:
    """Run the commands one after another in one shell, as somebody pastes them into a terminal."""
    script = "".join(f"{_typed(one)}\nprintf '\\n{_MARK}%s\\n' $?\n" for one in commands)
    done = subprocess.run(  # noqa: S603
        ["bash", "--noprofile", "--norc", "-c", f"exec 2>&1\n{_UNTIL}{script}"],  # noqa: S607
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    parts = done.stdout.decode(errors="replace").split(f"\n{_MARK}")
    return [
        Ran(command, int(after.split("\n", 1)[0]), before.split("\n", 1)[-1] if number else before)
        for number, (command, before, after) in enumerate(
            zip(commands, parts, parts[1:], strict=False)
        )
    ]


def environment_in(home: Path, models: Path | None, llm: str, threads: int = 0) -> dict[str, str]:
    """What a new user's shell has, and no more."""
    runtime = home / "run"
    runtime.mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    python = os.path.dirname(os.path.realpath(sys.executable))  # noqa: PTH120
    known = {"HOME": str(home), "PATH": f"{_PATH}:{python}", "LANG": "C.UTF-8"}
    known["XDG_RUNTIME_DIR"] = str(runtime)  # or somebody else's running service would answer
    if models is not None:
        cache = home / ".cache" / "skydeck"
        cache.mkdir(parents=True)
        (cache / "weights").symlink_to(models)
    given = {"SKYDECK_LLM": llm, "SKYDECK_THREADS": str(threads or "")}
    return known | {name: value for name, value in given.items() if value}


def try_pages(
    pages: list[str],
    *,
    packages: Path | None,
    models: Path | None,
    llm: str,
    threads: int = 0,
    without: tuple[str, ...] = (),
) -> int:
    """Run the commands of the pages, but for those left out; returns how many failed."""
    failed, done = 0, set(without)
    with tempfile.TemporaryDirectory(prefix="readme-") as temporary:
        folder = Path(temporary) / "skydeck"
        copy_checkout(folder)
        if packages is not None:
            lend_packages(folder, packages)
        environment = environment_in(Path(temporary) / "home", models, llm, threads)
        for page in pages:
            printed = commands_of((ROOT / page).read_text("utf-8"))
            commands = [one for one in printed if one not in done or one.startswith(". ")]
            done.update(commands)  # a translation prints most of them again
            results = run_all(commands, folder, environment)
            failed += len(commands) - len(results)
            for ran in results:
                problems = list(problems_of(ran, folder, llm))
                failed += bool(problems)
                sys.stdout.write(f"{'FAIL' if problems else 'ok  '}  {page}: {ran.command}\n")
                for line in [*problems, *(ran.output.splitlines()[-30:] if problems else ())]:
                    sys.stdout.write(f"        {line}\n")
        subprocess.run(  # noqa: S603
            [folder / ".venv/bin/skydeck", "serve", "--stop"],
            env=environment, cwd=folder, check=False, capture_output=True,
        )  # fmt: skip
    return failed


def main() -> None:
    """Try the pages that are named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", default=["README.md", "README.es.md"])
    parser.add_argument("--packages", type=Path, help="a site-packages folder to borrow from")
    parser.add_argument("--models", type=Path, help="a folder with model files to use")
    parser.add_argument("--llm", default="", help="SKYDECK_LLM, such as tiny")
    given = parser.parse_args()
    sys.exit(
        bool(try_pages(given.pages, packages=given.packages, models=given.models, llm=given.llm))
    )


if __name__ == "__main__":
    main()
