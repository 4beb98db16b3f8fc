"""What the screen shows before the conversation is there: the settings and the person's choices."""

from bot.contract import System
from bot.loading import LoadPart
from bot.local_voice.load_progress import LoadStep
from bot.local_voice.prefs import Prefs
from bot.local_voice.view import View
from bot.settings import Settings


def part_order(settings: Settings) -> list[LoadPart]:
    """What a conversation loads, in this order."""
    local = [LoadPart.HEARING, LoadPart.VOICES, LoadPart.LANGUAGE]
    here = local if settings.embedded else [LoadPart.CONNECTION]
    return [LoadPart.FILES, *here, LoadPart.TURNS]


def first_view(settings: Settings, prefs: Prefs) -> View:
    """Who talks, where and how; nothing is open or loaded yet."""
    words = prefs.words
    system = System(settings.skydeck_identity.value)
    return View(
        person=words("talk.you"),
        assistant=settings.persona.name or system.assistant,
        place=words("talk.here" if settings.embedded else "talk.runpod"),
        mode=prefs.mode,
        language=prefs.language,
        voice=prefs.voice,
        interface=words.language,
        theme=prefs.theme,
        shows_times=prefs.shows_times,
        loading=tuple(map(LoadStep, part_order(settings))),
    )
