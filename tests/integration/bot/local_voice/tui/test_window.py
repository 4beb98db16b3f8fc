"""The window while what it shows is still being imported."""

import contextlib

import pytest

from bot.errors import BadSettings
from bot.local_voice.first_view import first_view
from bot.local_voice.prefs import Prefs
from bot.local_voice.tui import window
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.tui.prompt_input import PromptInput
from bot.local_voice.view import Doing, TalkMode, View
from bot.settings import Settings
from tests.fakes.talk_controller import FakeController
from tests.integration.bot.local_voice.tui.test_app import screen, sees, settled

pytestmark = pytest.mark.virtual_time


def first(**settings: str) -> View:
    prefs = Prefs(interface="es", mode=TalkMode.HANDS_FREE)
    return first_view(Settings(_env_file=None, skydeck_persona_name="Marta", **settings), prefs)


async def test_it_says_who_and_where_before_anything_is_loaded():
    async with TalkApp(None, first=first()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        text = screen(pilot.app)
        assert pilot.app.is_drawn.is_set()
        for words in ("Tú ⇄ Marta en este equipo", "manos libres", "CARGANDO", "· Reconocimiento"):
            assert words in text
        assert "RunPod" not in text


async def test_keys_do_what_they_can_and_typed_text_is_sent_when_there_is_somebody():
    app = TalkApp(None, first=first())
    controller = FakeController(interface="es")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        keys = ("f2", "f3", "f4", "ctrl+t", "ctrl+s", "ctrl+y", "ctrl+k", "ctrl+f", "escape")
        await pilot.press(*keys, "space")
        await sees(pilot, "Los modelos aún se están cargando")
        await pilot.press("f1")
        await sees(pilot, "Teclas")
        await pilot.press("escape", "/", "backspace", "h", "o", "l", "enter", "a")
        assert len(app.screen_stack) == 1
        app.take(controller)
        await sees(pilot, "You said: hola")
        assert controller.calls == [("submit", "hola")]
        assert app.query_one(PromptInput).value == ""


async def test_what_is_asked_while_models_load_is_sent_when_they_are_ready():
    controller = FakeController(doing=Doing.LOADING, interface="es")
    async with TalkApp(controller).run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press(*"/ayuda", "enter", *"hola", "enter")
        await sees(pilot, "tu texto se")
        assert controller.calls == [("submit", "/ayuda")]
        controller.set(doing=Doing.READY)
        await sees(pilot, "You said: hola")
        await settled(pilot)
        assert controller.calls[1:] == [("submit", "hola")]


async def test_the_conversation_comes_behind_the_window_and_ends_with_it(monkeypatch):
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def opening():
        told.append("opened")
        yield FakeController()
        told.append("closed")

    async def used(app: TalkApp) -> None:
        async with app.run_test() as pilot:
            await sees(pilot, "READY")

    monkeypatch.setattr(TalkApp, "run_async", used)
    await window.show(first(), opening)
    assert told == ["opened", "closed"]


async def test_what_cannot_be_opened_closes_the_window(monkeypatch):
    def load() -> None:
        raise BadSettings("no such folder")

    async def used(app: TalkApp) -> None:
        async with app.run_test() as pilot:
            await sees(pilot, "never")

    monkeypatch.setattr(TalkApp, "run_async", used)
    with pytest.RaisesGroup(BadSettings):
        await window.show(first(), load)
