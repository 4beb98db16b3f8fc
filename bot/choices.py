"""Choices of the operator's that several parts share. Pure."""

from enum import StrEnum


class Mode(StrEnum):
    """How a service is called.

    STREAM: `/run`, then `/stream`: partial answers as they are made. Works with any worker.
    RUN: `/run`, then `/status`. For workers whose stream is of no interest.
    RUNSYNC: `/runsync`: one request when the job is short. If the line breaks while it is
    held, RunPod has given no id yet, so the job cannot be found again.
    """

    STREAM = "stream"
    RUN = "run"
    RUNSYNC = "runsync"


class Identity(StrEnum):
    """As whom the contract's source speaks: DECK (Alfred) or CORP (Jared)."""

    DECK = "DECK"
    CORP = "CORP"
