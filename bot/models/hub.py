"""Fetches a file from Hugging Face's hub, or from the mirror that HF_ENDPOINT names."""

from pathlib import Path
from typing import Final

from bot.errors import WeightsError

_FOLDER: Final = "hub"
_CONNECT_S: Final = 10
"""How long to wait for the hub's answer about a file; the download has no limit."""
_NO_SUCH_FILE: Final = 404


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
        import httpx2  # noqa: PLC0415  (the hub's client lets its errors through)
        import huggingface_hub  # noqa: PLC0415  (heavy)
    except ImportError:
        raise WeightsError(
            "huggingface_hub is not installed.", hint="pip install 'skydeck[local]'"
        ) from None
    try:
        # Asked first, since the download repeats this question for minutes before it gives up.
        url = huggingface_hub.hf_hub_url(repo, file, endpoint=endpoint)
        huggingface_hub.get_hf_file_metadata(url, timeout=_CONNECT_S, endpoint=endpoint)
        found = huggingface_hub.hf_hub_download(
            repo,
            file,
            local_dir=folder,
            endpoint=endpoint,
            etag_timeout=_CONNECT_S,
            library_name="skydeck",
        )
    except (huggingface_hub.errors.HFValidationError, httpx2.HTTPError, OSError) as e:
        raise _explained(e, f"hf:{repo}/{file}") from None
    return Path(found)


def _explained(error: Exception, named: str) -> WeightsError:
    """The library's error in our words, which say what to do."""
    from huggingface_hub import errors  # noqa: PLC0415  (heavy)

    match error:
        case errors.GatedRepoError():
            advice = "Accept its licence on the hub, and set HF_TOKEN."
            return WeightsError(f"{named} needs your consent to its licence.", hint=advice)
        case errors.LocalEntryNotFoundError():  # its way to say that nobody answers
            return _unreachable(named)
        case (
            errors.RepositoryNotFoundError()
            | errors.EntryNotFoundError()
            | errors.HFValidationError()
        ):
            return WeightsError(f"The hub has no file {named}.", hint="Check SKYDECK_LLM.")
        case errors.HfHubHTTPError() if error.response.status_code == _NO_SUCH_FILE:
            return WeightsError(f"The hub has no file {named}.", hint="Check SKYDECK_LLM.")
        case errors.HfHubHTTPError():
            return WeightsError(
                f"{named} cannot be fetched: the hub answers HTTP {error.response.status_code}.",
                hint="Try again later, or set HF_ENDPOINT to a mirror.",
            )
        case OSError() if error.errno is not None and error.filename is not None:
            return WeightsError(f"{named} cannot be stored: {error.strerror}.")
    return _unreachable(named)


def _unreachable(named: str) -> WeightsError:
    return WeightsError(
        f"{named} cannot be fetched: the hub does not answer.",
        hint="Check the network, or set HF_ENDPOINT to a mirror.",
    )
