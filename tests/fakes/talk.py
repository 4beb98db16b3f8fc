"""A conversation for the turn machine, played by hand: people, Penny and a loudspeaker.

Every command is checked as it comes: whatever the facts, two answers never sound at once, nothing
of a withdrawn ask is played, and readers get one end of each turn.
"""

from collections import Counter
from dataclasses import dataclass, field

from audio.speech_events import Clip, SpeechBegan, SpeechPaused, SpeechResumed, TurnEnded
from bot.voice_agent.events import (
    AllStopped,
    Answered,
    AnswerStopped,
    Ask,
    AskFailed,
    AskWaits,
    Attention,
    AttentionSet,
    Command,
    Fact,
    FlushPlayout,
    Hold,
    PeopleChanged,
    Play,
    Played,
    Release,
    Remember,
    Sound,
    Spoke,
    Stage,
    Ticked,
    Transcribed,
    TurnUpdate,
    Typed,
    Withdraw,
)
from bot.voice_agent.turn_manager import TurnManager

ENDS = {Stage.DONE, Stage.INTERRUPTED, Stage.NOT_FOR_US, Stage.NOTHING_HEARD, Stage.FAILED}
LOUD_S = 0.2
"""So much speech makes a beginning, and so much silence a pause."""


@dataclass
class Talk:
    """The world around a machine. Its methods move time on and return what was commanded."""

    eager: bool = True
    now: float = 100.0
    machine: TurnManager = field(init=False)
    asks: dict[int, Ask] = field(default_factory=dict)  # of which more may come
    ended: set[int] = field(default_factory=set)
    withdrawn: set[int] = field(default_factory=set)
    loud: list[int] = field(default_factory=list)  # the asks of the packets that wait to be played
    played: Counter[int] = field(default_factory=Counter)
    is_held: bool = False
    shown: dict[int, list[TurnUpdate]] = field(default_factory=dict)
    remembered: dict[int, Remember] = field(default_factory=dict)
    speaking: dict[int, float] = field(default_factory=dict)
    _packet: int = 0

    def __post_init__(self) -> None:
        self.machine = TurnManager(assistant_names=("Alfred",), eager=self.eager)

    def tell(self, fact: Fact) -> list[Command]:
        """Hand a fact in and carry its commands out."""
        commands = self.machine.handle(fact)
        for command in commands:
            self._carry_out(command)
        return commands

    def _carry_out(self, command: Command) -> None:
        match command:
            case Ask():
                assert command.ask not in self.asks.keys() | self.ended
                assert (command.clip is None) != (command.text is None)
                self.asks[command.ask] = command
            case Withdraw(ask):
                assert ask in self.asks, "what has ended need not be withdrawn"
                del self.asks[ask]
                self.ended.add(ask)
                self.withdrawn.add(ask)
            case Play(ask, packets):
                assert ask not in self.withdrawn, "nothing of a withdrawn ask is played"
                assert set(self.loud) <= {ask}, "never two answers at once"
                assert packets
                self.loud += [ask] * len(packets)
            case Hold():
                assert not self.is_held
                self.is_held = True
            case Release():
                self.is_held = False
            case FlushPlayout():
                self.loud.clear()
            case TurnUpdate():
                self._show(command)
            case Remember():
                assert command.turn not in self.remembered
                assert command.heard
                self.remembered[command.turn] = command
            case Sound():
                assert not self.speaking, "a cue never sounds over people"
                assert not self.loud, "nor over an answer"

    def _show(self, show: TurnUpdate) -> None:
        story = self.shown.setdefault(show.turn, [])
        assert not any(earlier.stage in ENDS for earlier in story), "one end of each turn"
        assert not story or story[-1] != show, "only news"
        story.append(show)

    # -- people ----------------------------------------------------------------------------------

    def people(self, *names: str, others: int = 0) -> list[Command]:
        """These are there: Ana is 1, Ben is 2 and so on."""
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
        """A whole turn, from its first packet to its end."""
        commands = self.begin(user)
        self.now += speech_s - LOUD_S
        clip = self.clip(user, speech_s)
        return commands + self.pause(clip) + self.end(clip)

    def write(self, user: int, text: str) -> list[Command]:
        return self.tell(Typed(user, text, self.now))

    def stop_answer(self) -> list[Command]:
        return self.tell(AnswerStopped(self.now))

    def stop_all(self) -> list[Command]:
        """Whoever speaks is cut off, too: the ears drop what they have."""
        self.speaking.clear()
        return self.tell(AllStopped(self.now))

    # -- Penny -----------------------------------------------------------------------------------

    @property
    def ask(self) -> int:
        """The latest ask of which more may come."""
        return max(self.asks)

    def heard(self, text: str, ask: int | None = None) -> list[Command]:
        return self.tell(Transcribed(ask or self.ask, text, "en", self.now))

    def spoke(self, text: str, packets: int = 50, ask: int | None = None) -> list[Command]:
        opus = (b"opus",) * packets
        return self.tell(Spoke(ask or self.ask, text, opus, text if packets else "", self.now))

    def answered(self, ask: int | None = None) -> list[Command]:
        ask = ask or self.ask
        self.asks.pop(ask, None)
        self.ended.add(ask)
        return self.tell(Answered(ask, self.now))

    def failed(self, code: str = "timeout", ask: int | None = None) -> list[Command]:
        ask = ask or self.ask
        self.asks.pop(ask, None)
        self.ended.add(ask)
        return self.tell(AskFailed(ask, code, self.now))

    def waits(self, ask: int | None = None) -> list[Command]:
        return self.tell(AskWaits(ask or self.ask, self.now))

    def answer(self, heard: str, said: str, packets: int = 50) -> list[Command]:
        """An ask's whole answer, not yet played."""
        ask, commands = self.ask, self.heard(heard)
        if ask in self.asks:
            commands += self.spoke(said, packets, ask)
        return commands + (self.answered(ask) if ask in self.asks else [])

    # -- the loudspeaker and time ----------------------------------------------------------------

    def play(self, packets: int | None = None) -> list[Command]:
        """So many packets leave, if so many wait; all of them if no number is given."""
        count = len(self.loud) if packets is None else min(packets, len(self.loud))
        if self.is_held or not count:
            return []
        self.now += 0.02 * count
        ask = self.loud[0]
        del self.loud[:count]
        self.played[ask] += count
        return self.tell(Played(ask, self.played[ask], not self.loud, self.now))

    def wait(self, seconds: float) -> list[Command]:
        """Time goes by, in ticks."""
        commands: list[Command] = []
        for _ in range(round(seconds * 10)):
            self.now += 0.1
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
