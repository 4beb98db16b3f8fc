"""A checked action on its way: what it points at, and its requests in order. Pure."""

from collections.abc import Collection, Generator, Mapping, Sequence
from typing import Final

from bot.actions.offering import Chosen, Refusal, check
from bot.actions.phrases import phrases
from bot.actions.pointing import points_at
from bot.actions.reading import read
from bot.actions.references import Points, Reference
from bot.contract import Request, Response, Service, Source, factory, grace
from bot.contract.actions import OfferedAction
from bot.contract.grace import Module
from bot.contract.plain import readable
from bot.i18n import Words

_SPOKEN_TASK_CHARS: Final = 80


def chosen_in(
    response: Response,
    offered: Sequence[OfferedAction],
    catalogue: Mapping[str, Module],
    own_words: str,
    names: Collection[str],
) -> Chosen | Refusal | None:
    """Check the action of an answer; None: the answer has none.

    Aloud, actions are offered before anybody knows the words: a service that takes talk for a
    request is found out here.

    Args:
        response: The complete answer.
        offered: What was offered with the question.
        catalogue: Grace's modules.
        own_words: The person's own words.
        names: The assistant's names.
    """
    chosen = check(response, offered, catalogue, own_words)
    if isinstance(chosen, Chosen) and read(own_words, offered, names=names).is_talk:
        return Refusal.NOT_ASKED
    return chosen


def reference_of(
    chosen: Chosen, own_words: str, offered: Sequence[OfferedAction], names: Collection[str]
) -> Reference:
    """What a person's own words point at; the service's text counts if they said it."""
    reading = read(own_words, offered, names=names)
    module = chosen.steps[0].module
    if reading.wishes and reading.wishes[0].action.module == module:
        return reading.wishes[0].reference
    if chosen.text:
        return Reference(Points.TEXT, text=chosen.text)
    reference = points_at(own_words)
    known = phrases().modules.get(module)
    is_subject = known is not None and not known.works_on_text
    if is_subject and reference.points is Points.TOPIC:
        return Reference(Points.TEXT, text=own_words)
    return reference


def sure_question(chosen: Chosen, words: Words) -> str:
    """Whether the person has asked for an action, as one short question; for what is no build."""
    if (steps := len(chosen.steps)) > 1:
        return words("actions.did_you_mean_steps", steps=steps)
    key = f"actions.did_you_mean.{chosen.steps[0].module.lower()}"
    return words(key if words.has(key) else "actions.did_you_mean.another")


def build_question(task: str, words: Words) -> str:
    """Whether to build something, as one short question aloud.

    Args:
        task: What, in the person's own words; empty: it is long, or they pointed at it.
        words: Their language.
    """
    named = " ".join(task.split()).rstrip(".?!")
    if 0 < len(named) <= _SPOKEN_TASK_CHARS:
        return words("actions.build_aloud_that", task=named)
    return words("actions.build_aloud")


def requests_of(
    chosen: Chosen, text: str, catalogue: Mapping[str, Module], source: Source
) -> Generator[Request, Response, None]:
    """Yield the requests of an action in order; is sent the result of each, for the next.

    Args:
        chosen: The action.
        text: What its first step works on.
        catalogue: Grace's modules.
        source: The contract's source.

    Raises:
        BadInput: There is no text to work on.
    """
    if chosen.service is Service.FACTORY:
        yield factory.build(text, source=source, **chosen.steps[0].params)
        return
    for step in chosen.steps:
        module = catalogue[step.module]
        result = yield grace.task(module, text, source=source, options=step.params)
        text = readable(result)


def following(
    requests: Generator[Request, Response, None], result: Response | None
) -> Request | None:
    """The next request of an action, after the result of the one before; None: that was all.

    Raises:
        BadInput: There is no text to work on.
    """
    try:
        return next(requests) if result is None else requests.send(result)
    except StopIteration:
        return None
