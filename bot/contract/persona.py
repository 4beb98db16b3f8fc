"""The persona in a contract: who writes a request, and who reads it, go through here. Pure."""

from bot.contract.envelope import ContextPersona, Request, given
from bot.persona import NO_PERSONA, Persona, as_instructions, as_name, check_name


def context_persona(persona: Persona) -> ContextPersona | None:
    """What of a persona goes into a request's context; None: nothing.

    Its language and its voice are the request's `input.language` and its parameter `voice`.
    """
    name, instructions = persona.name or None, persona.instructions or None
    if name is None and instructions is None:
        return None
    return ContextPersona(**given(name=name, instructions=instructions))


def persona_of(request: Request) -> Persona:
    """The persona of a request's context, without a name that is none: a caller writes anything."""
    told = request.context.persona if request.context is not None else None
    if told is None:
        return NO_PERSONA
    name = as_name(told.name or "")
    return Persona(
        name="" if check_name(name) else name,
        instructions=as_instructions(told.instructions or ""),
    )


def assistant_of(request: Request) -> str:
    """The name by which people address the assistant where they ask."""
    return persona_of(request).name or request.source.system.assistant
