"""Which buttons a result has, and what they ask for."""

# mypy: ignore-errors

import pytest

from bot.catalogue import load_grace
from bot.contract import Output, Response, Source, Status
from bot.contract.grace import task
from bot.contract.penny import converse, transcribe
from bot.settings import Settings
from cogs.shared.follow_ups import FollowUp, offered, resized, shortener_of

GRACE = load_grace(Settings(_env_file=None))
DECK = Source(system="DECK")
TEXT = Response(status=Status.COMPLETED, output=Output(type="text", data="x", text="x"))
LONG = Response(status=Status.COMPLETED, output=Output(type="text", data="x", text="x" * 301))
DATA = Response(status=Status.COMPLETED, output=Output(type="json", data={"a": [1]}))
EMPTY = Response(status=Status.COMPLETED, output=Output(type="text", data="", text=""))


def asked(name, **options):
    return task(GRACE[name], "some words", source=DECK, options=options)


def offers(request, response=TEXT, catalogue=GRACE):
    return [str(one) for one in offered(request, response, catalogue)]


@pytest.mark.parametrize(
    ("request_", "response", "buttons"),
    [
        (asked("SUMMARIZER"), TEXT, ["shorter", "longer", "translate", "again"]),
        (asked("SUMMARIZER", length="long"), TEXT, ["shorter", "translate", "again"]),
        (asked("SUMMARIZER", length="short"), TEXT, ["longer", "translate", "again"]),
        (asked("SUMMARIZER"), EMPTY, ["shorter", "longer", "again"]),
        (asked("TRANSLATOR"), TEXT, ["shorter", "translate", "again"]),
        (asked("REWRITER", tone="concise"), TEXT, ["translate", "again"]),
        (asked("KEYWORDS"), DATA, ["shorter", "longer", "again"]),
        (asked("KEYWORDS", count=30), DATA, ["shorter", "again"]),
        (asked("KEYWORDS", count=1), DATA, ["longer", "again"]),
        (asked("SENTIMENT"), DATA, ["again"]),
        (converse("why?", source=DECK), TEXT, ["translate", "again"]),
        (converse("why?", source=DECK), LONG, ["shorter", "translate", "again"]),
    ],
)
def test_what_is_offered(request_, response, buttons):
    assert offers(request_, response) == buttons


def test_a_transcript_is_translated_and_nothing_else(clips):
    from bot.contract import Input

    clip = Input(type="audio", data="AAAA")
    heard = Response(status=Status.COMPLETED, output=Output(transcript="hello"))
    assert offers(transcribe(clip, source=DECK), heard) == ["translate"]


def test_what_an_operator_has_left_out_is_not_offered():
    few = {name: GRACE[name] for name in ("SUMMARIZER", "EXPLAINER")}
    assert offers(asked("SUMMARIZER"), TEXT, few) == ["shorter", "longer", "again"]
    assert offers(asked("EXPLAINER"), TEXT, few) == ["again"]
    assert offers(asked("EXPLAINER"), TEXT, {}) == []


def test_the_other_options_stay():
    request = asked("SUMMARIZER", style="bullets", language="Spanish")
    longer = resized(request, GRACE["SUMMARIZER"], FollowUp.LONGER)
    assert longer == {"style": "bullets", "language": "Spanish", "length": "long"}
    assert resized(asked("KEYWORDS", count=20), GRACE["KEYWORDS"], FollowUp.LONGER) == {"count": 30}
    assert resized(asked("KEYWORDS", count=5), GRACE["KEYWORDS"], FollowUp.SHORTER) == {"count": 2}


def test_a_text_without_a_size_is_rewritten():
    request = asked("EXPLAINER")
    module, options = shortener_of(request, GRACE["EXPLAINER"], GRACE)
    assert (module.name, options) == ("REWRITER", {"tone": "concise"})
