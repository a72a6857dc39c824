"""What the model hub says of a file: its commit, size, sha256 and licence.

The hub is huggingface.co, or a mirror that HF_ENDPOINT names; HF_TOKEN is shown to it where it is set. Knows the hub's
API and why it refuses; downloads nothing.
"""

from __future__ import annotations

import os
import re
import time
from fnmatch import fnmatch
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from rag.errors import DownloadError
from rag.models.catalog import HubSource, ModelEntry, Pin
from rag.models.web import Refused, Sleep, Transient, check_status, client, retried
from rag.phrase import Phrase

DEFAULT_ENDPOINT = "https://huggingface.co"
REVISION_GONE = "RevisionNotFound"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHOWN = 8  # files named where the choice is open


def endpoint() -> str:
    """Address of the hub, without a slash at its end."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def headers() -> dict[str, str]:
    """What every request carries: the owner's token, if there is one."""
    token = os.environ.get("HF_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def file_url(pin: Pin) -> str:
    """Where the hub gives out the file, at the commit it was found at."""
    return f"{endpoint()}/{pin.repo}/resolve/{pin.revision}/{quote(pin.file)}"


def resolve(entry: ModelEntry, source: HubSource, *, sleep: Sleep = time.sleep) -> Pin:
    """What the hub says of the entry's file now.

    A revision that is gone does not matter where the hash is known: then the newest will do if it has the same file.

    Raises:
        DownloadError: not reachable, refused, no such file or several, or not the file the catalogue means.
    """
    try:
        pin = _ask(source, source.revision, sleep)
    except Refused as error:
        if error.code != REVISION_GONE or not entry.sha256:
            raise explained(error, source) from error
        try:
            pin = _ask(source, "main", sleep)
        except Refused as again:
            raise explained(again, source) from again
    if entry.sha256 not in ("", pin.sha256):
        raise DownloadError(
            f"The hub has another {pin.file} in {pin.repo} than the catalogue means: sha256 {pin.sha256[:12]}…, "
            f"not {entry.sha256[:12]}….",
            remedy="Update Footnote, or download the file yourself and name its path in the settings.",
        )
    return pin


def explained(error: Refused, source: HubSource) -> DownloadError:
    """A refusal of the hub as a sentence with what to do about it."""
    page = f"{endpoint()}/{source.repo}"
    if error.code == "GatedRepo" or error.status == HTTPStatus.FORBIDDEN:
        return DownloadError(
            f"{source.repo} is given out only to those who accepted its licence.",
            remedy=f"Accept it on {page}, make an access token there, set HF_TOKEN to it and pull again.",
        )
    if error.status == HTTPStatus.UNAUTHORIZED:
        return DownloadError(
            f"The hub does not show {source.repo}: it is private or gone, or HF_TOKEN is no longer valid.",
            remedy=f"Look at {page} in a browser; with a valid token in HF_TOKEN, or without one, pull again.",
        )
    if error.code == REVISION_GONE:
        return DownloadError(f"{source.repo} has no revision {source.revision} any longer.", remedy=f"See {page}")
    if error.status == HTTPStatus.NOT_FOUND:
        return DownloadError(f"The hub has no {source.file} in {source.repo}.", remedy=f"See {page}")
    return DownloadError(str(error))


def _ask(source: HubSource, revision: str, sleep: Sleep) -> Pin:
    """One request to the hub, repeated while it is only busy."""
    url = f"{endpoint()}/api/models/{source.repo}/revision/{quote(revision, safe='')}"

    def step() -> httpx.Response:
        with client() as session:
            response = session.get(url, params={"blobs": "true"}, headers=headers())
            check_status(response)
            return response

    try:
        response = retried(step, sleep=sleep)
    except (httpx.TransportError, Transient) as error:
        raise DownloadError(
            Phrase("The model hub {address} cannot be reached: {why}.").format(
                address=endpoint(), why=str(error) or type(error).__name__
            ),
            remedy=Phrase("Check the network and HF_ENDPOINT, then pull again."),
        ) from error
    try:
        return _pin(source, response.json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DownloadError(
            f"{endpoint()} does not answer as the model hub does.", remedy="Check HF_ENDPOINT, then pull again."
        ) from error


def _pin(source: HubSource, said: dict[str, Any]) -> Pin:
    """Pick the file out of the hub's answer. Raises ValueError, KeyError or TypeError if it is not of its form."""
    files = {str(file["rfilename"]): file for file in said["siblings"]}
    name = _only(source, files)
    lfs = files[name].get("lfs") or {}
    commit, sha256 = str(said["sha"]), str(lfs.get("sha256", ""))
    if not _COMMIT.fullmatch(commit):
        raise ValueError(commit)
    if not _SHA256.fullmatch(sha256):
        raise DownloadError(f"The hub gives no sha256 of {name} in {source.repo}, so that it could not be checked.")
    card = said.get("cardData") or {}
    licence = str(card.get("license_name") or card.get("license") or "")
    return Pin(repo=source.repo, file=name, revision=commit, bytes=int(lfs["size"]), sha256=sha256, licence=licence)


def _only(source: HubSource, files: dict[str, Any]) -> str:
    found = [name for name in files if fnmatch(name, source.file)]
    if len(found) == 1:
        return found[0]
    there = found or [name for name in files if name.endswith(".gguf")]
    what = "several files" if found else "no file"
    raise DownloadError(
        f"{source.repo} has {what} {source.file}; there are {', '.join(there[:_SHOWN]) or 'no GGUF files'}.",
        remedy="Download the one you want and name its path in the settings.",
    )
