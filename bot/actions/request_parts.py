"""One request within a sentence, and what is asked for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.option_words import options_in
from bot.actions.phrases import ModulePhrases, phrases
from bot.actions.plain_words import Token, joined
from bot.actions.references import NOTHING, Reference
from bot.contract.actions import OfferedAction


@dataclass(frozen=True, slots=True)
class Wish:
    """One action that is asked for.

    Attributes:
        params: Its parameters, as far as the words say them.
        reference: What it is to work on.
    """

    action: OfferedAction
    params: Mapping[str, Any] = field(default_factory=dict)
    reference: Reference = NOTHING


@dataclass(frozen=True, slots=True)
class Found:
    """Where a request begins.

    Attributes:
        rest: The first token after its verb.
        subject: The first token of what a `subject` module is about.
        has_object: Whether a pronoun before or at the verb is its object.
        is_plan: Whether it counts only if it points at something, because it is told as the
            person's own plan ("I want to translate this"), or comes late in a sentence.
        is_question: Whether it is a question, which means what was said.
        is_on_text: Whether it works on a text although its module could do without.
    """

    action: OfferedAction
    rest: int
    subject: int
    has_object: bool = False
    is_plan: bool = False
    is_question: bool = False
    is_on_text: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One request within a sentence.

    Attributes:
        found: Where it begins.
        after_verb: How many of them come before what it works on.
        at_subject: How many come before what it is about.
        text: The sentence as it was written.
        whole: All sentences.
        before: What the words before it point at.
        own: All sentences; of one of several requests, the words that belong to it.
    """

    found: Found
    tokens: Sequence[Token]
    after_verb: int
    at_subject: int
    text: str
    whole: str
    before: Reference = NOTHING
    own: str = ""

    @property
    def phrases(self) -> ModulePhrases:
        """Its module's phrases."""
        return phrases().modules[self.found.action.module]

    @property
    def verb(self) -> str:
        """What asks for it."""
        return joined(self.tokens[: self.after_verb])

    @property
    def after(self) -> str:
        """What follows the verb."""
        return joined(self.tokens[self.after_verb :][:MAX_TALK_WORDS])

    @property
    def is_broken_off(self) -> bool:
        """Whether a comma parts the verb from what follows: "correct, that is the one"."""
        is_told = self.before != NOTHING  # "I give a speech, make me an outline, three parts"
        is_gift = is_told and self.found.subject != self.found.rest
        is_whole = self.found.has_object or self.found.is_question or is_gift or not self.after
        if is_whole or not self.after_verb or not self.tokens[self.after_verb - 1].breaks:
            return False
        return phrases().frames.match(f"{self.after} ") is None

    @property
    def rest(self) -> str:
        """What names its object: what follows the verb, or all of a question."""
        tokens = self.tokens[0 if self.found.is_question else self.after_verb :]
        return joined(tokens[:MAX_TALK_WORDS])

    @property
    def about(self) -> str:
        """What it is about, to the end of the sentence, as it was written."""
        subject = self.tokens[self.at_subject :]
        return self.text[subject[0].start :] if subject else ""

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that it says."""
        first = 0 if self.found.is_question else max(self.after_verb - 1, 0)
        first = min(first, len(self.tokens) - 1)
        original = self.text[self.tokens[first].start : self.tokens[-1].end]
        schema = self.found.action.params
        return options_in(
            joined(self.tokens[:MAX_TALK_WORDS]),
            schema,
            original,
            question=self.text.strip(),
            context=self.own,
        )
