"""The operator's choices that several packages share. Pure."""

from enum import StrEnum


class Mode(StrEnum):
    """How to call a service.

    STREAM: `/run`, then `/stream`, for partial answers as they arrive. Works with any worker.
    RUN: `/run`, then `/status`. For workers without a useful stream.
    RUNSYNC: `/runsync`, a single request if the job is short. If the connection breaks meanwhile,
    RunPod has not yet given an id, so the job cannot be found again.
    """

    STREAM = "stream"
    RUN = "run"
    RUNSYNC = "runsync"


class Identity(StrEnum):
    """The identity in the contract's source: DECK (Alfred) or CORP (Jared)."""

    DECK = "DECK"
    CORP = "CORP"
