import re

from bot import errors
from bot.errors import SkydeckError


def everything(kind=SkydeckError):
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield kind.__name__, child
            yield from everything(child)


def drawn():
    """The tree of the docstring as (parent, child) names."""
    above = {-1: "SkydeckError"}
    for line in errors.__doc__.splitlines():
        found = re.match(r"((?:│   |    )*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4
            above[depth] = found[2]
            yield above[depth - 1], found[2]


def test_the_tree_is_as_drawn():
    assert list(drawn()) == [(parent, child.__name__) for parent, child in everything()]


def test_each_kind_has_its_own_code():
    codes = [child.code for _, child in everything()]
    assert len(set(codes)) == len(codes)


def test_a_wait_and_permissions_travel_with_their_errors():
    assert errors.TooSoon(wait_s=3.0).wait_s == 3.0
    error = errors.MissingPermission(("send_messages",))
    assert error.permissions == ("send_messages",)
    assert str(error) == "send_messages"


def test_an_error_without_a_message_is_its_code():
    assert str(errors.TooLate()) == "too_late"


def test_the_errors_of_groups_within_groups_keep_their_order():
    first, second, third = errors.TooLate(), errors.BadInput("no text"), errors.StoreFailed("full")
    inner = BaseExceptionGroup("inner", [BaseExceptionGroup("innermost", [first]), second])
    assert errors.errors_in(BaseExceptionGroup("outer", [inner, third])) == [first, second, third]
