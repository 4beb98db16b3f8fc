"""How to add an extra of ours to this installation.

There is no published package, so `pip install 'skydeck[local]'` finds nothing, or a stranger's. The
installer has noted where this one came from (PEP 610): a copy of the repository, or a wheel.
"""

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import urlsplit


def extra_command(extras: str) -> str:
    """The shell command that adds extras, such as `local` or `local,runpod`."""
    from urllib.request import url2pathname  # noqa: PLC0415  (slow to import)

    try:
        ours = distribution("skydeck")
    except PackageNotFoundError:  # it runs from a folder
        noted, installer = {}, ""
    else:
        noted = json.loads(ours.read_text("direct_url.json") or "{}")
        installer = (ours.read_text("INSTALLER") or "").strip()
    place = url2pathname(urlsplit(noted.get("url", "")).path) or "."
    begins = [sys.executable, "-m", "pip", "install"]
    if installer == "uv":  # what it makes has no pip
        begins = ["uv", "pip", "install", "--python", sys.executable]
    editable = ["--editable"] if noted.get("dir_info", {}).get("editable") else []
    return shlex.join([*begins, *editable, f"{place}[{extras}]"])
