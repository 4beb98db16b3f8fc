"""The turns under way: their asks, and what readers and the history are told of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from audio.speech_events import Clip
from bot.voice_agent.engagement import EngagementPolicy
from bot.voice_agent.events import Ask, Command, Cue, Remember, Sound, Stage, TurnUpdate, Withdraw
from bot.voice_agent.interruption import Floor
from bot.voice_agent.turn_state import ActiveSpeech, AddresseeMode, State, UserTurn
from bot.voice_agent.utterance_intent import UtteranceIntent

_NO_WORDS: Final = frozenset({UtteranceIntent.NOTHING, UtteranceIntent.HUM})


@dataclass(slots=True)
class TurnBook:
    """What the turn machine knows, and the commands that follow from each change of it.

    A turn is in `open` until it sounds, and on the floor from when its answer is awaited until it
    is over; an ask is in `asks` for as long as more may come of it.

    Attributes:
        standing: How people stand with the assistant.
        floor: Whose answer sounds.
        speeches: Who is speaking, or pausing in it.
        open: Each person's question, until it sounds.
        asks: The turn of each ask of which more may come.
        commands: What is to be done, in this order.
    """

    standing: EngagementPolicy
    floor: Floor = field(default_factory=Floor)
    speeches: dict[int, ActiveSpeech] = field(default_factory=dict)
    open: dict[int, UserTurn] = field(default_factory=dict)
    asks: dict[int, UserTurn] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    _turn_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _ask_numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # -- what is known ---------------------------------------------------------------------------

    @property
    def turns(self) -> list[UserTurn]:
        """All turns that are not over."""
        on_floor = [self.floor.turn] if self.floor.turn is not None else []
        return [*on_floor, *(turn for turn in self.open.values() if turn is not self.floor.turn)]

    @property
    def is_quiet(self) -> bool:
        """Whether nobody speaks, and no answer sounds or is about to."""
        turn = self.floor.turn
        return not self.speeches and (turn is None or turn.reply.given == 0)

    def footing(self, turn: UserTurn) -> AddresseeMode:
        """How the person stood with the assistant when they said it."""
        return self.standing.footing(turn.user_id, follows=turn.follows)

    def challenges(self, turn: UserTurn) -> bool:
        """Whether a turn was spoken into another's answer."""
        return self.floor.turn is not turn and self.floor.is_challenged_by(turn.user_id)

    # -- turns and asks --------------------------------------------------------------------------

    def open_turn(self, user_id: int, *, follows: bool, is_aside: bool) -> UserTurn:
        """A person's question that is on its way; a new one if there is none."""
        if user_id not in self.open:
            self.open[user_id] = UserTurn(next(self._turn_numbers), user_id)
        turn = self.open[user_id]
        turn.follows, turn.is_aside = turn.follows or follows, turn.is_aside or is_aside
        return turn

    def ask(self, turn: UserTurn, clip: Clip | None, *, eager: bool) -> None:
        """Ask a clip, or the words where they are known.

        A clip is answered as it is when it is for us, when it is all of the question, and when it
        is next; else its words are wanted first.
        """
        is_next = self.floor.turn is None or self.challenges(turn)
        is_ours = self.footing(turn) in (AddresseeMode.ALWAYS, AddresseeMode.FOLLOW_UP)
        answer = clip is None or (is_ours and is_next and not turn.words)
        ask = next(self._ask_numbers)
        turn.begin_ask(ask, clip, answer=answer)
        self.asks[ask] = turn
        words = turn.words if clip is None else None
        self.commands.append(Ask(ask, turn.user_id, clip, words, answer, eager, turn.number))

    def withdraw(self, turn: UserTurn) -> None:
        """Nothing more is wanted of a turn's ask."""
        if turn.is_asking and turn.ask is not None:
            del self.asks[turn.ask]
            self.commands.append(Withdraw(turn.ask))
        turn.drop_ask()

    def take_back(self, turn: UserTurn) -> None:
        """They go on before their answer sounds: what was asked was half a question."""
        if turn.state is State.HEARING:
            return  # its words are wanted all the same
        if self.floor.turn is turn:
            self.commands += self.floor.leave()
        self.withdraw(turn)
        turn.state = State.SPEAKING

    # -- who reads along -------------------------------------------------------------------------

    def tell(self, turn: UserTurn) -> None:
        """Show how far a turn is, if it is for us and that is news."""
        if turn.is_admitted:
            stage, said = self._progress(turn)
        else:
            is_awaited = turn.awaits_worker and self.footing(turn) is AddresseeMode.ALWAYS
            stage, said = (Stage.WAITING_FOR_WORKER if is_awaited else None), ""
        show = (
            TurnUpdate(turn.number, turn.user_id, stage, turn.transcript, said) if stage else None
        )
        if show is not None and show != turn.shown:
            turn.shown = show
            self.commands.append(show)

    def _progress(self, turn: UserTurn) -> tuple[Stage | None, str]:
        if self.floor.turn is turn and turn.is_judged and turn.reply.text:
            return Stage.ANSWERING, turn.reply.text
        if turn.awaits_worker:
            return Stage.WAITING_FOR_WORKER, ""
        return (Stage.HEARD if turn.transcript else None), ""

    def sound(self, cue: Cue) -> None:
        """Play a cue, unless somebody or something is to be heard."""
        if self.is_quiet:
            self.commands.append(Sound(cue))

    # -- endings ---------------------------------------------------------------------------------

    def finish(self, turn: UserTurn, now_s: float) -> None:
        """All that comes of an answer has come and been played."""
        if turn.reply.code is not None:
            self.fail(turn)
            return
        said = turn.reply.said
        self.standing.open_follow_up(turn.user_id, now_s, is_asked=said.endswith("?"))
        self.close(turn, Stage.DONE, said=said)

    def fail(self, turn: UserTurn) -> None:
        """There is no answer, or no more of it."""
        said = turn.reply.said
        is_awaited = turn.is_admitted or self.footing(turn) is AddresseeMode.ALWAYS
        self.close(turn, Stage.FAILED, said=said, interrupted=bool(said))
        if is_awaited:
            self.sound(Cue.FAILED)

    def listen(self, turn: UserTurn, now_s: float) -> None:
        """They called, and said nothing else: what they say next is for us."""
        self.standing.turn_to(turn.user_id)
        self.standing.open_follow_up(turn.user_id, now_s, is_asked=False)
        self.close(turn, Stage.DONE, remember=False)
        self.sound(Cue.LISTENING)

    def dismiss(self, turn: UserTurn, said: UtteranceIntent) -> None:
        """It gets no answer.

        Args:
            turn: Which.
            said: What it turned out to be. A wish for silence ends the answer that has the floor.
        """
        footing = self.footing(turn)
        is_heeded = footing is not AddresseeMode.CALLED or self.floor.turn is not None
        stops = said is UtteranceIntent.STOP and footing is not AddresseeMode.NEVER and is_heeded
        if stops and self.floor.turn is not turn:
            self.interrupt()
        if said is UtteranceIntent.OTHER:
            self.standing.close_follow_up(turn.user_id)
        stage = Stage.DONE if stops or footing is AddresseeMode.NEVER else Stage.NOT_FOR_US
        stage = Stage.NOTHING_HEARD if said is UtteranceIntent.NOTHING else stage
        self.close(turn, stage, remember=said not in _NO_WORDS and not stops)

    def interrupt(self) -> None:
        """The answer that has the floor is not wanted any more."""
        if turn := self.floor.turn:
            self.close(turn, Stage.INTERRUPTED, said=turn.reply.spoken, interrupted=True)

    def close(
        self,
        turn: UserTurn,
        stage: Stage,
        *,
        said: str = "",
        interrupted: bool = False,
        remember: bool = True,
    ) -> None:
        """A turn is over: free what it has, tell readers, remember it.

        Args:
            turn: Which.
            stage: How it ended.
            said: What was really said of the answer.
            interrupted: Whether the answer was cut off.
            remember: Whether it goes into the history.
        """
        heard, code = turn.transcript, turn.reply.code
        self._free(turn)
        self.commands.append(TurnUpdate(turn.number, turn.user_id, stage, heard, said, code))
        if remember and heard:
            self.commands.append(Remember(turn.number, turn.user_id, heard, said, interrupted))
        if turn.state is State.HEARING and turn.clip is not None:  # they have said more since
            later = self.open_turn(turn.user_id, follows=turn.follows, is_aside=turn.is_aside)
            later.clip = turn.clip

    def drop(self, turn: UserTurn) -> None:
        """It is as if it had not been; only who has read of it is told that it is over."""
        heard, said = turn.transcript, turn.reply.spoken
        self._free(turn)
        if turn.shown is not None:
            show = TurnUpdate(turn.number, turn.user_id, Stage.INTERRUPTED, heard, said)
            self.commands.append(show)

    def _free(self, turn: UserTurn) -> None:
        if self.floor.turn is turn:
            self.commands += self.floor.leave()
        elif self.challenges(turn) and turn.user_id not in self.speeches:
            self.commands += self.floor.release()
        self.withdraw(turn)
        if self.open.get(turn.user_id) is turn:
            del self.open[turn.user_id]
