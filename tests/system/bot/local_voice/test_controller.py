"""The controller with real models and a real PortAudio: a person speaks, and hears answers."""

import asyncio
import contextlib
import shutil

import numpy as np
import pytest
from pydantic import SecretStr

from audio import codec
from audio.devices import portaudio
from bot.catalogue import load_grace
from bot.choices import Mode
from bot.clock import SystemClock
from bot.composition import Services
from bot.contract import Service
from bot.local_voice.controller import open_controller
from bot.local_voice.memory import Memory
from bot.local_voice.options import Options, Surroundings, connect
from bot.local_voice.prefs import Prefs
from bot.local_voice.view import Doing, Kind, TalkMode
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.workers.factory.handler import FactoryHandler
from bot.workers.grace.handler import GraceHandler
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.voice_call import has_word, spoken, words_of
from tests.virtual_audio.sound_card import LOUDSPEAKER, MICROPHONE, RATE_HZ
from tests.waiting import HANGS_S, until

pytestmark = pytest.mark.timeout(240)

TRIES = 3
"""A busy machine acts too late at times, or loses sound, and with it knows its echo no more."""


class Person:
    """Somebody who talks at a microphone."""

    def __init__(self, controller, card, penny):
        self.controller = controller
        self.card = card
        self.penny = penny

    async def until(self, holds, within: float = 2 * HANGS_S):
        try:
            await until(lambda: holds(self.controller.view()), within)
        except TimeoutError:
            raise AssertionError(self.controller.view()) from None
        return self.controller.view()

    def lost_sound(self) -> int:
        """How often a device has lost sound so far."""
        state = self.controller.devices.state
        return state.microphone.xruns + state.loudspeaker.xruns

    async def played_out(self, recording) -> None:
        """Wait until the loudspeaker has nothing more to play, and has played it."""
        await self.until(lambda _: self.controller.devices.playout.progress().drained)
        await asyncio.to_thread(recording.goes_on, 0.5)

    async def says(self, sound: np.ndarray) -> None:
        await asyncio.to_thread(self.card.say, sound)

    async def asks(self, sound: np.ndarray) -> None:
        """Hold the key, speak, let go."""
        self.controller.key_down()
        await self.says(sound)
        self.controller.key_up()

    async def answered(self, number: int = -1, *, kind: Kind = Kind.TURN):
        """The entry, once it is over."""

        def is_over(view):
            entries = [entry for entry in view.entries if entry.kind is kind]
            found = entries[number:] if number < 0 else entries[number : number + 1]
            return found and found[0].is_over and view.doing is Doing.READY

        view = await self.until(is_over)
        return [entry for entry in view.entries if entry.kind is kind][number]

    async def spoken(self, text: str) -> np.ndarray:
        """A voice that says this, 48 kHz."""
        return np.concatenate([await spoken(self.penny, text), np.zeros(RATE_HZ // 5, np.float32)])

    async def transcribed(self, sound: np.ndarray) -> str:
        return (await words_of(self.penny, sound)).lower()


@pytest.fixture
async def loaded(penny, qwen):
    """The services with the models of all tests, so that a conversation opens at once."""
    settings = Settings(_env_file=None)
    handlers = {
        "penny": penny,
        "grace": GraceHandler(load_grace(settings), qwen),
        "factory": FactoryHandler(qwen),
    }
    await penny.warm_up()

    @contextlib.asynccontextmanager
    async def connect(*_):
        endpoints = {
            s: Endpoint(s, s.value.lower(), mode=Mode.STREAM, deadline_s=120) for s in Service
        }
        key, clock = SecretStr("k" * 40), SystemClock()
        async with (
            embedded_server(handlers, key=key, clock=clock) as url,
            ServiceClient(RunPodClient(url, key, endpoints, clock=clock), clock=clock) as client,
        ):
            yield Services(client, embedded=True)

    return connect


@pytest.fixture
def open_talk(card, penny, tmp_path, loaded):
    """Opens a conversation, and yields the person in it."""

    @contextlib.asynccontextmanager
    async def open_talk(*, mode=TalkMode.KEY, remember=False, connect=loaded):
        settings = Settings(_env_file=None)
        options = Options(
            settings=settings,
            prefs=Prefs(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER, mode=mode),
            modules=load_grace(settings),
            prefs_path=tmp_path / "talk.json",
            memory=Memory(SystemClock(), tmp_path / "memory") if remember else None,
            continues=remember,
            save_to=tmp_path,
        )
        async with open_controller(
            options, Surroundings(fetch=lambda *_: None, connect=connect)
        ) as controller:
            person = Person(controller, card, penny)
            await person.until(lambda view: view.doing is not Doing.LOADING)
            await person.until(lambda view: view.can_hear and view.can_play)
            yield person

    return open_talk


async def test_a_question_is_answered_aloud_and_in_words(open_talk, card, clips, tmp_path):
    question = codec.decode(clips / "question.wav", rate_hz=RATE_HZ, limit_s=30)
    for _ in range(TRIES):
        shutil.rmtree(tmp_path / "memory", ignore_errors=True)
        async with open_talk(remember=True, connect=connect) as me:
            before = me.lost_sound()
            entry, recording = await asks_aloud(me, card, question)
            heard = await me.transcribed(recording.loud())
            is_whole = "france" in entry.asked.lower() and has_word(heard, "paris")
            if not is_whole and me.lost_sound() > before:
                continue  # a busy machine's sound card left something out
            assert has_word(heard, "paris")
            await goes_on_from(me, entry, tmp_path)
            break
    else:
        pytest.fail("sound was lost each time")
    async with open_talk(remember=True) as me:
        assert len(me.controller.conversation._session.chat_context.messages()) == 4


async def asks_aloud(me, card, question):
    with card.recorded() as recording:
        me.controller.key_down()
        await me.says(question)
        assert me.controller.view().doing is Doing.RECORDING
        assert me.controller.view().recording_s > 1
        me.controller.key_up()
        entry = await me.answered()
        await me.played_out(recording)
    return entry, recording


async def goes_on_from(me, entry, tmp_path):
    assert "france" in entry.asked.lower()
    assert "paris" in entry.answered.lower()
    view = me.controller.view()
    assert {phase.name for phase in view.phases} >= {"recognizing", "thinking", "playing"}
    assert me.controller.transcript.latest_answer == entry.answered

    me.controller.submit("And of Spain?")
    typed = await me.answered()
    assert "madrid" in typed.answered.lower()
    assert not typed.spoken

    me.controller.submit("/keywords The quick brown fox jumps over the lazy dog in Madrid.")
    task = await me.answered(kind=Kind.TASK)
    assert task.answered

    saved = await me.controller.save()
    folder = max(tmp_path.glob("skydeck-*"))
    assert str(folder) in saved
    sound = codec.decode(folder / "001-question.ogg", rate_hz=RATE_HZ, limit_s=30)
    assert has_word(await me.transcribed(sound), "france")


async def test_what_is_said_just_before_the_key_is_heard(open_talk):
    async with open_talk() as me:
        question = await me.spoken("Seven and two make nine.")
        begins = np.flatnonzero(np.abs(question) > 0.02)[0] / RATE_HZ
        assert begins < 0.3
        for _ in range(TRIES):
            speaking = asyncio.ensure_future(me.says(question))
            await me.until(lambda view: view.level_dbfs > -35)
            await asyncio.sleep(0.2)  # a person's haste: of what was before a press 300 ms are kept
            me.controller.key_down()
            await speaking
            me.controller.key_up()
            entry = await me.answered()
            if entry.asked.lower().startswith(("seven", "7")):
                break
        else:
            pytest.fail(f"its beginning was never heard: {entry.asked}")


async def test_the_key_stops_the_answer_and_esc_stops_everything(open_talk, card):
    async with open_talk() as me:
        me.controller.submit("Tell me a long story about a dog and a cat.")
        with card.recorded() as recording:
            playout = me.controller.devices.playout
            await me.until(lambda view: playout.progress().packets > 50 and view.can_hear)
            me.controller.key_down()
            assert me.controller.view().entries[0].was_cut
            await asyncio.to_thread(recording.until_silent, 0.5)
        assert me.controller.devices.playout.progress().drained
        me.controller.stop()
        view = await me.until(lambda view: view.doing is Doing.READY)
        assert len(view.entries) == 1

        me.controller.submit("/build a function that adds two numbers")
        await me.until(lambda view: "Iteration" in view.entries[-1].progress)
        me.controller.stop()
        stopped = await me.answered(kind=Kind.TASK)
        assert stopped.progress == "stopped"


async def test_hands_free(open_talk, card):
    knows_its_echo, wrong = False, 0
    async with open_talk(mode=TalkMode.HANDS_FREE) as me:
        italy = await me.spoken("What is the capital of Italy?")
        spain = await me.spoken("What is the capital of Spain?")

        def turns():
            return [one for one in me.controller.view().entries if one.kind is Kind.TURN]

        with card.loudspeaker_in_the_room():
            for _ in range(2 * TRIES):
                begun, lost = len(turns()), me.lost_sound()
                for number, question in enumerate((italy, spain)):
                    await me.says(question)
                    await me.answered(begun + number)
                first, second, *more = turns()[begun:]
                is_whole = "rome" in first.answered.lower() and "spain" in second.asked.lower()
                if is_whole and not (more or first.was_cut):
                    knows_its_echo = True
                    break
                # Where sound was lost, the echo canceller cannot know what was played.
                wrong += me.lost_sound() == lost
                assert wrong < TRIES, f"it takes its own voice for the person's: {turns()}"
        begun = len(turns())
        me.controller.key_down()
        assert me.controller.view().doing is Doing.PAUSED
        await me.says(italy)
        me.controller.key_down()
        assert me.controller.view().doing is Doing.READY
        await me.says(await me.spoken("What is the capital of Poland?"))
        await me.answered(begun)
        asked = [entry.asked.lower() for entry in turns()[begun:]]
        assert len(asked) == 1, "what was said in the pause is not asked"
        assert "italy" not in asked[0]
    if not knows_its_echo:
        pytest.skip("this machine lost sound in every try, so its echo was not tested")


async def test_silence_is_told_and_not_answered(open_talk):
    async with open_talk() as me:
        await me.asks(np.zeros(RATE_HZ, np.float32))
        entry = await me.answered()
        assert "gave no sound" in entry.progress
        assert MICROPHONE in entry.progress
        assert not entry.answered


async def test_a_tone_and_a_recording_try_the_devices(open_talk, card):
    async with open_talk() as me:
        with card.recorded() as recording:
            assert "tone" in await me.controller.devices.test_loudspeaker()
        assert len(recording.loud()) > RATE_HZ // 4
        assert "muted" in await me.controller.devices.test_microphone()
        voice = await me.spoken("One two three four five six.")
        for _ in range(TRIES):
            before = me.lost_sound()
            with card.recorded() as recording:
                saying = asyncio.ensure_future(me.says(voice))
                assert "This is what I heard" in await me.controller.devices.test_microphone()
                await saying
                await me.played_out(recording)
            heard = (await me.transcribed(recording.loud())).replace("3", "three")
            if "three" in heard or me.lost_sound() == before:
                break
        assert "three" in heard


async def test_without_a_microphone_one_can_type(open_talk, monkeypatch):
    library = portaudio.sounddevice()

    def refused(**_):
        raise library.PortAudioError("Error opening RawInputStream", -9996)

    async with open_talk() as me:
        me.controller.devices.choose_microphone("one that is not there")
        view = await me.until(lambda view: view.trouble and view.can_hear)
        assert "your system default takes over" in view.trouble
        monkeypatch.setattr(library, "RawInputStream", refused)
        me.controller.devices.choose_microphone("nor this one")
        await me.until(lambda view: view.trouble and not view.can_hear)
        me.controller.key_down()
        view = me.controller.view()
        assert "no microphone" in view.trouble
        assert view.entries[-1].kind is Kind.ERROR
        me.controller.submit("What is two and two?")
        assert (await me.answered()).answered
        assert me.controller.devices.microphones()[0].name is None
        assert MICROPHONE in [device.name for device in me.controller.devices.microphones()]


async def test_what_is_told_is_done_at_once(open_talk):
    async with open_talk() as me:
        me.controller.submit("Say only the word yes.")
        first = await me.answered(0)
        me.controller.submit("say it again")
        again = await me.answered(1)
        assert again.answered == first.answered
        assert not again.spoken
        me.controller.submit("¿cuánto ha costado hoy?")
        told = await me.answered(2)
        assert told.answered == "Esta conversación no ha costado nada hasta ahora."
        me.controller.submit("forget what I said")
        assert "Shall I really forget" in (await me.answered(3)).answered
        me.controller.submit("yes")
        assert (await me.answered(4)).answered == "Done. I've forgotten it."
