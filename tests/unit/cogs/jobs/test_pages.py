"""A person's jobs in words."""

import pytest

from bot.choices import Mode
from bot.contract import Service
from bot.i18n import words_for
from bot.store.repositories.recovery import Ending, Job, JobStage
from cogs.jobs._pages import LIST_CHARS, Overview, about, label, overview_page

ENGLISH = words_for("en-US")


def job(number, *, stage=JobStage.ACCEPTED, ending=None, title="a title", place=None):
    return Job(
        journal_id=number,
        service=Service.PENNY,
        module="CONVERSE",
        endpoint_id="e",
        mode=Mode.STREAM,
        user_id=1,
        channel_id=2,
        guild_id=3,
        place=place or {"channel": "2", "message": "5"},
        title=title,
        deadline_ms=1,
        created_at_ms=1000,
        stage=stage,
        ending=ending,
    )


def missed(number, **more):
    return job(number, stage=JobStage.UNDELIVERED, ending=Ending.COMPLETED, **more)


def test_nothing_is_nothing():
    assert overview_page(Overview([], 0, []), ENGLISH) == ""


def test_what_was_missed_comes_first_then_what_runs_then_what_waits():
    waits = job(3, stage=JobStage.WAITING, place={"channel": "2", "message": "6"})
    page = overview_page(Overview([missed(1)], 1, [job(2), waits]), ENGLISH)
    headings = [line for line in page.splitlines() if line.startswith("**")]
    assert headings == ["**Here is what you missed**", "**Running**", "**Waiting**"]
    assert "https://discord.com/channels/3/2/5" in page
    assert "https://discord.com/channels/3/2/6" in page


def test_what_is_done_is_linked_and_says_whose_service_it_was():
    done = job(1, stage=JobStage.FINISHED, ending=Ending.COMPLETED)
    page = overview_page(Overview([], 0, [], [done]), ENGLISH)
    assert page == (
        "**Done in the last 24 hours**\n"
        "✅ a title · Penny · <t:1:R> · [go to it](https://discord.com/channels/3/2/5)"
    )


def test_what_never_had_a_message_is_not_linked():
    page = overview_page(Overview([], 0, [job(1, place={"channel": "2", "message": "0"})]), ENGLISH)
    assert "discord.com" not in page


@pytest.mark.parametrize("number", [1, 25, 400])
def test_however_many_it_fits_and_says_how_many_more(number):
    listed = [missed(n, title="**x** @everyone [a](http://b) " * 7) for n in range(min(number, 25))]
    page = overview_page(
        Overview(listed, number, [job(n, title="y" * 200) for n in range(25)]), ENGLISH
    )
    assert len(page) <= LIST_CHARS + 100
    shown = sum(line.startswith(("✅", "⏳")) for line in page.splitlines())
    left_out = number + 25 - shown
    assert (f"and {left_out} more" in page) == (left_out > 1)
    assert "@everyone" not in page


def test_a_choice_fits_discords_menu():
    one = missed(1, title="z" * 200)
    assert len(label(one, ENGLISH)) <= 100
    assert label(job(2, title=""), ENGLISH) == "⏳ (untitled)"
    assert about(job(2), ENGLISH) == "Running"
    assert about(one, ENGLISH) == "Finished"
