"""The parts of one local Discord, put together."""

from __future__ import annotations

from collections.abc import Callable

from bot.clock import Clock

from .application import Application
from .faults import Faults
from .gateway import Gateway
from .interactions import Interactions
from .limits import Limits, OldEdits
from .log import Log
from .nonces import Nonces
from .voice import Voice
from .world import World


class Backend:
    """What the REST routes and the people share."""

    def __init__(
        self, clock: Clock, base_url: Callable[[], str], *, keeps: int | None = None
    ) -> None:
        self.log = Log(keeps)
        self.world = World(clock, base_url)
        self.application = Application(self.world.bot, self.world.owner)
        self.faults = Faults()
        self.limits = Limits(clock)
        self.nonces = Nonces(clock)
        self.old_edits = OldEdits(clock)
        self.gateway = Gateway(self.world, self.application, self.log)
        self.voice = Voice(self.world, self.gateway, self.log)
        self.interactions = Interactions(
            self.world, self.application, self.gateway.deliver_interaction, self.log
        )
