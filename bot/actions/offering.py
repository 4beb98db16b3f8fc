"""What may be done here, made from the catalogue, and whether an answer keeps to it. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import ValidationError

from bot.actions.option_words import LANGUAGE_FORMAT
from bot.actions.plain_words import is_within
from bot.contract import Response, Service
from bot.contract.actions import MAX_OFFERED, MAX_SAY_CHARS, MAX_STEPS, ActionStep, OfferedAction
from bot.contract.factory import BUILD_KINDS, FactoryModule
from bot.contract.grace import Module
from bot.contract.options import Option, OptionType
from bot.errors import BadInput
from bot.sanitize import clean_excerpt

TEXT: Final = "text"
"""The parameter with a text that the person's own words contain."""
MAX_TEXT_CHARS: Final = 4_000
_MAX_ACTION_CHARS: Final = 32_000
_MAX_VALUES: Final = 500
"""How many values an action may have; to look at more would hold the event loop."""
_TEXT_FORM: Final[Mapping[str, Any]] = {
    "type": "string",
    "maxLength": MAX_TEXT_CHARS,
    "description": "The text to work on, or the subject, if the person says it, in their words.",
}
_BUILD: Final = OfferedAction(
    service=Service.FACTORY,
    module=FactoryModule.BUILD.value,
    purpose="Builds a program, a script or a document that was described, and tries it out.",
    params={
        "type": "object",
        "properties": {
            TEXT: dict(_TEXT_FORM),
            "kind": {"type": "string", "enum": list(BUILD_KINDS)},
        },
        "additionalProperties": False,
    },
    asks_first=True,
)


def offer(catalogue: Mapping[str, Module], services: Collection[Service]) -> list[OfferedAction]:
    """What may be asked for.

    Args:
        catalogue: Grace's modules.
        services: The services that this person may use here.
    """
    found = [_BUILD] if Service.FACTORY in services else []
    if Service.GRACE in services:
        found += map(_of_module, catalogue.values())
    return found[:MAX_OFFERED]


def _of_module(module: Module) -> OfferedAction:
    return OfferedAction(
        service=Service.GRACE,
        module=module.name,
        purpose=module.purpose,
        params={
            "type": "object",
            "properties": {TEXT: dict(_TEXT_FORM), **{o.name: _form(o) for o in module.options}},
            "additionalProperties": False,
        },
    )


def _form(option: Option) -> dict[str, Any]:
    """The JSON Schema of an option."""
    about = {"description": option.description}
    match option.type:
        case OptionType.BOOLEAN:
            return {"type": "boolean", **about}
        case OptionType.INTEGER:
            return {"type": "integer", **_bounds(option, "minimum", "maximum"), **about}
        case OptionType.CHOICE:
            return {"type": "string", "enum": list(option.choices), **about}
        case OptionType.LIST:
            items = {"type": "string", "maxLength": 100}
            bounds = _bounds(option, "minItems", "maxItems")
            return {"type": "array", "items": items, **bounds, **about}
        case OptionType.LANGUAGE:
            return {"type": "string", "format": LANGUAGE_FORMAT, "maxLength": 40, **about}
        case OptionType.STRING:
            return {"type": "string", **_bounds(option, "minLength", "maxLength"), **about}


def _bounds(option: Option, low: str, high: str) -> dict[str, int]:
    return {n: v for n, v in ((low, option.min), (high, option.max)) if v is not None}


# -- what came back -----------------------------------------------------------------------------


class Refusal(StrEnum):
    """Why an action that a service answers with is not done.

    UNREADABLE: it has not the contract's form, or is too large. NOT_OFFERED: nobody offered it, or
    there is no such module. NOT_ASKED: the person's words ask for nothing. TOO_MANY_STEPS: it has
    more than three. WRONG_PARAMS: they do not fit. MIXED: a chain with a build in it.
    """

    UNREADABLE = "unreadable"
    NOT_OFFERED = "not_offered"
    NOT_ASKED = "not_asked"
    TOO_MANY_STEPS = "too_many_steps"
    WRONG_PARAMS = "wrong_params"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An action that was checked.

    Attributes:
        steps: What to do, in order.
        text: The text or subject that the person's own words contain; empty: none.
        say: A short sentence to say meanwhile; empty: none.
        asks_first: Whether the person has to confirm it.
        is_unsure: Whether the service is unsure that the person asked for it, so that they are
            asked.
    """

    steps: tuple[ActionStep, ...]
    text: str = ""
    say: str = ""
    asks_first: bool = False
    is_unsure: bool = False

    @property
    def service(self) -> Service:
        """The service that does all of it."""
        return self.steps[0].service


def check(
    response: Response,
    offered: Collection[OfferedAction],
    catalogue: Mapping[str, Module],
    own_words: str,
) -> Chosen | Refusal | None:
    """Check the action of an answer, which may be anything; None: the answer has none.

    Args:
        response: The complete answer.
        offered: What was offered with the question.
        catalogue: Grace's modules.
        own_words: The person's own words: a text that is not in them is not theirs.
    """
    given = response.output.action if response.output is not None else None
    if given is None:
        return None
    if not isinstance(given, dict) or not _is_small(given):
        return Refusal.UNREADABLE
    then = given.get("then") or []
    if not isinstance(then, list):
        return Refusal.UNREADABLE
    if len(then) >= MAX_STEPS:
        return Refusal.TOO_MANY_STEPS
    known = {(one.service, one.module): one for one in offered}
    steps: list[ActionStep] = []
    for one in (given, *then):
        step = _step(one, known, catalogue)
        if isinstance(step, Refusal):
            return step
        steps.append(step)
    if len(steps) > 1 and any(step.service is not Service.GRACE for step in steps):
        return Refusal.MIXED
    text = steps[0].params.get(TEXT, "")
    return Chosen(
        steps=tuple(_without_text(step) for step in steps),
        text=text if is_within(text, own_words) else "",
        say=clean_excerpt(say, limit=MAX_SAY_CHARS)
        if isinstance(say := given.get("say"), str)
        else "",
        asks_first=any(known[step.service, step.module].asks_first for step in steps),
        is_unsure=bool(given.get("is_unsure")),  # in whatever form: to ask does no harm
    )


def _step(
    given: object,
    known: Mapping[tuple[Service, str], OfferedAction],
    catalogue: Mapping[str, Module],
) -> ActionStep | Refusal:
    try:
        named = ActionStep.model_validate(given)
    except ValidationError:
        is_named = isinstance(given, dict) and "service" in given and "module" in given
        return Refusal.NOT_OFFERED if is_named else Refusal.UNREADABLE
    module = named.module.upper()
    if (named.service, module) not in known:
        return Refusal.NOT_OFFERED
    params = {name: value for name, value in named.params.items() if value is not None}
    text = params.pop(TEXT, "")
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        return Refusal.WRONG_PARAMS
    checked = _checked(named.service, module, params, catalogue)
    if checked is None:
        return Refusal.WRONG_PARAMS
    return ActionStep(
        service=named.service, module=module, params={**checked, **({TEXT: text} if text else {})}
    )


def _checked(
    service: Service, module: str, params: dict[str, Any], catalogue: Mapping[str, Module]
) -> dict[str, Any] | None:
    """The parameters as the module takes them; None: they do not fit."""
    if service is Service.FACTORY:
        fits = params.keys() <= {"kind"} and params.get("kind", "auto") in BUILD_KINDS
        return params if fits else None
    try:
        settings = catalogue[module].settings(params)
    except (BadInput, KeyError):
        return None
    return {name: settings[name] for name in params}


def _without_text(step: ActionStep) -> ActionStep:
    return step.model_copy(update={"params": {k: v for k, v in step.params.items() if k != TEXT}})


def _is_small(value: object) -> bool:
    """Whether a JSON value is small, found without looking at all of a large one."""
    waiting, seen, chars = [value], 0, 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if isinstance(one, str):
            chars += len(one)
        elif isinstance(one, dict | list):
            if len(one) > _MAX_VALUES:
                return False
            waiting += [*one.keys(), *one.values()] if isinstance(one, dict) else one
        if seen > _MAX_VALUES or chars > _MAX_ACTION_CHARS:
            return False
    return True
