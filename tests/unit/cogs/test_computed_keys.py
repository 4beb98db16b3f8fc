"""Every text that code looks up by a computed name exists, for each name that can be computed."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import bot
import cogs
from audio.devices.device_errors import Fault
from audio.discord_voice.watchdog import FaultKind
from bot.actions.offering import Refusal
from bot.actions.subject import Unsure
from bot.catalogue import packaged_catalogue
from bot.contract import Service
from bot.contract.factory import BUILD_KINDS, Check
from bot.contract.grace import parse_catalogue
from bot.contract.options import OptionType
from bot.file_kinds import UnreadKind
from bot.i18n import words_for
from bot.languages import LANGUAGES
from bot.loading import LoadPart
from bot.local_voice.commands import Instruction
from bot.local_voice.export import REASONS
from bot.local_voice.hearing import Hearing
from bot.local_voice.line_mode import STATES_IN_LINES
from bot.local_voice.tui.help_screen import KEYS
from bot.local_voice.view import Doing, Theme
from bot.money import Period, Scope
from bot.persona import NameProblem, Persona
from bot.runpod.models import JobState
from bot.service_calls.availability import Warmth
from bot.spoken_commands import STYLES, Agreement
from bot.store.repositories.recovery import Ending
from bot.voice_agent.events import Attention
from bot.voice_agent.latency_phase import Owner
from bot.voice_agent.turn_latency import OWN, TOTAL, TurnTrace
from cogs.chat._action_buttons import ActionAnswer
from cogs.factory._views import Action
from cogs.shared.follow_ups import FollowUp
from cogs.voice._policy import Hindrance

WORDS = words_for(None)
STEMS = {key.partition(".")[0] for key in WORDS.texts}
COMPUTED = re.compile(rf"""f(["'])((?:{"|".join(sorted(STEMS))})\.(?:(?!\1).)*\{{(?:(?!\1).)*)\1""")

TRACE = TurnTrace(request_id=1, user_id=1, last_packet=0, end_of_turn=1, first_packet_out=2)
FIELDS = [field.name for field in fields(Persona)]
SERVICES = [service.value.lower() for service in Service]
MODES = [attention.value.replace("-", "_") for attention in Attention]
BUDGETS = [f"{scope}_{period}" for scope in Scope for period in Period]
PHASES = [phase.name for phase in TRACE.split()]
FAULTS = [kind for kind in FaultKind if kind is not FaultKind.LOST]  # never counted
STATES = [JobState.SUBMITTING, JobState.QUEUED, JobState.RUNNING, JobState.WAITING_FOR_WORKER]

OPTIONAL = None
"""The code has other words where this text does not exist."""
NAMES = {
    "actions.{}": list(ActionAnswer),
    "actions.did_you_mean.{}": [*map(str.lower, parse_catalogue(packaged_catalogue())), "another"],
    "actions.refused.{}": list(Refusal),
    "actions.what.{}": list(Unsure),
    "answers.{}": ["sum", "sum_is", "sum_about", "today", "tomorrow", "yesterday", "weekday"],
    "commands.job.{}": [*SERVICES, "summary", "translation"],
    "commands.limit.{}": ["louder", "quieter", "slower", "faster"],
    "commands.style.{}": list(STYLES),
    "commands.yes_to.{}": [one for one in Agreement if one is not Agreement.UNCLEAR],
    "commands.took.{}": ["hours_one", "hours_many", "minutes_one", "minutes_many"],
    "common.service.{}": SERVICES,
    "costs.title_{}": list(Scope),
    "budgets.{}": ["left", "spent"],
    "budgets.{}_{}": BUDGETS,
    "errors.permission.{}": OPTIONAL,
    "errors.{}": OPTIONAL,
    "status.last_{}": ["delay", "execution"],
    "help.group.{}": ["talk", "texts", "builds", "voice", "own", "server"],
    "factory.button.{}": list(Action),
    "factory.kind.{}": BUILD_KINDS,
    "factory.job.{}": [*Ending, "running", "waiting"],
    "factory.note.{}": OPTIONAL,
    "factory.outcome.{}": ["not_passed", "passed", *(f"passed_{check}" for check in Check)],
    "factory.phase.{}": OPTIONAL,
    "factory.state.{}": [*STATES, "starved"],
    "grace.follow_up.{}": list(FollowUp),
    "grace.choice.{}": OPTIONAL,
    "grace.common.{}": ["file", "message", "last", "text"],
    "grace.common_about.{}": ["file", "message", "last", "text"],
    "grace.key.{}": OPTIONAL,
    "grace.language.{}": [*LANGUAGES, "auto"],
    "grace.menu.{}": ["ask", "explain", "summarize", "transcribe", "translate"],
    "grace.module.{}": OPTIONAL,
    "grace.module.{}.about": OPTIONAL,
    "grace.module.{}.name": OPTIONAL,
    "grace.module.{}.option.{}": OPTIONAL,
    "grace.module.{}.title": OPTIONAL,
    "grace.option.{}": OPTIONAL,
    "grace.state.{}": OPTIONAL,
    "grace.wrong.{}": list(OptionType),
    "jobs.ending.{}": list(Ending),
    "ops.persona.example.{}": FIELDS,
    "ops.persona.name_{}": list(NameProblem),
    "ops.persona.none.{}": FIELDS,
    "ops.persona.{}": FIELDS,
    "ops.settings.pick_{}": ["language", "identity", "channels", "roles", "module"],
    "status.service.{}": SERVICES,
    "talk.advice.{}": [
        *(set(Doing) - {Doing.READY, Doing.RECORDING}),
        *("recording_free", "recording_held", "recording_tapped"),
        *("no_microphone", "free", "held", "tapped"),
    ],
    "talk.command.{}": list(Instruction),
    "talk.device.{}": ["microphone", "loudspeaker", *(set(Fault) - {Fault.NO_DEVICE})],
    "talk.help.{}": [does for _, does in KEYS],
    "talk.key.{}": ["talk", "done", "listen", "pause", "space", "enter", "pages"],
    "chat.unread.{}": list(UnreadKind),
    "talk.reason.{}": list(REASONS.values()),
    "talk.line.{}": list(STATES_IN_LINES),
    "talk.load.{}": list(LoadPart),
    "talk.name.{}": list(Instruction),
    "talk.settings.theme_{}": list(Theme),
    "talk.settings.try_{}": ["microphone", "loudspeaker"],
    "talk.settings.{}": [
        "microphone",
        "loudspeaker",
        "mode",
        "language",
        "voice",
        "interface",
        "theme",
    ],
    "talk.state.{}": list(Doing),
    "talk.welcome.{}": ["say_something", *(set(Hearing) - {Hearing.WAITING})],
    "status.warmth.{}": list(Warmth),
    "status.workers.{}": ["working", "idle", "starting", "throttled"],
    "voice.consent.{}": ["yes", "no", "unasked", "agreed", "declined"],
    "voice.hindrance.{}": [*Hindrance, "none"],
    "voice.mode.{}": MODES,
    "voice.mode.{}_short": MODES,
    "voice.owner.{}": list(Owner),
    "voice.phase.{}": [TOTAL, OWN, *PHASES],
    "voice.status.trouble.{}": FAULTS,
    "voice.trouble.{}": [*FaultKind, "kicked"],
}


def computed_keys():
    for package in (bot, cogs):
        for file in Path(package.__path__[0]).rglob("*.py"):
            for _, found in COMPUTED.findall(file.read_text("utf-8")):
                key = re.sub(r"\{[^}]*\}", "{}", found)
                if " " not in key:  # else it is a sentence
                    yield key


def test_no_computed_key_is_left_out_here():
    assert set(computed_keys()) == NAMES.keys()


@pytest.mark.parametrize("pattern", [key for key, names in NAMES.items() if names is not OPTIONAL])
def test_each_computed_key_has_its_text(pattern):
    names = [str(getattr(name, "value", name)) for name in NAMES[pattern]]
    assert names
    for name in names:
        parts = name.split("_", 1) if pattern.count("{}") == 2 else [name]
        assert WORDS.has(pattern.format(*parts)), pattern.format(*parts)
