"""Fetches a file from Hugging Face's hub, or from the mirror that HF_ENDPOINT names."""

from pathlib import Path
from typing import Final

from bot.errors import WeightsError

_FOLDER: Final = "hub"
_CONNECT_S: Final = 10
"""How long to wait for the hub's answer about a file; the download has no limit."""


def fetch_from_hub(repo: str, file: str, weights: Path, *, endpoint: str | None = None) -> Path:
    """Return a file of a repository; fetched at first use, then used without the network. Blocks.

    Args:
        repo: The repository, as owner/name.
        file: The file's path in it.
        weights: The model folder; the file goes into `hub/OWNER--NAME` there.
        endpoint: The hub's URL; None: as HF_ENDPOINT says, else the hub itself.

    Raises:
        WeightsError: There is no such file, the hub refuses it or cannot be reached.
    """
    folder = weights / _FOLDER / repo.replace("/", "--")
    if (folder / file).is_file():
        return folder / file
    try:
        import huggingface_hub  # noqa: PLC0415  (heavy)
        from huggingface_hub import errors  # noqa: PLC0415
    except ImportError:
        raise WeightsError(
            "huggingface_hub is not installed.", hint="pip install 'skydeck[local]'"
        ) from None
    named = f"hf:{repo}/{file}"
    try:
        found = huggingface_hub.hf_hub_download(
            repo,
            file,
            local_dir=folder,
            endpoint=endpoint,
            etag_timeout=_CONNECT_S,
            library_name="skydeck",
        )
    except errors.GatedRepoError:
        advice = "Accept its licence on the hub, and set HF_TOKEN."
        raise WeightsError(f"{named} needs your consent to its licence.", hint=advice) from None
    except errors.LocalEntryNotFoundError:  # its way to say that nobody answers
        raise _unreachable(named) from None
    except (
        errors.RepositoryNotFoundError,
        errors.EntryNotFoundError,
        errors.HFValidationError,
    ):
        raise WeightsError(f"The hub has no file {named}.", hint="Check SKYDECK_LLM.") from None
    except (errors.HfHubHTTPError, OSError) as e:
        if isinstance(e, OSError) and e.errno is not None and e.filename is not None:
            raise WeightsError(f"{named} cannot be stored: {e.strerror}.") from None
        raise _unreachable(named) from None
    return Path(found)


def _unreachable(named: str) -> WeightsError:
    return WeightsError(
        f"{named} cannot be fetched: the hub does not answer.",
        hint="Check the network, or set HF_ENDPOINT to a mirror.",
    )
