import pytest

from tests.bench import pages
from tests.bench.growth import of_voice, page
from tests.bench.growth.curve import Curve

SIZES = [1, 10, 100, 1_000]


def curve(ours, **more) -> Curve:
    values = {"title": "T", "size": "rows", "unit": "ms", "peer": "sqlite3", "sizes": SIZES}
    return Curve(**values | {"ours": ours, "theirs": [1.0, None, 2.0, 3.0]} | more)


@pytest.mark.parametrize(
    ("ours", "exponent", "words"),
    [
        ([5.0, 5.0, 5.0, 5.0], 0.0, "Exponent 0.00"),
        ([1.0, 10.0, 100.0, 1_000.0], 1.0, "Exponent 1.00"),
        ([100.0, 101.0, 1_100.0, 101_000.0], 1.5, "Worse than linear (exponent 1.50)"),
        ([0.0, 0.0, 0.0, 0.0], 0.0, "Exponent 0.00"),
    ],
)
def test_how_a_cost_grows_is_told_from_its_later_half(ours, exponent, words):
    assert curve(ours).exponent == pytest.approx(exponent)
    assert curve(ours).verdict.startswith(words)


def test_two_sizes_are_enough_to_tell_how_a_cost_grows():
    assert curve([1.0, 100.0], sizes=[1, 10], theirs=[None, None]).exponent == pytest.approx(2.0)


def test_nothing_is_said_of_how_a_rate_grows_or_of_one_size():
    assert curve([1.0, 9.0, 99.0, 999.0], is_rate=True).verdict == ""
    assert curve([7.0], sizes=[10], theirs=[None]).exponent == 0.0


def test_what_was_found_last_is_on_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(pages, "where", lambda: "Here.")
    drawn = []
    monkeypatch.setattr(page, "draw", lambda one, file: drawn.append((one.title, file.name)))
    page.add({"b": [curve([1.0, 2.0, 3.0, 4.0], title="Old")], "a": [curve([1.0] * 4)]})
    drawn.clear()
    page.add({"b": [curve([1.0, 2.0, 3.0, 1234.0], title="New")]})
    text = (tmp_path / "performance.md").read_text()
    assert "Old" not in text
    assert text.index("## T") < text.index("## New")
    assert "| 1,000 | 1,234 | 3 |" in text
    assert drawn == [("T", "a-0.svg"), ("New", "b-0.svg")]


def test_a_peer_that_never_got_in_is_named_on_the_page(tmp_path, monkeypatch):
    async def measured(who, number):
        if (who, number) == ("plain", 200):
            raise TimeoutError
        return {"mb": 100.0 + number, "processor": 1.0, "wakes": 1.0}

    monkeypatch.setattr(of_voice, "_measured", measured)
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(pages, "where", lambda: "Here.")
    monkeypatch.setattr(page, "draw", lambda _one, _file: None)
    page.add({"silent-calls": of_voice.silent_calls()})
    text = (tmp_path / "performance.md").read_text()
    assert "| 50 | 150 | 150 |\n| 200 | 300 |  |" in text
    assert "Plain discord.py did not get into all 200 within 10 minutes. Exponent" in text
    assert of_voice.remark([{"mb": 1.0}] * len(of_voice.CALLS)) == ""
