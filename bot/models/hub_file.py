"""A file at Hugging Face's hub. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFileRef:
    """A file of a repository at the hub: `repo` is owner/name, `revision` a commit or a branch."""

    repo: str
    path: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"hf:{self.repo}/{self.path}"
