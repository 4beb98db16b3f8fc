"""Model files as data: fetched once, verified by hash, kept in a folder per model."""

from bot.models.manifest import Manifest, Model, WeightFile, Wheel, load_manifest
from bot.models.plan import Finding, Plan, Trouble
from bot.models.progress import Phase, Progress, Sink
from bot.models.store import ModelState, ModelStatus, WeightStore, megabytes, refuse

__all__ = [
    "Finding",
    "Manifest",
    "Model",
    "ModelState",
    "ModelStatus",
    "Phase",
    "Plan",
    "Progress",
    "Sink",
    "Trouble",
    "WeightFile",
    "WeightStore",
    "Wheel",
    "load_manifest",
    "megabytes",
    "refuse",
]
