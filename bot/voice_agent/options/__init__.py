"""Every knob of a spoken conversation: its unit, its default, and what it changes. Pure.

    options = VoiceAgentOptions(preemptive_generation=False)

`VoiceSessionFactory` and `VoiceSession` take the options from the `SessionConfig` and hand each
part to the module that needs it; `DEFAULT_OPTIONS` applies otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from audio.endpointing import EndpointingOptions
from bot.voice_agent.events import Cue
from bot.voice_agent.options.endpointing import learned_waits


def _endpointing() -> EndpointingOptions:
    """When a turn begins, pauses and ends; all in milliseconds."""
    return EndpointingOptions(
        min_speech_ms=192,  # shorter sounds count as clicks, breaths or coughs
        min_resume_ms=96,  # this much speech in a pause continues the turn
        detect_after_ms=128,  # silence before the turn detector is asked, ahead of the pause
        pause_ms=192,  # silence that makes a pause; a preemptive request is sent then
        waits=learned_waits(),  # the wait before a turn ends, by its sound and its words
        same_turn_ms=2500,  # who speaks again within this time had not finished
        packet_stall_ms=400,  # the shortest wait when packets just stop: it may be the network
        soft_max_turn_ms=45_000,  # a turn this long ends at its next pause
        max_turn_ms=60_000,  # a turn this long is cut
        partial_silence_ms=64,  # silence that may become a pause: recognition may begin
        partial_every_ms=2_000,  # after this much speech without such a silence, it begins, too
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionOptions:
    """What happens when the person being answered speaks over the answer (barge-in).

    The answer pauses at once. It then either stops or continues.

    Attributes:
        max_backchannel_duration_s: Seconds. More speech than this interrupts, whatever its words;
            less may be an "uh-huh", so its transcript decides.
        false_interruption_timeout_s: Seconds. A paused answer continues after this time if the
            person is silent again and their words are still unknown.
        talk_over_s: Seconds. An answer that is interrupted within this time of its beginning counts
            as begun in a pause of theirs.
    """

    max_backchannel_duration_s: float = 0.8
    false_interruption_timeout_s: float = 4.0
    talk_over_s: float = 1.0


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in lines for phrase in line.split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseOptions:
    """The words that decide what an utterance is: lower case, no accents, no apostrophes.

    Attributes:
        backchannels: A regular expression for sounds such as "mm-hm". They are never answered and
            do not interrupt.
        acknowledgements: "Ok", "vale", "thanks". Spoken over an answer, they do not interrupt;
            otherwise they are answered when alone with the assistant, or after it has asked
            something.
        stops: Phrases that end the answer being played and get no answer.
        around_stops: Words that may surround one of `stops`.
        around_names: What people say around the assistant's name when they call it and say nothing
            else.
        call_openers: Words that begin a call. After one of them, a name in `misheard_names` counts.
        misheard_names: What recognisers write for each name that is more than one letter off.
            Found by letting nine synthetic voices call both assistants in English and Spanish,
            with and without noise, and transcribing them with Whisper (tiny.en and base).
        not_names: Words one letter off a name that are not names.
        min_fuzzy_name_chars: In letters. Shorter names must match exactly; too many words are one
            letter off.
    """

    backchannels: str = r"u+h+|a+h+|o+h+|e+h+|u+m+|e+r+m*|h*m+|mhm+|m+hm+|huh|aha|uhhuh|aja|ha"
    acknowledgements: frozenset[str] = _phrases(
        "ok, okay, okey, k, yes, yeah, yep, yup, sure, right, alright, all right, true, thats true",
        "exactly, indeed, cool, nice, good, very good, sounds good, great, perfect, fine, wow",
        "i see, got it, gotcha, understood, interesting, thanks, thanks a lot, of course, really",
        "thank you, thank you so much, thank you very much, absolutely, totally, no way, go on",
        "si, vale, bale, claro, claro que si, bueno, bien, muy bien, que bien, exacto, entiendo",
        "entendido, ya, ya veo, perfecto, genial, gracias, muchas gracias, de acuerdo, sigue",
        "por supuesto, asi es, eso es, eso, guay, dale, listo, continua, de verdad, ah, oh",
    )
    stops: frozenset[str] = _phrases(
        "stop, stop it, stop that, stop talking, stop speaking, stop right there, be quiet, quiet",
        "shut up, silence, hush, shush, shh, enough, thats enough, that is enough, cancel",
        "cancel that, cancel it, never mind, nevermind, forget it, forget about it",
        "para, parate, para de hablar, deja de hablar, callate, calla, silencio, basta, detente",
        "alto, cancela, cancelar, cancelalo, dejalo, olvidalo, no hables mas, no sigas",
    )
    around_stops: frozenset[str] = _phrases(
        "ok, okay, no, now, please, just, wait, hey, oh, vale, ya, por favor, oye, eh, bueno"
    )
    around_names: frozenset[str] = _phrases(
        "hey, hi, hello, ok, okay, oh, yo, so, well, and, please, listen, good, morning, evening",
        "afternoon, are, you, there, oye, hola, eh, ey, y, a, mira, escucha, dime, vale, bueno",
        "por, favor, buenas, buenos, dias, tardes, noches, estas, ahi",
    )
    call_openers: frozenset[str] = _phrases(
        "hey, hi, hello, ok, okay, oye, hola, eh, ey, vale, dime, mira, escucha"
    )
    misheard_names: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {
            "alfred": _phrases(
                "elfred, halfred, aunfred, hanfret, ill fret, all fret, al fret, al frente",
                "al prem, alvin, albin, alfin, alphan, alford, alfie, how friend, out fred",
                "el fred",
            ),
            "jared": _phrases(
                "jarrod, jerrod, jerry, garrett, garret, jarrett, jarret, gerard, gerrard, zaret",
                "zared, jardin, jarett, jalen, halen, yared, yarred, yarrod, haret",
            ),
        }
    )
    not_names: frozenset[str] = _phrases("jaded")
    min_fuzzy_name_chars: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingSoundOptions:
    """The cues that play while somebody waits for an answer: once their turn is surely over.

    Whoever speaks at length makes pauses that sound like an end. A cue there disturbs more than it
    tells, so cues are counted from when the silence is longer than such a pause.

    Attributes:
        surely_over_after_s: Seconds of silence after which a turn that has ended is surely over.
            It doubles each time that the person went on with this turn after its end.
        max_surely_over_s: Seconds. It does not grow beyond this.
        listening_after_s: Seconds from then until the first cue; a faster answer has none.
        thinking_after_s: Seconds from then until the cue that the answer takes a while.
        min_repeat_s: Seconds between that cue and the next. The gap doubles each time, so that a
            cold start of a minute is not a minute of chimes.
        chimes: Each cue's notes: frequency in Hz (0: silence) and duration in milliseconds.
    """

    surely_over_after_s: float = 0.8
    max_surely_over_s: float = 5.0
    listening_after_s: float = 0.8
    thinking_after_s: float = 2.5
    min_repeat_s: float = 4.0
    chimes: Mapping[Cue, tuple[tuple[float, int], ...]] = field(
        default_factory=lambda: {
            Cue.LISTENING: ((660.0, 60),),
            Cue.THINKING: ((440.0, 70), (0.0, 60), (440.0, 70)),
            Cue.WAITING: ((330.0, 120), (0.0, 80), (440.0, 120)),
            Cue.FAILED: ((330.0, 120), (220.0, 180)),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatContextOptions:
    """How much of the conversation the model is told (its history).

    Attributes:
        max_tokens: Tokens. A small local model reads the default in two seconds, once; then it is
            in its cache.
        chars_per_token: Characters. Common for English; other languages have fewer, so that a
            budget errs on the short side.
    """

    max_tokens: int = 900
    chars_per_token: int = 4

    @property
    def max_chars(self) -> int:
        """`max_tokens` in characters."""
        return self.max_tokens * self.chars_per_token


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyOptions:
    """How often the agent checks, and how much of its latency it keeps.

    Attributes:
        hear_interval_s: Seconds between two checks of received packets, and of the playout while
            something plays. Half of what a Discord packet lasts; a packet waits this long at most.
        tick_interval_s: Seconds between two ticks of the turn manager.
        max_traces: The number of turns whose latency is kept, for `/voice status`.
        max_open_traces: The number of requests that are timed at once; the oldest is dropped first.
    """

    hear_interval_s: float = 0.01
    tick_interval_s: float = 0.1
    max_traces: int = 200
    max_open_traces: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """Bounds on what people and services send.

    Attributes:
        max_question_audio_ms: Milliseconds. A question made of several stretches of speech keeps
            its latest part. At Discord's highest bit rate the default still fits in a request.
        max_question_chars: Characters; the same for a transcript.
        max_speech_s: Seconds. Speech without news for this long has lost its end. Longer than any
            turn that endpointing allows.
        max_answer_s: Seconds of audio in one piece of an answer.
        max_answer_chars: Characters of one answer, and of one transcript from the service.
    """

    max_question_audio_ms: int = 120_000
    max_question_chars: int = 4_000
    max_speech_s: float = 90.0
    max_answer_s: float = 600.0
    max_answer_chars: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceAgentOptions:
    """All knobs of a spoken conversation.

    Attributes:
        endpointing: When a turn begins, pauses and ends.
        interruption: When speech stops an answer.
        phrases: Backchannels, acknowledgements, stop words and names.
        follow_up_window_s: Seconds. What the same person says within this time after an answer is
            for the assistant, without its name.
        preemptive_generation: Send a request at a pause, before the turn is known to be over. It
            saves the rest of the wait, and costs a request that may be cancelled.
            `SKYDECK_VOICE_EAGER` sets it.
        partial_recognition: Let the service recognise what was said so far, and read it and the
            conversation before into its language model, while somebody still speaks. Nothing of it
            is shown or played. `SKYDECK_VOICE_EAGER` sets it, for services on this machine alone:
            elsewhere it would cost money.
        max_partial_s: Seconds of a turn. A longer one is recognised at its pauses only, since each
            partial is recognised from the beginning.
        warm_up_after_s: Seconds. A service not called for this long is woken when somebody begins
            to speak; 0: never. `SKYDECK_VOICE_WARM_S` sets it.
        thinking_sound: The cues while somebody waits.
        chat_context: How much of the conversation the model is told.
        speech_chars_per_s: Characters per second that voices speak in English and Spanish, where
            the service does not say which words it has spoken. Rather too low, so that the
            transcript never claims words that were not heard.
        latency: Polling intervals, and the latency that is kept.
        limits: Bounds on what people and services send.
    """

    endpointing: EndpointingOptions = field(default_factory=_endpointing)
    interruption: InterruptionOptions = InterruptionOptions()
    phrases: PhraseOptions = PhraseOptions()
    follow_up_window_s: float = 8.0
    preemptive_generation: bool = True
    partial_recognition: bool = False
    max_partial_s: float = 12.0
    warm_up_after_s: float = 0.0
    thinking_sound: ThinkingSoundOptions = ThinkingSoundOptions()
    chat_context: ChatContextOptions = ChatContextOptions()
    speech_chars_per_s: float = 14.0
    latency: LatencyOptions = LatencyOptions()
    limits: LimitOptions = LimitOptions()


DEFAULT_OPTIONS: Final = VoiceAgentOptions()
