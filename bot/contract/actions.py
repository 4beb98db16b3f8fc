"""Actions in the contract: what a caller offers with CONVERSE, and what Penny chooses. Pure.

`params.actions` says what may be done here and now, and `output.action` what the person wants:

    "params": {"actions": [{"service": "GRACE", "module": "TRANSLATOR", "purpose": "…",
                            "params": {"type": "object", "properties": {"to": {…}}}}],
               "own_words": "translate this into Spanish"}
    "output": {"text": "…", "action": {"service": "GRACE", "module": "TRANSLATOR",
                                       "params": {"to": "Spanish"}, "say": "…", "then": [],
                                       "is_unsure": false}}

`own_words` are the person's own words within the input; without it all of the input is. Nothing
else (files, quotes, the conversation) may lead to an action. `then` has the next steps, which work
on the result of the step before. With `is_unsure`, the person is asked first. A service that does
not know the parameter just answers.
"""

from typing import Any, Final

from pydantic import Field, ValidationError

from bot.contract.envelope import Request, Service, Wire
from bot.errors import BadInput

ACTIONS: Final = "actions"
"""The parameter with the offered actions."""
OWN_WORDS: Final = "own_words"
"""The parameter with the person's own words."""
MAX_OFFERED: Final = 64
MAX_STEPS: Final = 3
"""How many actions one sentence may ask for."""
MAX_OWN_WORDS_CHARS: Final = 4_000
MAX_SAY_CHARS: Final = 300
_MAX_PURPOSE_CHARS: Final = 200


class OfferedAction(Wire):
    """One action that may be chosen.

    Attributes:
        purpose: One line: what it is for.
        params: The JSON Schema of its parameters: an object.
        asks_first: Whether the person is asked before it is done.
    """

    service: Service
    module: str = Field(min_length=1, max_length=64)
    purpose: str = Field(default="", max_length=_MAX_PURPOSE_CHARS)
    params: dict[str, Any] = Field(default_factory=dict)
    asks_first: bool = False


class ActionStep(Wire):
    """One step of an action: a module, and its parameters."""

    service: Service
    module: str = Field(min_length=1, max_length=64)
    params: dict[str, Any] = Field(default_factory=dict)


class Action(ActionStep):
    """`output.action`, as our Penny sends it.

    Attributes:
        say: A short sentence to say meanwhile.
        then: The steps after the first, each on the result of the one before.
        is_unsure: Whether the person's words may mean something else, so that they are asked first.
    """

    say: str | None = Field(default=None, max_length=MAX_SAY_CHARS)
    then: list[ActionStep] = Field(default_factory=list, max_length=MAX_STEPS - 1)
    is_unsure: bool = False

    @property
    def steps(self) -> tuple[ActionStep, ...]:
        """All steps in order."""
        return (self, *self.then)


def offered_in(request: Request) -> tuple[OfferedAction, ...]:
    """The actions that a request offers; none if it offers none.

    Raises:
        BadInput: They are not as the contract has them, or too many.
    """
    given = request.option(ACTIONS, [])
    if not isinstance(given, list) or len(given) > MAX_OFFERED:
        raise BadInput(f"The parameter {ACTIONS} must be a list of at most {MAX_OFFERED}.")
    try:
        return tuple(OfferedAction.model_validate(one) for one in given)
    except ValidationError:
        raise BadInput(f"The parameter {ACTIONS} has an entry that is no action.") from None


def own_words_in(request: Request, otherwise: str) -> str:
    """The person's own words in a request; `otherwise` if it does not say which they are.

    Raises:
        BadInput: They are no text.
    """
    words = request.option(OWN_WORDS, otherwise)
    if not isinstance(words, str):
        raise BadInput(f"The parameter {OWN_WORDS} must be a text.")
    return words[:MAX_OWN_WORDS_CHARS]
