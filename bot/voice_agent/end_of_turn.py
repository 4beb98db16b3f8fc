"""What a turn's words say about its end, and until when its answer is held back. Pure.

Words come a moment after the sound, often when the sound has ended the turn already. Those that
come in time go to the speech input, which waits longer or less long (`JudgedWords`). Those that
come late still count: what ends in "and" is not answered before the silence has lasted as long as
such words ask for.
"""

from audio.turn_end import TurnEndFeatures, Words
from bot.voice_agent.events import JudgedWords, RequestNews, Transcribed
from bot.voice_agent.turn_state import TurnState, UserTurn
from bot.voice_agent.word_completeness import judge_words


def judged_words(news: RequestNews, turn: UserTurn) -> list[JudgedWords]:
    """What the speech input should know of a turn that has not ended and was just recognised."""
    clip = turn.requested_clip
    if (
        not isinstance(news, Transcribed)
        or turn.state is not TurnState.SPEAKING
        or clip is None
        or not turn.heard
    ):
        return []
    return [JudgedWords(turn.user_id, clip.ended_s, judge_words(turn.transcript, turn.language))]


def is_held(turn: UserTurn, now_s: float) -> bool:
    """Whether an answer that has not begun to play must wait: they may not have finished."""
    is_talk = turn.commands is None  # a command is whole
    return is_talk and turn.reply.queued == 0 and now_s < _answer_after_s(turn)


def _answer_after_s(turn: UserTurn) -> float:
    """The earliest time at which an answer may sound; long ago if time alone ended the turn."""
    end = turn.end
    if end is None or end.completeness is None:  # it was typed, or the talk key was let go
        return 0.0
    words = judge_words(turn.transcript, turn.language)
    if words in (Words.UNKNOWN, Words.WHOLE):
        return 0.0
    features = TurnEndFeatures(
        completeness=end.completeness,
        words=words,
        speech_ms=end.clip.speech_ms,
        went_on=turn.taken_back,
    )
    return end.clip.ended_s + turn.options.endpointing.waits.wait_ms(features) / 1000
