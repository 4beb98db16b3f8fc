import json
from dataclasses import replace

import numpy as np
import pytest

from tests.bench import pages
from tests.bench.quality import __main__ as command
from tests.bench.quality import page
from tests.bench.quality.findings import Chart, Section, Unit, short


def chart(**more) -> Chart:
    values = {
        "title": "Delay", "unit": Unit.MS, "groups": ["English", "Spanish"],
        "rows": {"skydeck": [310.4, 7.25], "peer": [1_500.0, None]},
    }  # fmt: skip
    return Chart(**values | more)


def section(*charts: Chart, **more) -> Section:
    values = {
        "title": "Ends", "about": "What it is.", "inputs": "20 turns", "peer": "a clock",
        "charts": charts or (chart(),), "remarks": ["Pipecat's row is missing: not there."],
    }  # fmt: skip
    return Section(**values | more)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Gives the page's text; nothing is drawn, and no process is asked where this is."""
    monkeypatch.setattr(page, "PAGE", tmp_path / "quality.md")
    monkeypatch.setattr(page, "draw", lambda _chart, _file: None)
    return (tmp_path / "quality.md").read_text


@pytest.mark.parametrize(
    ("value", "is_written"),
    [(0.0, "0"), (0.123, "0.12"), (7.25, "7.2"), (9.96, "10"), (99.6, "100"), (1234.5, "1,234")],
)
def test_figures_have_as_many_digits_as_mean_something(value, is_written):
    assert short(value) == is_written


def test_counts_are_written_as_such_and_drawn_as_percentages():
    counted = chart(rows={"a": [26, 15], "b": [None, 30]}, of=[30, 30])
    assert counted.shown == {"a": ["26 of 30", "15 of 30"], "b": ["-", "30 of 30"]}
    assert counted.drawn == {"a": [pytest.approx(86.7, abs=0.1), 50.0], "b": [None, 100.0]}
    assert counted.drawn_unit == "%"


def test_parts_of_a_whole_are_summed():
    stacked = chart(rows={"a": [100.0, 20.0], "b": [1.5, None]}, is_stacked=True)
    assert stacked.shown["together"] == ["102", "20"]


@pytest.mark.parametrize("wrong", [{"rows": {"a": [1.0]}}, {"of": [1]}])
def test_a_chart_with_too_few_figures_is_refused(wrong):
    with pytest.raises(ValueError, match="Delay"):
        chart(**wrong)


def test_a_section_survives_its_file():
    found = section(chart(of=[3, 4], rows={"a": [1, 2]}), is_timed=True)
    again = Section.from_json(json.loads(json.dumps(found.to_json())))
    assert [*again.charts] == [*found.charts]
    assert replace(again, charts=()) == replace(found, charts=())


def test_a_section_says_how_and_where_it_was_measured(written):
    page.add("turn-ends", section(is_timed=True), where="Measured here.")
    text = written()
    assert "## Ends\n\nWhat it is.\n\n![Delay](quality/turn-ends-0.svg)\n" in text
    assert "| Delay, ms | English | Spanish |\n| --- | ---: | ---: |\n" in text
    assert "| skydeck | 310 | 7.2 |\n| peer | 1,500 | - |\n" in text
    assert "Pipecat's row is missing: not there.\n\n- Command: `make eval ONLY=turn-ends`" in text
    assert "- Inputs: 20 turns\n- Peer: a clock\n- Measured here. Times were" in text


def test_figures_of_numpys_are_figures(written):
    page.add("words", section(chart(rows={"a": [np.int64(3), np.float32(0.5)]})), where="Here.")
    assert "| a | 3 | 0.5 |" in written()


def test_other_parts_stay_as_they_were_and_all_keep_their_order(written):
    page.add("names", section(title="Names"), where="Then.")
    page.add("answers", section(title="Old answers"), where="Then.")
    page.add("answers", section(title="New answers"), where="Now.")
    text = written()
    assert "Old answers" not in text
    assert text.index("New answers") < text.index("Names")


def test_rows_keep_their_order_when_another_part_is_renewed(written):
    page.add("words", section(chart(rows={"us": [1, 2], "a peer": [3, 4]})), where="Then.")
    page.add("answers", section(), where="Now.")
    assert written().index("| us |") < written().index("| a peer |")


def test_a_part_that_cannot_run_says_so_and_keeps_its_older_figures(written):
    page.fail("turn-ends", "no\nmodel")
    assert "## Turn ends\n\n**Could not run on " in written()
    assert ": no model**\n\nRun it with `make eval ONLY=turn-ends`." in written()
    page.add("turn-ends", section(), where="Then.")
    assert "Could not run" not in written()
    page.fail("turn-ends", "no pipecat")
    assert ": no pipecat** The figures below are older.\n" in written()
    assert "| skydeck | 310 | 7.2 |" in written()


def test_bars_are_drawn_for_what_was_measured(tmp_path):
    kinds = (chart(), chart(is_stacked=True), chart(of=[400, 4_000], rows={"a": [310, 7]}))
    for number, one in enumerate(kinds):
        files = [tmp_path / f"{number}-{again}.svg" for again in (1, 2)]
        for file in files:
            page.draw(one, file)
        first, second = (file.read_bytes() for file in files)
        assert first == second
        assert b"Spanish" in first
    assert b">-<" in (tmp_path / "0-1.svg").read_bytes()  # not measured


@pytest.fixture
def parts(written, monkeypatch):
    """What each part gives; a part without is missing its model."""
    given = {}

    def measure_of(name):
        def measure(_weights):
            if name not in given:
                raise FileNotFoundError(f"no model for {name}")
            return given[name]

        return measure

    monkeypatch.setattr(command, "measure_of", measure_of)
    monkeypatch.setattr(pages, "where", lambda _beside: "Here.")
    return given


def test_parts_can_be_run_alone(parts, written):
    parts |= {"answers": section(title="A"), "names": section(title="N")}
    assert command.main(["names,answers"]) == 0
    assert "## A\n" in written()
    assert "## N\n" in written()


def test_a_part_that_fails_does_not_stop_the_others(parts, written, capsys):
    parts["names"] = section(title="N")
    assert command.main([]) == 1
    assert "no model for answers" in written()
    assert "## N\n" in written()
    assert "could not run: answers, first-sound" in capsys.readouterr().out


def test_an_unknown_part_is_refused_before_anything_runs(parts, capsys):
    with pytest.raises(SystemExit):
        command.main(["nomes"])
    assert "unknown: nomes; there are answers" in capsys.readouterr().err
