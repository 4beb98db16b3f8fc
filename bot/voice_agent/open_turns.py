"""The turns that are not over, the requests for them, and how each of them ends. Pure.

The `TurnManager` decides; this carries out what several of its decisions need, and collects the
commands.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from itertools import count

from bot.spoken_commands import CONFIRMATION, CONFIRMED, CommandKind, CommandMatch
from bot.voice_agent.engagement import AddresseeMode, EngagementPolicy
from bot.voice_agent.events import Attention, CancelRequest, Command, Cue, PlayCue, Stage
from bot.voice_agent.interruption import Floor
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.turn_state import ActiveSpeech, Participants, TurnState, UserTurn


@dataclass(slots=True)
class OpenTurns:
    """The turns of a conversation, and its commands since they were last taken.

    Attributes:
        open: By user, until the answer plays.
        speeches: Speech in progress, by user.
        requests: The turns for whose request something may still come, by its id.
        commands: To be carried out, in order.
        to_confirm: Who is to be asked whether to do something, and in which language.
    """

    options: VoiceAgentOptions
    policy: EngagementPolicy
    people: Participants
    floor: Floor
    open: dict[int, UserTurn] = field(default_factory=dict)
    speeches: dict[int, ActiveSpeech] = field(default_factory=dict)
    requests: dict[int, UserTurn] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    to_confirm: dict[int, str | None] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def all(self) -> list[UserTurn]:
        """All of them, the one that has the floor first."""
        turns = [self.floor.turn, *self.open.values()]
        return list({turn.turn_id: turn for turn in turns if turn is not None}.values())

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks, waits for an answer, or is being answered."""
        return bool(self.speeches or self.all)

    def of(self, user_id: int) -> UserTurn:
        """The person's open turn; a new one if there is none."""
        if user_id not in self.open:
            self.open[user_id] = UserTurn(next(self._numbers), user_id, self.options)
        return self.open[user_id]

    def take_commands(self) -> list[Command]:
        """The commands, which are then gone."""
        commands, self.commands = self.commands, []
        return commands

    def is_awaited(self, turn: UserTurn) -> bool:
        """Whether the person expects an answer, as far as is known."""
        mode = self.policy.mode(self.people, turn)
        return turn.is_accepted or mode is AddresseeMode.ALWAYS

    def show_progress(self, turn: UserTurn) -> None:
        """Show readers the turn, if it is for us and they have not seen this state."""
        has_floor = self.floor.turn is turn
        update = turn.progress(has_floor=has_floor, is_awaited=self.is_awaited(turn))
        if update is not None and update != turn.last_update:
            turn.last_update = update
            self.commands.append(update)

    def cancel_request(self, turn: UserTurn) -> None:
        """Discard a turn's request, and all that it brought."""
        if turn.is_requesting and turn.request_id is not None:
            del self.requests[turn.request_id]
            self.commands.append(CancelRequest(turn.request_id))
        turn.drop_request()

    def begin_commands(self, turn: UserTurn, commands: CommandMatch, request_id: int) -> None:
        """Have a turn's commands performed."""
        said = turn.transcript
        self.cancel_request(turn)
        self.requests[request_id] = turn
        self.commands.append(turn.begin_commands(request_id, commands, said))

    def play_cue(self, cue: Cue) -> None:
        """Play a cue, unless somebody speaks, or an answer plays or is about to."""
        turn = self.floor.turn
        if not self.speeches and (turn is None or turn.reply.queued == 0):
            self.commands.append(PlayCue(cue))

    def ask_to_confirm(self, new_request_id: Callable[[], int]) -> bool:
        """Ask somebody whether to do what they have asked for. Returns False if not now.

        Nobody speaks, nobody is answered, and they have answered what they were asked before, so
        that a "yes" is about this.
        """
        if self.people.attention is Attention.LISTEN_ONLY:
            self.to_confirm.clear()
        self.to_confirm = {u: code for u, code in self.to_confirm.items() if u in self.people}
        askable = (u for u in self.to_confirm if u not in self.open)
        user_id = next((u for u in askable if self.people.confirmation_of(u) is None), None)
        if user_id is None or self.speeches or self.floor.turn is not None:
            return False
        turn = self.of(user_id)
        turn.language, turn.state = self.to_confirm.pop(user_id), TurnState.WAITING
        turn.is_accepted = True
        self.begin_commands(turn, CONFIRMATION, new_request_id())
        return True

    def note_words_of(self, user_id: int) -> None:
        """Somebody speaks or writes: perhaps to those who were asked something.

        If they have not heard yet what they are asked themselves, they are asked later.
        """
        self.people.note_words_of(user_id)
        turn = self.open.get(user_id)
        if turn is not None and turn.is_question:
            self.to_confirm[user_id] = turn.language
            self.drop(turn)

    def take_declined(self, request_id: int) -> UserTurn | None:
        """The turn whose commands mean nothing here; a question that is settled is dropped."""
        turn = self.requests.pop(request_id, None)
        if turn is None or not turn.is_question:
            return turn
        turn.is_requesting = False
        self.drop(turn)
        return None

    def note_question(self, turn: UserTurn, now_s: float) -> None:
        """What is said about a command may ask whether to carry it out.

        To be called when it is heard: who says "yes" before that means something else. An answer of
        Penny's that is said again asks something else, too.
        """
        kinds = frozenset(turn.commands.kinds if turn.commands is not None else ())
        asks = kinds & (CONFIRMED | {CommandKind.YES}) and CommandKind.REPEAT not in kinds
        if asks and "?" in turn.reply.text:
            others_speak = bool(self.speeches.keys() - {turn.user_id})
            self.people.await_confirmation(turn.user_id, now_s, others_speak=others_speak)

    def close(
        self, turn: UserTurn, stage: Stage, reply: str = "", *, remember: bool = True
    ) -> None:
        """End a turn: show readers its last state, and remember it if it has words.

        What is said about commands is no part of the conversation.
        """
        update = turn.update(stage, reply)
        self._release(turn)
        self.commands.append(update)
        if remember and update.transcript and turn.commands is None:
            self.commands.append(turn.record(update))
        if turn.state is TurnState.TRANSCRIBING and turn.clip is not None:  # they have said more
            later = self.of(turn.user_id)
            later.inherit(turn)
            later.clip = turn.clip

    def drop(self, *turns: UserTurn) -> None:
        """End turns without a trace, except for readers who have seen them."""
        for turn in turns:
            update = turn.update(Stage.INTERRUPTED, turn.reply.played_text)
            self._release(turn)
            if turn.last_update is not None:
                self.commands.append(update)

    def drop_all_but(self, user_ids: Container[int]) -> None:
        """End the turns, and the speech, of people who are no longer there."""
        self.speeches = {u: speech for u, speech in self.speeches.items() if u in user_ids}
        self.drop(*(turn for turn in self.all if turn.user_id not in user_ids))

    def expire_speech(self, now_s: float) -> None:
        """Speech whose end was never reported: continue with as much of it as has arrived."""
        since_s = now_s - self.options.limits.max_speech_s
        for user_id in [u for u, speech in self.speeches.items() if speech.latest_s < since_s]:
            del self.speeches[user_id]
            turn = self.open.get(user_id)
            if turn is not None and turn.state is TurnState.SPEAKING:
                turn.clip = turn.requested_clip or turn.clip
                if turn.clip is None and not turn.words:
                    self.drop(turn)

    def _release(self, turn: UserTurn) -> None:
        if self.floor.turn is turn:
            self.commands += self.floor.clear()
        elif self.floor.is_interrupted_in(turn) and turn.user_id not in self.speeches:
            self.commands += self.floor.end_interruption()
        self.cancel_request(turn)
        if self.open.get(turn.user_id) is turn:
            del self.open[turn.user_id]
