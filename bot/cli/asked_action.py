"""What a sentence on the command line asks for: one of Grace's modules on a file, or a build."""

import sys
from collections.abc import Generator
from typing import Any, Final

import typer

from bot.actions.asked import chosen_in, reference_of, requests_of, sure_question
from bot.actions.offering import Chosen, Refusal, offer
from bot.actions.reading import read
from bot.catalogue import load_grace
from bot.clock import SystemClock
from bot.composition import available
from bot.contract import Request, Response, Service, Source, System
from bot.contract.actions import ACTIONS, OWN_WORDS
from bot.errors import BadInput, TooSoon
from bot.i18n import words_for
from bot.local_service.recent_actions import take_action
from bot.settings import Settings

_REFUSED: Final = "The answer came with an action that is not possible here, so nothing was done."


class AskedActions:
    """The actions that one question may ask for, and what they work on.

    Args:
        question: The person's own words.
        file_text: The text of the files beside it; empty: none.

    Attributes:
        services: The services that may do them.
    """

    def __init__(self, settings: Settings, question: str, file_text: str = "") -> None:
        self._question = question
        self._file_text = file_text
        self._catalogue = load_grace(settings)
        self.services = frozenset(available(settings)) - {Service.PENNY}
        offered = offer(self._catalogue, self.services) if settings.skydeck_actions else []
        identity = System(settings.skydeck_identity.value)
        self._names = [settings.skydeck_persona_name, identity.assistant]
        # Penny at this machine reads the words herself; compiling the phrases here, too, would take
        # half a second. Where a call may cost, nothing is offered in vain.
        is_read_there = settings.embedded and not settings.has_paid_models
        is_talk = not is_read_there and read(question, offered, names=self._names).is_talk
        self._offered = [] if is_talk else offered

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that offer them; none if the question asks for none."""
        if not self._offered:
            return {}
        offered = [one.to_wire() for one in self._offered]
        return {ACTIONS: offered, OWN_WORDS: self._question}

    def requests(self, response: Response, source: Source) -> Generator[Request, Response, None]:
        """Yield the requests of the action in Penny's answer; is sent the result of each.

        Raises:
            BadInput: There is nothing to work on, or nobody to confirm a build.
            TooSoon: The person asks too often.
        """
        chosen = chosen_in(response, self._offered, self._catalogue, self._question, self._names)
        if chosen is None:
            return
        if isinstance(chosen, Refusal):
            sys.stderr.write(f"{_REFUSED}\n")
            return
        text = self._text(chosen)
        if chosen.service is Service.FACTORY:
            if not _is_confirmed(text):
                return
        elif chosen.is_unsure and not _is_meant(chosen):
            return
        if wait_s := take_action(SystemClock()):
            raise TooSoon(wait_s=wait_s)
        yield from requests_of(chosen, text, self._catalogue, source)

    def _text(self, chosen: Chosen) -> str:
        """What an action works on: a text in the question, or the file."""
        text = reference_of(chosen, self._question, self._offered, self._names).text
        if text or self._file_text:
            return text or self._file_text
        if chosen.is_unsure and chosen.service is Service.GRACE:
            raise _not_meant_plainly(chosen)
        raise BadInput("There is no text to work on.", hint="Add --file notes.txt.")


def _is_confirmed(task: str) -> bool:
    """Ask whether to build something.

    Raises:
        BadInput: Nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise BadInput(
            "A build has to be confirmed at a terminal.",
            hint='Or call it: skydeck call factory build "…" --save out/',
        )
    return typer.confirm(f"Build this: {' '.join(task.split())}?", err=True)


def _is_meant(chosen: Chosen) -> bool:
    """Ask whether a question asks for one of Grace's modules.

    Raises:
        BadInput: Nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise _not_meant_plainly(chosen)
    return typer.confirm(sure_question(chosen, words_for("en")), err=True)


def _not_meant_plainly(chosen: Chosen) -> BadInput:
    module = chosen.steps[0].module.lower()
    return BadInput(
        f"This may ask for Grace's module {module}, or may not.",
        hint=f"Ask more plainly, or call it: skydeck call grace {module} --file notes.txt",
    )
