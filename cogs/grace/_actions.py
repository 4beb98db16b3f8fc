"""Grace's modules as actions: one after the other, in the message that answers the person."""

from dataclasses import dataclass, field
from typing import Final

from bot.contract import Request, Response, Service
from bot.contract.actions import ActionStep
from bot.contract.grace import Module, task
from bot.contract.options import OptionType, Value
from bot.contract.plain import readable
from bot.discord_client import SkyDeck
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from bot.languages import find_language
from bot.store.repositories.recovery import Ending
from cogs.grace._jobs import GraceJobView, GraceMessage, heading_of, title_of
from cogs.grace._pages import Look
from cogs.shared.actions import AskedAction
from cogs.shared.requester import words_of
from cogs.shared.said import check_text

_TITLE_CHARS: Final = 80
_MAX_TOLD_CHARS: Final = 20_000
_TRANSLATOR: Final = "TRANSLATOR"


@dataclass(slots=True)
class StepView(GraceJobView):
    """A step of a chain; it keeps its result for the next one."""

    result: Response | None = field(default=None, init=False)

    async def done(self, response: Response) -> None:
        """Show the result, and keep it."""
        self.result = response
        await GraceJobView.done(self, response)


async def perform_steps(bot: SkyDeck, asked: AskedAction, is_wanted: Wanted) -> None:
    """Run the steps of an action, each on the result of the one before; the last one's is shown.

    Each step's result is shown until the next step begins: if that one cannot, or if this process
    dies, the person still has it.

    Raises:
        SkydeckError: A step did not begin.
    """
    words = words_of(asked.requester)
    modules = [bot.grace[step.module] for step in asked.steps]
    text, begun = asked.source.text, bot.clock.wall()
    for number, (step, module) in enumerate(zip(asked.steps, modules, strict=True)):
        title = " → ".join(title_of(words, m.name, m.title) for m in modules[: number + 1])
        view = _view(bot, asked, module, title, begun)
        ending = await bot.runner.perform(
            _request(module, step, text, asked.requester),
            requester=asked.requester,
            place=view.place,
            title=f"{title} · {asked.source.called(words)}"[:_TITLE_CHARS],
            view=view,
            is_wanted=is_wanted,
            interaction_id=asked.once if number == 0 else None,
        )
        if ending is not Ending.COMPLETED or view.result is None:
            return
        if number + 1 < len(modules):
            text = check_text(readable(view.result), words)
        else:
            asked.done(Service.GRACE, readable(view.result, limit=_MAX_TOLD_CHARS))


def _view(bot: SkyDeck, asked: AskedAction, module: Module, title: str, begun: float) -> StepView:
    look = Look(
        heading=heading_of(title, asked.source, words_of(asked.requester)),
        service=Service.GRACE,
        begun=begun,
        is_json=module.output == "json",
        may_attach=asked.permissions.attach_files,
    )
    place = GraceMessage.at(asked.live, asked.requester, look, begun=begun)
    question = {"question_id": asked.question_id, "is_message": asked.question_id != 0}
    place = place.model_copy(update=question)
    return StepView(bot, place, asked.live)


def _request(module: Module, step: ActionStep, text: str, requester: Requester) -> Request:
    options = {**_usual(module, requester), **step.params}
    return task(module, text, source=requester.source, options=options)


def _usual(module: Module, requester: Requester) -> dict[str, Value]:
    """The person's own language, for a translation of which they do not say into which."""
    own = find_language(requester.locale)
    if module.name != _TRANSLATOR or own is None:
        return {}
    return {o.name: own.english for o in module.options if o.type is OptionType.LANGUAGE}
