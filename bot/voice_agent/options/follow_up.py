"""The follow-up window: how long after an answer no name is needed. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpOptions:
    """When somebody who was answered is still talking to the assistant.

    Attributes:
        window_s: Seconds. What the same person says within this time after an answer is for the
            assistant, without its name.
    """

    window_s: float = 8.0
