"""What a spoken conversation does besides answering: waking a cold service, what it keeps."""

from audio import ogg
from bot.contract import Service
from bot.voice_agent.events import Stage
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.recordings import RecordingStore
from tests.bench.test_voice import Prompt
from tests.fakes.handlers import Scripted, echo
from tests.fakes.voice_call import voice_call
from tests.waiting import until


async def test_a_service_that_may_sleep_is_woken_while_its_first_question_is_spoken(clips):
    async with voice_call(
        Prompt(0.2), people=["Ana"], options=VoiceAgentOptions(warm_up_after_s=30.0)
    ) as (call, ana):
        [speaker] = await call.joins(ana)
        await speaker.plays(clips / "question.wav")
        await call.reader.sees(Stage.DONE)
        await speaker.plays(clips / "question.wav")
        await call.reader.sees(Stage.DONE)
        asked = [request.target.module for request in call.requests]
        assert asked == ["SPEAK", "CONVERSE", "CONVERSE"]


async def test_nothing_of_a_turn_is_kept(clips):
    async with voice_call(Prompt(0.2), people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        await speaker.plays(clips / "question.wav")
        await call.reader.sees(Stage.DONE)
        buffers = [one._audio for one in call.session.speech_input._speakers.values()]
        assert buffers
        await until(lambda: not any(b._turn or b._recent or b._samples for b in buffers))


async def test_clips_are_kept_where_a_setting_says_so(clips, tmp_path):
    async with voice_call(Prompt(0.2), people=["Ana"]) as (call, ana):
        folder = tmp_path / "clips"
        call.session.recordings = RecordingStore(folder, days=1, limit_bytes=1_000_000)
        [speaker] = await call.joins(ana)
        await speaker.plays(clips / "question.wav")
        await call.reader.sees(Stage.DONE)
        [file] = folder.glob("*.ogg")
        assert str(ana.id) in file.name
        assert ogg.demux(file.read_bytes()).duration_ms > 1000


async def test_a_service_that_fails_is_told_and_the_conversation_goes_on(clips):
    async with voice_call(Scripted(echo, service=Service.PENNY), people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        for _ in range(2):
            await speaker.plays(clips / "question.wav")
            shown = await call.reader.sees()
            assert shown.stage in {Stage.DONE, Stage.NOTHING_HEARD, Stage.FAILED}
        assert not call.sim.problems
