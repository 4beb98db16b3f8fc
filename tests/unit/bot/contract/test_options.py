"""What is said of an option or a value that does not fit."""

import pytest

from bot.contract.options import Option, OptionType, check_options
from bot.errors import BadInput

LENGTH = Option(
    name="length",
    description="How long.",
    type=OptionType.CHOICE,
    choices=["short", "medium", "long"],
    default="short",
)
TO = Option(name="to", description="Into.", type=OptionType.LANGUAGE, default="English")
COUNT = Option(name="count", description="How many.", type=OptionType.INTEGER, default=3, max=9)


def refused(**given):
    with pytest.raises(BadInput) as caught:
        check_options("summarize", [LENGTH, TO, COUNT], given)
    return str(caught.value)


def test_only_what_was_given_is_checked():
    assert check_options("summarize", [LENGTH, TO], {"to": "es-MX"}) == {"to": "Spanish"}
    assert check_options("summarize", [LENGTH], {}) == {}


def test_a_misspelt_option_is_answered_with_the_right_one():
    assert refused(lenght="short") == (
        "summarize has no option 'lenght'; it has: length, to, count. Did you mean length?"
    )
    assert refused(zzz=1) == "summarize has no option 'zzz'; it has: length, to, count."


def test_a_misspelt_value_is_answered_with_the_right_one():
    assert refused(length="shrt").endswith("not 'shrt'. Did you mean short?")
    assert refused(to="spanisch").endswith("not 'spanisch'. Did you mean es (Spanish)?")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (None, "null"),
        (["a", "b"], '["a", "b"]'),
        ({"a": 1.5}, '{"a": 1.5}'),
        ("it's", "'it's'"),
        ("a\nb\u202e\x1b[2J", "'a b'"),
        ("x" * 41, "that"),
        pytest.param(object(), "that", id="object"),
    ],
    ids=str,
)
def test_a_value_is_repeated_as_people_write_it(value, shown):
    assert refused(count=value) == f"count must be a whole number, not {shown}."
