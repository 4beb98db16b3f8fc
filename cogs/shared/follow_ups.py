"""What may follow a result: a shorter or longer one, its translation, the same again. Pure."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from bot.contract import Request, Response, Service
from bot.contract.grace import Module
from bot.contract.options import Option, OptionType, Value
from bot.contract.penny import PennyModule
from bot.sanitize import is_blank


class FollowUp(StrEnum):
    """What a button under a result asks for."""

    SHORTER = "shorter"
    LONGER = "longer"
    TRANSLATE = "translate"
    AGAIN = "again"


TRANSLATOR: Final = "TRANSLATOR"
_REWRITER: Final = "REWRITER"
_TONE, _CONCISE = "tone", "concise"
_LENGTH: Final = "length"
_LONG_ANSWER_CHARS: Final = 300
"""What a shorter version of Penny's answer is worth asking for."""
_FACTOR: Final = 2
"""How much longer or shorter a number of words or of items becomes."""

Catalogue = Mapping[str, Module]


def offered(request: Request, response: Response, catalogue: Catalogue) -> Iterator[FollowUp]:
    """What may follow a job, in the order of its buttons.

    Args:
        request: What was asked.
        response: The result.
        catalogue: Grace's modules.
    """
    module = module_of(request, catalogue)
    has_text = not is_blank(response.text or response.transcript or "")
    if module is not None:
        for size in (FollowUp.SHORTER, FollowUp.LONGER):
            if resized(request, module, size) is not None:
                yield size
    is_worth = module is not None or len(response.text) > _LONG_ANSWER_CHARS
    if has_text and is_worth and shortener_of(request, module, catalogue) is not None:
        yield FollowUp.SHORTER
    if has_text and TRANSLATOR in catalogue and (module is None or module.output == "text"):
        yield FollowUp.TRANSLATE
    if module is not None or _is_question(request):
        yield FollowUp.AGAIN


def module_of(request: Request, catalogue: Catalogue) -> Module | None:
    """Grace's module that a request names; None: it is Penny's, or is gone."""
    is_graces = request.target.service is Service.GRACE
    return catalogue.get(request.target.module or "") if is_graces else None


def options_of(request: Request, module: Module) -> dict[str, Value]:
    """The options of a request that the module still has."""
    given = request.params or {}
    return {o.name: given[o.name] for o in module.options if given.get(o.name) is not None}


def resized(request: Request, module: Module, size: FollowUp) -> dict[str, Value] | None:
    """The options for a shorter or a longer result; None: there is none, or it is the last one."""
    option = _size_option(module)
    if option is None:
        return None
    now = request.option(option.name, option.default)
    then = _step(option, now, is_longer=size is FollowUp.LONGER)
    return None if then is None else {**options_of(request, module), option.name: then}


def shortener_of(
    request: Request, module: Module | None, catalogue: Catalogue
) -> tuple[Module, dict[str, Value]] | None:
    """The module, with its options, that shortens a text whose own module has no size.

    None: there is no such module, or the text has its own.
    """
    rewriter = catalogue.get(_REWRITER)
    if not _is_text_without_size(request, module):
        return None
    if rewriter is None or not any(_CONCISE in o.choices for o in rewriter.options):
        return None
    is_concise = module is rewriter and request.option(_TONE) == _CONCISE
    return None if is_concise else (rewriter, {_TONE: _CONCISE})


def _is_text_without_size(request: Request, module: Module | None) -> bool:
    if module is None:
        return _is_talk(request)
    return module.output == "text" and _size_option(module) is None


def _size_option(module: Module) -> Option | None:
    """The option that says how long a result is, or of how many items."""
    choices = [o for o in module.options if o.type is OptionType.CHOICE and o.name == _LENGTH]
    numbers = [o for o in module.options if o.type is OptionType.INTEGER and o.max is not None]
    return next(iter([*choices, *numbers]), None)


def _step(option: Option, now: Value, *, is_longer: bool) -> Value | None:
    if option.type is OptionType.CHOICE:
        place = option.choices.index(str(now)) if now in option.choices else 0
        then = place + (1 if is_longer else -1)
        return option.choices[then] if 0 <= then < len(option.choices) else None
    if not isinstance(now, int):
        return None
    number = now * _FACTOR if is_longer else now // _FACTOR
    number = max(option.min or 1, min(number, option.max or number))
    return None if number == now else number


def _is_question(request: Request) -> bool:
    """Whether Penny was asked something in writing."""
    return _is_talk(request) and isinstance(request.input.data, str)


def _is_talk(request: Request) -> bool:
    """Whether Penny was asked something."""
    is_talk = request.target.module == PennyModule.CONVERSE
    return is_talk and request.target.service is Service.PENNY
