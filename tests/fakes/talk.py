"""A scripted conversation for the turn manager: people, Penny and the playout.

`Talk` checks every command: whatever the facts, two answers never play at once, nothing of a
cancelled request is played, and readers see each turn end once.
"""

from collections import Counter
from dataclasses import dataclass, field

from audio.speech_events import (
    Clip,
    SpeechBegan,
    SpeechContinued,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from bot.errors import DeadlineExceeded
from bot.voice_agent.events import (
    AllStopped,
    AnswerStopped,
    Attention,
    AttentionSet,
    CancelRequest,
    ColdStart,
    Command,
    CommandsDeclined,
    Fact,
    FlushPlayout,
    PausePlayout,
    PeopleChanged,
    PerformCommands,
    Play,
    PlayCue,
    Played,
    Remember,
    ReplyChunk,
    RequestCompleted,
    RequestFailed,
    ResumePlayout,
    SendRequest,
    Stage,
    Ticked,
    Transcribed,
    TurnUpdate,
    Typed,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.turn_manager import TurnManager

ENDS = {Stage.DONE, Stage.INTERRUPTED, Stage.NOT_FOR_US, Stage.NOTHING_HEARD, Stage.FAILED}
LOUD_S = 0.2
TIMEOUT = DeadlineExceeded("No result within 30 s.")
"""Speech that begins a turn, and silence that makes a pause."""


@dataclass
class Talk:
    """Everything around a manager. Each method moves the clock and returns the commands."""

    options: VoiceAgentOptions = DEFAULT_OPTIONS
    now: float = 100.0
    manager: TurnManager = field(init=False)
    requests: dict[int, SendRequest | PerformCommands] = field(
        default_factory=dict
    )  # more may still come
    ended: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    loud: list[int] = field(default_factory=list)  # the utterances of the queued packets
    played: Counter[int] = field(default_factory=Counter)
    is_held: bool = False
    shown: dict[int, list[TurnUpdate]] = field(default_factory=dict)
    remembered: dict[int, Remember] = field(default_factory=dict)
    speaking: dict[int, float] = field(default_factory=dict)
    _packet: int = 0

    def __post_init__(self) -> None:
        self.manager = TurnManager(assistant_names=("Alfred",), options=self.options)

    def tell(self, fact: Fact) -> list[Command]:
        """Hand in a fact and carry out the commands."""
        commands = self.manager.handle(fact)
        for command in commands:
            self._carry_out(command)
        return commands

    def _carry_out(self, command: Command) -> None:
        match command:
            case SendRequest():
                assert command.request_id not in self.requests.keys() | self.ended
                assert (command.clip is None) != (command.text is None)
                self.requests[command.request_id] = command
            case PerformCommands():
                assert command.request_id not in self.requests.keys() | self.ended
                self.requests[command.request_id] = command
            case CancelRequest(request_id):
                assert request_id in self.requests, "a request that has ended is not cancelled"
                del self.requests[request_id]
                self.ended.add(request_id)
                self.cancelled.add(request_id)
            case Play(utterance_id, packets):
                assert utterance_id not in self.cancelled, "nothing cancelled is played"
                assert set(self.loud) <= {utterance_id}, "never two answers at once"
                assert packets
                self.loud += [utterance_id] * len(packets)
            case PausePlayout():
                assert not self.is_held
                self.is_held = True
            case ResumePlayout():
                self.is_held = False
            case FlushPlayout():
                self.loud.clear()
            case TurnUpdate():
                self._show(command)
            case Remember():
                assert command.turn_id not in self.remembered
                assert command.transcript
                self.remembered[command.turn_id] = command
            case PlayCue():
                assert not self.speaking, "a cue never sounds over people"
                assert not self.loud, "nor over an answer"

    def _show(self, show: TurnUpdate) -> None:
        story = self.shown.setdefault(show.turn_id, [])
        assert not any(earlier.stage in ENDS for earlier in story), "one end of each turn"
        assert not story or story[-1] != show, "only news"
        story.append(show)

    # -- people ----------------------------------------------------------------------------------

    def people(self, *names: str, others: int = 0) -> list[Command]:
        """These people are there: the first is user 1, the second user 2, and so on."""
        known = {number: name for number, name in enumerate(names, 1) if name}
        self.speaking = {user: began for user, began in self.speaking.items() if user in known}
        return self.tell(PeopleChanged(known, others, self.now))

    def attend(self, attention: Attention) -> list[Command]:
        return self.tell(AttentionSet(attention, self.now))

    def begin(self, user: int) -> list[Command]:
        began = self.now
        self.now += LOUD_S
        self.speaking[user] = began
        return self.tell(SpeechBegan(user, began, self.now))

    def clip(self, user: int, speech_s: float) -> Clip:
        packets = []
        for _ in range(max(1, round(speech_s * 50))):
            self._packet += 1
            packets.append(self._packet.to_bytes(4, "big"))
        return Clip(user, tuple(packets), round(speech_s * 1000), self.now - speech_s, self.now)

    def pause(self, clip: Clip) -> list[Command]:
        self.now += LOUD_S
        self.speaking.pop(clip.user_id, None)
        return self.tell(SpeechPaused(clip, self.now))

    def resume(self, user: int) -> list[Command]:
        self.speaking[user] = self.now
        return self.tell(SpeechResumed(user, self.now))

    def end(self, clip: Clip) -> list[Command]:
        self.now += 0.1
        self.speaking.pop(clip.user_id, None)
        return self.tell(TurnEnded(clip, self.now, 0.9, 300))

    def say(self, user: int, speech_s: float = 1.0) -> list[Command]:
        """A whole turn."""
        commands = self.begin(user)
        self.now += speech_s - LOUD_S
        clip = self.clip(user, speech_s)
        return commands + self.pause(clip) + self.end(clip)

    def says(self, user: int, words: str) -> list[Command]:
        """A whole turn whose words are known, and have settled; what talk asks for is answered."""
        commands = self.say(user)
        if self.requests:
            commands += self.heard(words)
        commands += self.wait(0.4)
        if self.requests and not only(commands, PerformCommands):
            commands += self.answered()
        return commands

    def write(self, user: int, text: str) -> list[Command]:
        return self.tell(Typed(user, text, self.now))

    def stop_answer(self) -> list[Command]:
        return self.tell(AnswerStopped(self.now))

    def stop_all(self) -> list[Command]:
        """Speech in progress is dropped, too."""
        self.speaking.clear()
        return self.tell(AllStopped(self.now))

    # -- Penny -----------------------------------------------------------------------------------

    @property
    def request_id(self) -> int:
        """The latest request that has not ended."""
        return max(self.requests)

    def heard(self, text: str, request_id: int | None = None) -> list[Command]:
        return self.tell(Transcribed(request_id or self.request_id, text, "en", self.now))

    def spoke(self, text: str, packets: int = 50, request_id: int | None = None) -> list[Command]:
        opus = (b"opus",) * packets
        return self.tell(
            ReplyChunk(request_id or self.request_id, text, opus, text if packets else "", self.now)
        )

    def answered(self, request_id: int | None = None) -> list[Command]:
        request_id = request_id or self.request_id
        self.requests.pop(request_id, None)
        self.ended.add(request_id)
        return self.tell(RequestCompleted(request_id, self.now))

    def declined(self) -> list[Command]:
        """There is nothing that the latest commands could mean."""
        request_id = self.request_id
        self.requests.pop(request_id)
        self.ended.add(request_id)
        return self.tell(CommandsDeclined(request_id, self.now))

    def failed(self, error: Exception = TIMEOUT, request_id: int | None = None) -> list[Command]:
        request_id = request_id or self.request_id
        self.requests.pop(request_id, None)
        self.ended.add(request_id)
        return self.tell(RequestFailed(request_id, error, self.now))

    def waits(self, request_id: int | None = None) -> list[Command]:
        return self.tell(ColdStart(request_id or self.request_id, self.now))

    def answer(self, heard: str, said: str, packets: int = 50) -> list[Command]:
        """The whole answer to the latest request, not played yet."""
        request_id, commands = self.request_id, self.heard(heard)
        if request_id in self.requests:
            commands += self.spoke(said, packets, request_id)
        return commands + (self.answered(request_id) if request_id in self.requests else [])

    # -- the loudspeaker and time ----------------------------------------------------------------

    def play(self, packets: int | None = None) -> list[Command]:
        """Play up to so many of the queued packets; all of them by default."""
        count = len(self.loud) if packets is None else min(packets, len(self.loud))
        if self.is_held or not count:
            return []
        self.now += 0.02 * count
        utterance_id = self.loud[0]
        del self.loud[:count]
        self.played[utterance_id] += count
        return self.tell(Played(utterance_id, self.played[utterance_id], not self.loud, self.now))

    def wait(self, seconds: float) -> list[Command]:
        """Let time pass, in ticks; whoever speaks speaks on."""
        commands: list[Command] = []
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            for user, began in self.speaking.items():
                speech_ms = round((self.now - began) * 1000)
                commands += self.tell(SpeechContinued(user, speech_ms, self.now))
            commands += self.tell(Ticked(self.now))
        return commands

    # -- what readers see ------------------------------------------------------------------------

    def stages(self, turn: int) -> list[Stage]:
        return [show.stage for show in self.shown.get(turn, [])]

    def end_of(self, turn: int) -> TurnUpdate:
        return self.shown[turn][-1]


def kinds(commands: list[Command]) -> list[type]:
    return [type(command) for command in commands]


def only(commands: list[Command], kind: type) -> list:
    return [command for command in commands if isinstance(command, kind)]
