"""When a turn is over, by sound and words: own turns of many voices, and running speech.

    make bench                                        everything, pipecat beside it if it is there
    python -m pytest -m bench tests/bench/test_turn_end.py -s

The turns are those to check of `turn_set.py`: eight voices, half of them Spanish, whose sentences
and voices the waits were not learned from. The words come as the product's recogniser hears them,
`EAR_S` after a pause is found; and once more as they were really said, because eSpeak's Spanish is
recognised far worse than people's. Before: the waits by sound alone that were set by hand.
`peers.py` says how to get pipecat.
"""

# mypy: ignore-errors

import pytest

from tests.bench.conversation import score
from tests.bench.peers import PeerMissing, pipecat
from tests.bench.quality.talk_overs import early, minutes_by_language, sounds
from tests.bench.quality.turn_ends import (
    BEFORE,
    HEARD,
    NOTHING,
    NOW,
    SAID,
    checked_turns,
    ends,
    open_ears,
)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def ears(weights):
    ears = open_ears(weights)
    yield ears
    ears.close()


@pytest.fixture(scope="module")
def turns(weights):
    return checked_turns(weights)


def test_end_of_turn_by_sound_and_words(turns, ears, tmp_path, capsys) -> None:
    own = [turn for turn in turns if turn.kind == "turn" and turn.text]
    conversations = [turn.conversation() for turn in own]
    rows = {
        "before, sound alone": (BEFORE, NOTHING),
        "now, sound alone": (NOW, NOTHING),
        "now, words as recognised": (NOW, HEARD),
        "now, words as said": (NOW, SAID),
    }
    scores = {}
    with capsys.disabled():
        print(f"\n{len(own)} turns of {len({turn.voice for turn in own})} voices")
        for name, (options, known) in rows.items():
            found = [ends(turn, ears, options, known) for turn in own]
            scores[name] = score(conversations, found)
            print(scores[name].line(name), flush=True)
    assert scores["now, words as recognised"].spoilt < scores["before, sound alone"].spoilt
    try:
        theirs = score(conversations, pipecat(conversations, tmp_path)["ends"])
    except PeerMissing as e:
        pytest.skip(str(e))
    with capsys.disabled():
        print(theirs.line("pipecat, its own wiring"))
    assert scores["now, words as said"].spoilt <= theirs.spoilt


def test_sound_begun_while_somebody_still_speaks(turns, ears, capsys) -> None:
    running = [turn for turn in turns if turn.kind == "running"]
    minutes = sum(minutes_by_language(running).values())
    counted = {
        name: sum(early(turn, sounds(turn, ears, options)) for turn in running)
        for name, options in (("before", BEFORE), ("now", NOW))
    }
    with capsys.disabled():
        print("\nSounds begun while somebody was still to go on, in running speech")
        for name, total in counted.items():
            print(f"  {name:7} {total} in {minutes:.1f} minutes: {total / minutes:.1f} a minute")
    assert counted["now"] <= counted["before"]
