"""Calling the three services over RunPod's serverless API; see `RunPodClient`."""

from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import JobState, Update, Waiting

__all__ = ["Endpoint", "JobState", "RunPodClient", "Update", "Waiting"]
