import logging
import re
from types import SimpleNamespace

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from bot import errors
from bot.errors import SkydeckError
from bot.i18n import words_for
from cogs.shared.error_messages import explain, reason_of

ENGLISH, SPANISH = words_for("en-US"), words_for("es-ES")


def kinds(kind=SkydeckError):
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from kinds(child)


def made(kind, message="The facts."):
    if kind is errors.OverBudget:
        return kind(
            scope="user", period="day", limit_micro_usd=5, left_micro_usd=1, renews_ms=86_400_000
        )
    if kind is errors.TooSoon:
        return kind(wait_s=64.2)
    if kind is errors.MissingPermission:
        return kind()
    return kind(message, wait_s=64.2) if kind is errors.ServiceDown else kind(message)


def refused(kind, status, code=0, method="POST", path="/api/v10/channels/1/messages"):
    response = SimpleNamespace(
        status=status, reason="x", method=method, url=yarl.URL(f"http://d{path}")
    )
    return kind(response, {"code": code, "message": "private words"})


@pytest.mark.parametrize("kind", list(kinds()))
@pytest.mark.parametrize("words", [ENGLISH, SPANISH], ids=lambda w: w.language)
def test_each_kind_of_error_has_its_words(kind, words):
    explained = explain(made(kind), words)
    others = {
        errors.MissingPermission: "errors.discord_shut",
        errors.OverBudget: "budgets.spent",
    }
    expected = others.get(kind, f"errors.{kind.code}")
    assert explained.text.startswith(words.texts[expected].partition("{")[0])
    assert re.fullmatch(rf"{kind.code} · [0-9A-F]{{4}}", explained.reference)
    if kind is not errors.JobCancelled:
        assert explained.text.endswith(f"({explained.reference})")


def test_facts_follow_where_they_help_and_only_there():
    assert "\n> It is no audio." in explain(errors.BadInput("It is no audio."), ENGLISH).text
    assert "KEY=" not in explain(errors.BadSettings("KEY=abc"), ENGLISH).text
    assert "hint" not in explain(errors.JobFailed("It failed.", hint="hint"), ENGLISH).text


def test_a_service_may_find_the_input_wrong():
    text = explain(errors.JobFailed("No speech in it.", service_code="bad_input"), ENGLISH).text
    assert text.startswith(ENGLISH("errors.bad_input"))
    assert "> The service said: “No speech in it.”" in text


def test_what_a_service_says_is_bounded_and_pings_nobody():
    text = explain(errors.JobFailed("@everyone\n\n# Look\n" + "x" * 9000), ENGLISH).text
    assert len(text) < 700
    assert "@everyone" not in text
    assert text.count("\n") == 2


def test_a_service_s_words_are_told_as_its_own():
    text = explain(errors.JobFailed("Out of memory."), SPANISH).text
    assert "> El servicio ha dicho: «Out of memory.»" in text
    assert "(El servicio ha dicho: «Out of memory.»)" in reason_of("x", "Out of memory.", SPANISH)


def test_a_service_without_words_is_not_quoted():
    text = explain(errors.JobFailed(errors.UNEXPLAINED), SPANISH).text
    assert "> El servicio no ha dado ningún motivo." in text


def test_what_is_written_for_the_log_is_told_as_english():
    text = explain(errors.BadInput("It is no audio."), SPANISH).text
    assert "> En inglés: «It is no audio.»" in text


def test_a_reason_of_ours_may_name_roles():
    role = "<@&123456789012345678>"
    assert role in explain(errors.NotAllowed(f"Only for {role}"), ENGLISH).text


def test_a_wait_is_named_and_long_enough():
    assert "1 min 5 s" in explain(errors.TooSoon(wait_s=64.2), ENGLISH).text
    assert "1 s" in explain(errors.TooSoon(wait_s=0.01), SPANISH).text


def test_an_unknown_kind_has_the_words_of_the_kind_above_it():
    class Colder(errors.JobExpired):
        code = "colder"

    explained = explain(Colder("x"), ENGLISH)
    assert explained.text.startswith(ENGLISH("errors.job_expired"))
    assert explained.reference.startswith("colder")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused(discord.Forbidden, 403, 50001), "View Channel"),
        (refused(discord.Forbidden, 403, 50013), "Send Messages"),
        (
            refused(discord.Forbidden, 403, 50013, path="/api/v10/channels/1/messages/2/threads"),
            "Create Public Threads",
        ),
        (
            refused(discord.Forbidden, 403, 50013, "PUT", "/channels/1/messages/2/reactions/x/@me"),
            "Add Reactions",
        ),
        (refused(discord.Forbidden, 403, 50013, "PATCH", "/guilds/1"), "send messages in it"),
        (refused(discord.Forbidden, 403, 50007), "direct messages"),
        (refused(discord.NotFound, 404, 10008), "deleted"),
        (refused(discord.DiscordServerError, 503), "didn't accept"),
        (refused(discord.HTTPException, 400, 50035), "refused"),
        (discord.RateLimited(70.0), "1 min 10 s"),
        (aiohttp.ServerDisconnectedError(), "didn't accept"),
        (TimeoutError(), "didn't accept"),
        (app_commands.MissingPermissions(["manage_guild"]), "Manage Server"),
        (app_commands.BotMissingPermissions(["pin_messages"]), "Pin Messages"),
        (app_commands.NoPrivateMessage(), "only on a server"),
        (app_commands.MissingRole(1), "role"),
        (app_commands.CheckFailure(), "use that here"),
        (app_commands.CommandOnCooldown(app_commands.Cooldown(1, 60), 59.8), "1 min"),
        (app_commands.CommandNotFound("x", []), "Reload"),
        (app_commands.AppCommandError(), "my side"),
        (ValueError("private words"), "my side"),
        (ExceptionGroup("", [ValueError(), ExceptionGroup("", [made(errors.JobExpired)])]), "late"),
        (ExceptionGroup("", [TimeoutError()]), "didn't accept"),
    ],
)
def test_errors_of_others_have_words_too(error, says, caplog):
    text = explain(error, ENGLISH).text
    assert says in text
    assert "private words" not in text + caplog.text


def test_what_a_command_raised_counts_and_not_its_wrapping():
    wrapped = app_commands.CommandInvokeError(
        SimpleNamespace(name="x", qualified_name="x"), made(errors.RateLimited)
    )
    assert explain(wrapped, ENGLISH).reference.startswith("rate_limited")


def test_what_a_transformer_raised_counts():
    transformer = SimpleNamespace(_error_display_name="x")
    error = app_commands.TransformerError("v", discord.AppCommandOptionType.string, transformer)
    assert explain(error, ENGLISH).reference.startswith("bad_option")
    error.__cause__ = errors.TooLarge("10 MB at most.")
    assert "10 MB at most." in explain(error, ENGLISH).text


def test_the_log_has_the_reference_and_no_words_of_people(caplog):
    explained = explain(errors.JobFailed("private words", service_code="oom\n!"), ENGLISH)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert explained.reference in record.getMessage()
    assert "oom" in record.getMessage()
    assert "private" not in record.getMessage()


def test_the_log_shows_where_the_unexpected_happened(caplog):
    def burst():
        try:
            int("private words")
        except ValueError as e:
            raise KeyError("private words") from e

    try:
        burst()
    except KeyError as e:
        explained = explain(e, ENGLISH)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert explained.reference in record.getMessage()
    assert "in burst" in record.getMessage()
    assert "KeyError" in record.getMessage()
    assert "ValueError" in record.getMessage()
    assert "private words" not in re.sub(r"(?m)^ {4}.*$", "", record.getMessage())


def test_a_wanted_stop_is_no_event(caplog):
    assert explain(errors.JobCancelled("x"), ENGLISH).text == "Stopped."
    assert not caplog.records


def over(scope):
    return errors.OverBudget(
        scope=scope,
        period="month",
        limit_micro_usd=5_000_000,
        left_micro_usd=0,
        renews_ms=86_400_000,
    )


@pytest.mark.parametrize("words", [ENGLISH, SPANISH])
@pytest.mark.parametrize(
    ("scope", "privately", "has_figures"),
    [
        ("user", False, False),
        ("user", True, True),
        ("guild", False, True),
        ("guild", True, True),
        ("all", False, False),
        ("all", True, False),
    ],
)
def test_how_a_budget_stands_is_told_to_those_who_may_know(words, scope, privately, has_figures):
    text = explain(over(scope), words, privately=privately).text
    figures = "($0 of $5.00)" if words is ENGLISH else "(0\u00a0$ de 5,00\u00a0$)"
    assert (figures in text) == has_figures
    assert ("$" in text) == has_figures
    assert "<t:86400:R>" in text


def test_a_reason_in_the_readers_words_stands_alone():
    """What happened and what to do, once; the reference is small, at the end."""
    reason = SPANISH("grace.input.empty")
    lines = explain(errors.BadInput(reason), SPANISH).text.split("\n")
    assert lines[0] == reason
    assert lines[1].startswith("-# (bad_input · ")
    assert len(lines) == 2


def test_a_services_key_in_its_error_is_for_nobody():
    key = "sk-" + "ant-api03-aBcDeFgHiJkLmNoPqRsT"
    said = explain(errors.JobFailed(f"ValueError: invalid x-api-key {key}"), ENGLISH).text
    assert key not in said
    assert "invalid x-api-key [hidden]" in said
