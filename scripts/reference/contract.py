"""The page of the contract, from its pydantic models."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from bot.contract import CONTRACT_VERSION, Request, Response
from scripts.reference.markdown import NOTE, cell, table

INTRO: Final = f"""
# The contract

S-CONTRACT v{CONTRACT_VERSION} is what skydeck and a service say to each other. A RunPod job carries
the request as `input.contract`; the service answers with a response as `output`, and may send
partial ones as the job's stream. `skydeck contract schema` prints the same as JSON Schema.

A service only has to read `input.contract`, and to answer `{{"status", "output": {{"data"}}}}`.
Fields that one side does not know are ignored.
"""
_FIRST: Final = ("Request", "Response")


def contract_page() -> str:
    """The page."""
    _, schema = models_json_schema([(Request, "validation"), (Response, "validation")])
    models: Mapping[str, Mapping[str, Any]] = schema["$defs"]
    order = [*_FIRST, *sorted(set(models) - {*_FIRST})]
    return "\n".join([NOTE + INTRO, *(_model(name, models[name]) for name in order)])


def _model(name: str, model: Mapping[str, Any]) -> str:
    about = model.get("description", "").replace("<", "&lt;")
    head = f"## {name}\n\n{about}\n"
    if "enum" in model:
        return f"{head}\nOne of {', '.join(f'`{json.dumps(one)}`' for one in model['enum'])}.\n"
    return f"{head}\n{table(('field', 'type', 'note'), _fields(model))}"


def _fields(model: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    required = model.get("required", ())
    for name, field in model.get("properties", {}).items():
        default = field.get("default")
        if name in required:
            note = "required"
        else:
            note = "" if default is None else f"default: `{json.dumps(default)}`"
        words = [note, cell(field.get("description", ""))]
        yield f"`{name}`", " or ".join(_types(field)), "; ".join(filter(None, words))


def _types(field: Mapping[str, Any]) -> list[str]:
    if "anyOf" in field:
        return [one for part in field["anyOf"] for one in _types(part) if one != "null"]
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return [f"[{name}](#{name.lower()})"]
    if "const" in field:
        return [f"`{json.dumps(field['const'])}`"]
    if "enum" in field:
        return [f"`{json.dumps(one)}`" for one in field["enum"]]
    if field.get("type") == "array":
        return [f"array of {' or '.join(_types(field.get('items', {})))}"]
    return [field.get("type", "any JSON value")]
