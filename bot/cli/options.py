"""Options that several commands share, and a service by its name."""

from pathlib import Path
from typing import Annotated

import typer

from bot.contract import Service
from bot.errors import UnknownModule

LanguageOption = Annotated[
    str | None,
    typer.Option(help="Language spoken (en, es, …); detected if not given.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
SaveOption = Annotated[
    Path | None,
    typer.Option(help="Where to save the spoken answer (.ogg, .opus, .wav).", show_default=False),
]


def service_named(name: str) -> Service:
    """Find a service by the name that a person typed.

    Raises:
        UnknownModule: No service has that name.
    """
    try:
        return Service(name.upper())
    except ValueError:
        raise UnknownModule(
            f"There is no service {name!r}.", hint="The services are penny, grace and factory."
        ) from None
