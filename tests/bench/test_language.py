"""How often the language of a short recording is told right when nobody names it.

    make bench                                        everything
    python -m pytest -m bench tests/bench/test_language.py -s

Recordings of two to three seconds in English and Spanish: Piper's and eSpeak's voices, and pieces
of a real speech. Discord is set to the other language of the two. `decision` and the recogniser's
constants were chosen with the tuning half; the checking half has other sentences and other voices.
"""

# mypy: ignore-errors

from collections import Counter

import numpy as np
import pytest

from tests.bench.quality.clips import CHECKING, TUNING, recordings
from tests.bench.quality.language import TOLD, UNTOLD, hear_all

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("half", [TUNING, CHECKING], ids=["tuning", "checking"])
async def test_a_recording_whose_language_nobody_names(penny, half, capsys):
    await penny.warm_up()
    every = [one async for one in recordings(penny._tts, half)]
    lines = [f"{len(every)} recordings, {Counter(one.language for one in every)}"]
    found = await hear_all(penny._stt, every)
    for name, heard in found.items():
        wrong = +heard.taken_for
        lines.append(
            f"  {name:28} right {heard.right['en']:3} en {heard.right['es']:3} es "
            f"({heard.share:.1%}), WER {np.mean(heard.errors['en']):.3f} en "
            f"{np.mean(heard.errors['es']):.3f} es, "
            f"median {np.median(heard.seconds) * 1000:.0f} ms"
            + (f", taken for {dict(wrong)}" if wrong else "")
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines), flush=True)
    assert found[UNTOLD].share >= 0.95
    assert found[UNTOLD].wer <= found[TOLD].wer + 0.02
