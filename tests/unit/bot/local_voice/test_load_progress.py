"""How far the models are."""

from bot.loading import LoadPart, begins, watched
from bot.local_voice.load_progress import MAX_SHARE, LoadProgress

NAMES = {LoadPart.FILES: [], LoadPart.HEARING: ["whisper-base"], LoadPart.VOICES: ["joe"]}


def at(progress: LoadProgress, part: LoadPart, now_s: float):
    return next(step for step in progress.steps(now_s) if step.part is part)


def test_one_part_after_the_other():
    progress = LoadProgress(NAMES, {"hearing": 4.0})
    assert [step.seconds for step in progress.steps(0)] == [None, None, None]
    progress.begins(LoadPart.FILES, 10)
    progress.begins(LoadPart.HEARING, 11)
    assert at(progress, LoadPart.FILES, 12).is_done
    hearing = at(progress, LoadPart.HEARING, 12)
    assert (hearing.seconds, hearing.share, hearing.names) == (1, 0.25, ("whisper-base",))
    assert at(progress, LoadPart.HEARING, 100).share == MAX_SHARE, "not there yet"
    progress.begins(LoadPart.VOICES, 16)
    assert at(progress, LoadPart.VOICES, 17).share is None, "nobody knows how long it takes"
    progress.ends(18)
    assert all(step.is_done for step in progress.steps(20))
    assert progress.took_s == {"files": 1, "hearing": 5, "voices": 2}


def test_files_have_figures():
    progress = LoadProgress(NAMES, {})
    progress.begins(LoadPart.FILES, 0)
    progress.reads("whisper-base", 30, 120)
    step = at(progress, LoadPart.FILES, 1)
    assert (step.names, step.share, step.done_bytes, step.total_bytes) == (
        ("whisper-base",), 0.25, 30, 120,
    )  # fmt: skip


def test_a_part_that_comes_again_counts_as_one():
    progress = LoadProgress(NAMES, {})
    for part, now_s in ((LoadPart.LANGUAGE, 0), (LoadPart.VOICES, 2), (LoadPart.LANGUAGE, 3)):
        progress.begins(part, now_s)
    progress.ends(4)
    assert progress.took_s == {"language": 3, "voices": 1}


def test_whoever_loads_tells_whoever_waits():
    heard: list[tuple[LoadPart, str]] = []
    begins(LoadPart.VOICES)
    with watched(lambda *told: heard.append(told)):
        begins(LoadPart.FILES, "An older one is there.")
        begins(LoadPart.HEARING)
    begins(LoadPart.LANGUAGE)
    assert heard == [(LoadPart.FILES, "An older one is there."), (LoadPart.HEARING, "")]
