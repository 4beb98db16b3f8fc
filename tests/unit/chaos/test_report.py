from tests.chaos.report import Result, page, table
from tests.chaos.verdict import End, Held, Observations, Question, verdict

SEEN = Observations(
    questions=[
        Question(token="q1q", how="mention", end=End.RESULT),
        Question(token="q2q", how="/ask", end=End.OPEN),
    ],
    before=Held(rss_mib=150.4, handles=20, threads=10, tasks=8),
    after=Held(rss_mib=151.2, handles=21, threads=10, tasks=8),
    refused=["POST → 400"],
)
RESULT = Result("disk full", "30 s", SEEN, verdict(SEEN))


def test_a_line_counts_the_ends_and_the_violations():
    head, _, line = table([RESULT]).splitlines()
    cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
    assert cells["asked"] == "2"
    assert cells["answered"] == "1"
    assert cells["never told"] == "1"
    assert cells["lost"] == cells["paid twice"] == "0"
    assert cells["memory, MiB"] == "150 → 151"
    assert "refused by Discord 1" in line


def test_the_page_says_how_to_repeat_it():
    text = page(
        [RESULT], seed=7, rounds=100, commit="abc1234", date="2026-01-31", machine="2 cores"
    )
    assert "make chaos SEED=7 ROUNDS=100" in text
    assert all(words in text for words in ("abc1234", "2026-01-31", "2 cores", "disk full"))
