"""The buttons under a question of the bot's."""

from typing import Any

from bot.i18n import words_for
from cogs.shared.yes_no import YesNo


class Question:
    """A message."""

    view: object = "buttons"

    async def edit(self, *, view: object) -> None:
        self.view = view


async def act(is_yes: bool) -> str:
    return str(is_yes)


async def test_a_question_that_nobody_has_answered_loses_its_buttons() -> None:
    buttons, question = YesNo(words_for("es"), 1, act), Question()
    assert [child.label for child in buttons.children] == ["Sí", "No"]  # type: ignore[attr-defined]
    await buttons.on_timeout()
    message: Any = question
    buttons.message = message
    await buttons.on_timeout()
    assert question.view is None
