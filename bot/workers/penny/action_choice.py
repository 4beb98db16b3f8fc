"""Which of the offered actions does the person ask for? By their words, else by the model.

A request that is plain to see needs no model (`bot.actions.reading`). Where the words only could
mean an action, the model chooses among those few by a JSON Schema, and Claude among all by tools.
It is given the person's own words and nothing else: no file and no quote can ask for anything.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bot.actions.chains import split_steps, unknown_first, with_following
from bot.actions.intents.ngrams import Judgement, judged
from bot.actions.intents.probe import MAX_CHARS, Probe, packaged_probe
from bot.actions.option_words import options_in
from bot.actions.plain_words import joined, tokens_of
from bot.actions.reading import Reading, read
from bot.actions.request_parts import Wish
from bot.contract import Message
from bot.contract.actions import MAX_STEPS, Action, ActionStep, OfferedAction
from bot.errors import SkydeckError
from bot.i18n import words_for
from bot.workers.grace.retrying_model import RetryingModel, UsageTotal
from bot.workers.protocols import (
    CompletionUsage,
    LanguageModel,
    Prompt,
    SentenceReader,
    Slot,
    Tool,
    complete,
)

log = logging.getLogger(__name__)

_TALK: Final = "TALK"
_SYSTEM: Final = (
    "You decide what a person asks an assistant to do right now. "
    "Choose a task only if the person asks the assistant to do it now, to a text or a subject. "
    "Questions, remarks, stories and plans are {talk}."
)
_BY_TOOLS: Final = (
    "Call a tool only if the person asks the assistant to do that now; "
    "leave out what they do not say. Otherwise answer with the one word {talk}."
)
_MESSAGE: Final = "Tasks:\n{tasks}\n- {talk}: anything else\n\nThe person says: {words}"
_SHOTS: Final = (
    ("SUMMARIZER: Summarizes a text.", "A summary of that would be great, please.", "SUMMARIZER"),
    ("SUMMARIZER: Summarizes a text.", "I want to thank you for that summary.", _TALK),
    ("TRANSLATOR: Translates a text.", "¿Qué tal una traducción de esto?", "TRANSLATOR"),
    ("TRANSLATOR: Translates a text.", "Necesito saber cuánto cobra un traductor.", _TALK),
)
_MAX_CHOICE_TOKENS: Final = 40
_MAX_TOOL_TOKENS: Final = 400
ASKS_BY_STATE: Final = 5.0
"""The natural logarithm of how much likelier than talk an action must be to be done at once."""
ASKS_BACK_BY_STATE: Final = 3.0
"""The same for asking the person whether they mean it."""
ASKS_BY_WORDS: Final = 2.5
TALK_BY_WORDS: Final = -2.0
"""Below, what a rule takes for a request is doubted, and below TALK_BY_STATE it is talk. Of authors
that were not learned from, `tiny` finds out 40 of 53 sentences of talk that a rule took for a
request, and loses 29 of 1,323 requests; by words alone it is 30 and 30."""
TALK_BY_STATE: Final = -1.0
TALK_BY_WORDS_ALONE: Final = -4.0
_NO_USAGE: Final = CompletionUsage(0, 0, "stop")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        action: The action; None: it is talk.
        reply: What to answer instead of an action; empty: nothing special.
        usage: What the model used for it.
    """

    action: Action | None = None
    reply: str = ""
    usage: CompletionUsage = _NO_USAGE


async def choose(
    words: str,
    offered: Sequence[OfferedAction],
    *,
    llm: LanguageModel,
    language: str | None,
    names: Sequence[str],
) -> Choice:
    """Choose one of the offered actions, or none.

    Args:
        words: The person's own words.
        offered: What may be done.
        llm: Chooses where the words leave it open.
        language: The language of what is said meanwhile.
        names: The assistant's names.
    """
    # In threads: the first time the phrases are compiled, and the parts of a long text are read.
    reading = await asyncio.to_thread(read, words, offered, names=names)
    if len(reading.wishes) > MAX_STEPS:
        return _chosen(reading.wishes, language)
    try:
        if reading.wishes:
            if await _is_talk_all_the_same(words, reading, llm):
                return Choice()
            wishes = await asyncio.to_thread(_all_steps, words, reading.wishes, offered, names)
            return _chosen(wishes, language)
        if isinstance(llm, SentenceReader) and (probe := packaged_probe(llm.name)) is not None:
            judgement = await _by_state(words, reading, llm, probe)
            likely = await asyncio.to_thread(
                _likely, judgement, ASKS_BACK_BY_STATE, words, offered, language, names
            )
            return _asked_back(likely, judgement, language)
        judgement = reading.judgement
        likely = await asyncio.to_thread(
            _likely, judgement, ASKS_BY_WORDS, words, offered, language, names
        )
        if likely.action is not None or likely.reply:
            return likely
        candidates = reading.candidates
        if reading.is_open and llm.takes_tools:
            candidates = tuple(offered)
        return await _ask_model(words, candidates, llm, language) if candidates else Choice()
    except SkydeckError as e:  # it is answered as talk, by the same model
        log.info("no action was chosen (%s)", e.code)
        return Choice()


async def _by_state(
    words: str, reading: Reading, llm: SentenceReader, probe: Probe
) -> Judgement | None:
    """What one of our models makes of the words; None: these alone say that it is talk."""
    if reading.judgement is None or not reading.may_ask:
        return None
    return await _read_by(llm, probe, words, reading.judgement)


async def _read_by(llm: SentenceReader, probe: Probe, words: str, by_words: Judgement) -> Judgement:
    state = np.asarray(await llm.state(words[:MAX_CHARS]), np.float32)
    return judged(probe.labels, probe.logits(state, by_words.logits))


async def _is_talk_all_the_same(words: str, reading: Reading, llm: LanguageModel) -> bool:
    """Whether a rule takes talk for a request, by the words, and by what a model makes of them.

    As in "extracting honey is messy". Several steps are asked for by nobody who only talks.
    """
    by_words = reading.judgement
    if len(reading.wishes) > 1 or by_words is None or by_words.log_odds > TALK_BY_WORDS:
        return False
    if not isinstance(llm, SentenceReader) or (probe := packaged_probe(llm.name)) is None:
        return by_words.log_odds < TALK_BY_WORDS_ALONE
    return (await _read_by(llm, probe, words, by_words)).log_odds < TALK_BY_STATE


def _likely(
    judgement: Judgement | None,
    least: float,
    words: str,
    offered: Sequence[OfferedAction],
    language: str | None,
    names: Sequence[str],
) -> Choice:
    """The actions that a judgement names, if it is offered, and likely enough."""
    if judgement is None or judgement.log_odds < least:
        return Choice()
    chosen = next((one for one in offered if one.module == judgement.intent), None)
    if chosen is None:
        return Choice()
    own, following = split_steps(words, chosen, offered, names)
    wishes = (Wish(chosen, _params_in(own, chosen)), *following)
    if not following:
        wishes = (*unknown_first(words, wishes[:1], offered, names), *wishes)
    return _chosen(wishes, language)


def _chosen(wishes: Sequence[Wish], language: str | None) -> Choice:
    """What to do, or that it is too much at once."""
    if len(wishes) > MAX_STEPS:
        return Choice(reply=words_for(language)("actions.too_many_steps", most=MAX_STEPS))
    return Choice(_action(_steps(wishes), wishes[0].action, language))


def _all_steps(
    words: str, wishes: tuple[Wish, ...], offered: Sequence[OfferedAction], names: Sequence[str]
) -> tuple[Wish, ...]:
    """Also the steps beside those that rules know."""
    if before := unknown_first(words, wishes, offered, names):
        return (*before, *wishes)
    return with_following(words, wishes[0], offered, names) if len(wishes) == 1 else wishes


def _asked_back(choice: Choice, judgement: Judgement | None, language: str | None) -> Choice:
    """The choice, where the person is asked first if it is not likely enough.

    Several steps are asked for by nobody who only talks.
    """
    action = choice.action
    if action is None or judgement is None:
        return choice
    if judgement.log_odds >= ASKS_BY_STATE or len(action.steps) > 1:
        return choice
    say = words_for(language)("actions.to_be_sure")
    return Choice(action.model_copy(update={"is_unsure": True, "say": say}))


def _steps(wishes: Sequence[Wish]) -> list[ActionStep]:
    return [
        ActionStep(service=one.action.service, module=one.action.module, params=dict(one.params))
        for one in wishes
    ]


def _action(steps: Sequence[ActionStep], first: OfferedAction, language: str | None) -> Action:
    key = "actions.can_do" if first.asks_first else "actions.doing"
    return Action(
        service=steps[0].service,
        module=steps[0].module,
        params=steps[0].params,
        say=words_for(language)(key),
        then=list(steps[1:]),
    )


async def _ask_model(
    words: str, candidates: Sequence[OfferedAction], llm: LanguageModel, language: str | None
) -> Choice:
    by_name = {one.module: one for one in candidates}
    if llm.takes_tools:
        name, given, usage = await _by_tools(words, candidates, llm)
    else:
        name, usage = await _by_schema(words, candidates, llm)
        given = None
    chosen = by_name.get(name)
    if chosen is None:
        return Choice(usage=usage)
    params = given if isinstance(given, dict) else _params_in(words, chosen)
    step = ActionStep(service=chosen.service, module=chosen.module, params=params)
    return Choice(_action([step], chosen, language), usage=usage)


def _params_in(words: str, chosen: OfferedAction) -> dict[str, Any]:
    return options_in(joined(tokens_of(words)), chosen.params, words)


async def _by_tools(
    words: str, candidates: Sequence[OfferedAction], llm: LanguageModel
) -> tuple[str, Any, CompletionUsage]:
    prompt = Prompt(
        messages=[
            Message(role="system", content=_BY_TOOLS.format(talk=_TALK)),
            Message(role="user", content=words),
        ],
        max_tokens=_MAX_TOOL_TOKENS,
        temperature=0.0,
        slot=Slot.INTERACTIVE,
        tools=[Tool(one.module, one.purpose, one.params) for one in candidates],
    )
    _, usage = await complete(llm, prompt)
    called = usage.tool_calls[0] if usage.tool_calls else None
    return (called.name, called.input, usage) if called else ("", None, usage)


async def _by_schema(
    words: str, candidates: Sequence[OfferedAction], llm: LanguageModel
) -> tuple[str, CompletionUsage]:
    names = [*(one.module for one in candidates), _TALK]
    tasks = "\n".join(f"- {one.module}: {one.purpose}" for one in candidates)
    prompt = Prompt(
        messages=[
            Message(role="system", content=_SYSTEM.format(talk=_TALK)),
            *_shots(),
            Message(role="user", content=_question(tasks, words)),
        ],
        max_tokens=_MAX_CHOICE_TOKENS,
        temperature=0.0,
        slot=Slot.INTERACTIVE,
        schema={
            "type": "object",
            "properties": {"task": {"type": "string", "enum": names}},
            "required": ["task"],
            "additionalProperties": False,
        },
    )
    total = UsageTotal()
    answer = await RetryingModel(llm, total).json_object(prompt)
    spent = total.to_usage()
    usage = CompletionUsage(
        spent.input_tokens or 0, spent.output_tokens or 0, "stop", spent.cost_usd
    )
    return str(answer["task"]), usage


def _question(tasks: str, words: str) -> str:
    return _MESSAGE.format(tasks=tasks, talk=_TALK, words=" ".join(words.split()))


def _shots() -> list[Message]:
    found: list[Message] = []
    for task, words, answer in _SHOTS:
        found.append(Message(role="user", content=_question(f"- {task}", words)))
        found.append(Message(role="assistant", content=f'{{"task": "{answer}"}}'))
    return found
