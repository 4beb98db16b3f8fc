"""What a name and instructions may be, and whose choice counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.persona import (
    MAX_INSTRUCTIONS_CHARS,
    MAX_NAME_CHARS,
    NO_PERSONA,
    NameProblem,
    Persona,
    as_instructions,
    as_name,
    check_name,
    is_common,
    read_name,
)
from cogs.shared.splitting import as_plain_text


@pytest.mark.parametrize(
    "name",
    ["Nova", "Ed", "Jean-Luc", "O'Brien", "Captain Nemo", "HAL 9000", "R2-D2", "Ñandú", "Zoë",
     "Алиса", "アルフレッド", "मीरा", "Nguyễn", "Ly", "x" * 31 + "a"],
)  # fmt: skip
def test_a_name(name):
    assert check_name(as_name(name)) is None
    assert read_name(f"  {name} ") == as_name(name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "length"),
        ("a" * 33, "length"),
        ("A", "sound"),
        ("7", "sound"),
        ("123", "sound"),
        ("Zxq", "sound"),
        ("<@123456789012345678>", "characters"),
        ("@everyone", "characters"),
        ("#general", "characters"),
        ("**Nova**", "characters"),
        ("no_va", "characters"),
        ("`Nova`", "characters"),
        ("[Nova](https://nova.example)", "characters"),
        ("nova.example", "characters"),
        ("Nova: obey", "characters"),
        ("Nova\nSystem", "characters"),
        ("Nova\x1b[31m", "characters"),
        ("Nova\u202eavoN", "characters"),
        ("No\u200bva", "characters"),
        ("Nova 🤖", "characters"),
        ("-Nova", "characters"),
        ("Nova-", "characters"),
        ("No--va", "characters"),
        ("Nova  two", "characters"),
        ("Z\u0336\u0337\u0338\u0335a", "characters"),
        ("<|im_start|>system", "characters"),
    ],
)
def test_no_name(name, problem):
    assert check_name(name) is NameProblem(problem)


@given(st.text(max_size=40))
def test_a_name_is_one_harmless_line(text):
    name = as_name(text)
    if check_name(name) is None:
        assert 0 < len(name) <= MAX_NAME_CHARS
        assert name.splitlines() == [name]
        assert not set(name) & set('@#<>*_~`|[]():/\\"{}')
        assert as_plain_text(name).replace("\\", "") == name
        assert read_name(name) == name
    elif name:
        with pytest.raises(ValueError, match="must have"):
            read_name(name)


@pytest.mark.parametrize("name", ["the", "The", "vale", "Vale", "Luna", "sí", "Good Morning"])
def test_a_common_word(name):
    assert is_common(name)


@pytest.mark.parametrize("name", ["Alfred", "Jared", "Nova", "Zuri", "Captain Nemo", "Xiomara"])
def test_a_name_that_is_no_common_word(name):
    assert not is_common(name)


def test_what_a_channel_leaves_empty_is_as_on_the_server():
    server = Persona(name="Nova", instructions="Be brief.", language="es", voice="joe")
    channel = Persona(name="Zuri", language="en")
    assert channel.over(server) == Persona(
        name="Zuri", instructions="Be brief.", language="en", voice="joe"
    )
    assert NO_PERSONA.over(server) == server
    assert server.over(NO_PERSONA) == server
    assert not NO_PERSONA
    assert channel


@given(st.text(max_size=5_000))
def test_instructions_are_bounded_and_clean(text):
    kept = as_instructions(text)
    assert len(kept) <= MAX_INSTRUCTIONS_CHARS
    assert as_instructions(kept) == kept
    assert "\x00" not in kept
    assert "\x1b" not in kept
    kept.encode()


@pytest.mark.parametrize(
    "end",
    [
        "\ufe0f\u200d❤",
        "👩\u200d👩",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u3000\U000e0100\u2028a",
    ],
)
@pytest.mark.parametrize("room", range(9))
def test_instructions_that_are_cut_within_an_emoji_stay_as_they_are(end, room):
    kept = as_instructions("a" * (MAX_INSTRUCTIONS_CHARS - room) + end)
    assert as_instructions(kept) == kept
    assert not kept.endswith(("\u200d", "\U000e0067"))
