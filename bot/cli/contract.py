"""`skydeck contract`: the contract for people who write their own service or caller."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer
from pydantic.json_schema import models_json_schema

from bot import terminal
from bot.contract import CONTRACT_VERSION, Request, Response

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="S-CONTRACT v2.1.",
    epilog="Example: skydeck contract schema request",
)


class Part(StrEnum):
    """A side of the contract."""

    REQUEST = "request"
    RESPONSE = "response"
    ALL = "all"


@app.callback()
def contract() -> None:
    """S-CONTRACT v2.1."""


@app.command()
def schema(
    part: Annotated[Part, typer.Argument(help="Which side.")] = Part.ALL,
) -> None:
    """Print the JSON Schema.

    Example: skydeck contract schema request > request.schema.json
    """
    if part is Part.ALL:
        _, document = models_json_schema(
            [(Request, "validation"), (Response, "validation")],
            title=f"S-CONTRACT v{CONTRACT_VERSION}",
        )
    else:
        document = (Request if part is Part.REQUEST else Response).model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    ascii_only = not terminal.is_unicode(sys.stdout)
    json.dump(document, sys.stdout, indent=2, ensure_ascii=ascii_only)
    sys.stdout.write("\n")
