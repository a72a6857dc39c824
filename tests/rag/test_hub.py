"""Pulling from the model hub, against a stand-in on the loopback that speaks its API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from rag.errors import DownloadError, ModelMissing, StorageFull
from rag.models.catalog import HubSource, ModelEntry, Pin, choose, exact, model_path, pin_path, read_pin, verify
from rag.models.download import pull
from rag.models.web import ATTEMPTS
from tests.hub_standin import FILE, NEW, OLD, REPO, WEIGHTS, Hub, serving

HASH = hashlib.sha256(WEIGHTS).hexdigest()
OTHER = b"GGUF" + b"another version" * 1000


@dataclass
class House:
    """A models folder, the hub, and what a pull was told and waited."""

    hub: Hub
    root: Path
    free: int = 1 << 40
    waits: list[float] = field(default_factory=list)
    found: list[Pin] = field(default_factory=list)

    @property
    def models(self) -> Path:
        return self.root / "models"

    def pull(self, entry: ModelEntry) -> Path:
        return pull(
            entry,
            self.models,
            cache_dir=self.root / "cache",
            free=lambda _folder: self.free,
            found=self.found.append,
            sleep=self.waits.append,
        )

    def fails(self, entry: ModelEntry, match: str) -> None:
        """A pull that raises, and leaves no model file."""
        with pytest.raises(DownloadError, match=match):
            self.pull(entry)
        assert not model_path(self.models, entry).exists()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with serving(Hub()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", f"{hub.url}/")
        yield House(hub, tmp_path)


@pytest.fixture
def entry() -> ModelEntry:
    """An entry whose hash the hub is asked for."""
    return ModelEntry(
        name="model",
        role="rank/write",
        file="ours.gguf",
        bytes=500_000,
        licence="Apache-2.0",
        languages="English",
        prompt="none",
        speed="quick",
        memory_mb=1,
        hub=HubSource(repo=REPO, file="*Q4_K_M.gguf"),
    )


def test_a_pull_asks_the_hub_shows_what_it_says_and_keeps_it(house: House, entry: ModelEntry) -> None:
    path = house.pull(entry)
    assert path.read_bytes() == WEIGHTS
    pin = Pin(repo=REPO, file=FILE, revision=OLD, bytes=len(WEIGHTS), sha256=HASH, licence="apache-2.0")
    assert house.found == [pin]
    assert read_pin(house.models, entry) == pin
    verify(exact(entry, pin), path, full=True)
    assert house.hub.requests("api") == [f"/api/models/{REPO}/revision/main?blobs=true"]
    assert house.hub.requests("resolve") == [f"/{REPO}/resolve/{OLD}/{FILE}"]
    assert not list(house.models.glob("*.part"))


def test_pulling_again_asks_nobody_even_if_the_branch_has_moved(house: House, entry: ModelEntry) -> None:
    house.pull(entry)
    house.hub.commits[NEW] = {FILE: OTHER}
    house.hub.branches["main"] = NEW
    before = len(house.hub.asked)
    house.pull(entry)
    assert len(house.hub.asked) == before


def test_a_cut_connection_is_resumed_by_range(house: House, entry: ModelEntry) -> None:
    house.hub.cut_after = [100_000, 200_000]
    assert house.pull(entry).read_bytes() == WEIGHTS
    assert house.hub.sent("blob", "Range") == [None, "bytes=100000-", "bytes=300000-"]


def test_a_part_is_taken_up_at_the_commit_it_was_begun_with(house: House, entry: ModelEntry) -> None:
    """The second half of a newer file would have been appended to the first half of the older one."""
    house.hub.cut_after = [100_000] + [0] * ATTEMPTS
    house.fails(entry, r"ours\.gguf stopped at 100,000 of 524,292 bytes.*goes on from there")
    house.hub.commits[NEW] = {FILE: OTHER}
    house.hub.branches["main"] = NEW
    assert house.pull(entry).read_bytes() == WEIGHTS
    assert house.hub.requests("api") == [f"/api/models/{REPO}/revision/main?blobs=true"]
    assert house.hub.sent("blob", "Range")[-1] == "bytes=100000-"


def test_bytes_that_are_not_what_the_hub_said_are_removed(house: House, entry: ModelEntry) -> None:
    house.hub.spoil = True
    house.fails(entry, r"ours\.gguf is not the file that was meant .*it was removed\. .*HF_ENDPOINT")
    assert not list(house.models.glob("*.part"))
    house.hub.spoil = False
    assert house.pull(entry).read_bytes() == WEIGHTS


def test_a_file_other_than_the_catalogue_means_is_not_downloaded(house: House, entry: ModelEntry) -> None:
    house.fails(replace(entry, sha256="0" * 64), r"The hub has another model-Q4_K_M\.gguf .*not 000000000000")
    assert house.hub.requests("blob") == []


def test_a_revision_that_is_gone_does_not_matter_if_the_newest_has_the_same_file(
    house: House, entry: ModelEntry
) -> None:
    pinned = replace(entry, sha256=HASH, bytes=len(WEIGHTS), hub=HubSource(repo=REPO, file=FILE, revision=NEW))
    assert house.pull(pinned).read_bytes() == WEIGHTS
    assert house.found[0].revision == OLD


def test_a_revision_that_is_gone_is_said_where_nothing_tells_the_file(house: House, entry: ModelEntry) -> None:
    house.fails(replace(entry, hub=HubSource(repo=REPO, file=FILE, revision=NEW)), f"has no revision {NEW} any longer")


def test_a_gated_repository_names_the_page_and_the_variable(
    house: House, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hub.gated = True
    house.fails(entry, rf"accepted its licence\. Accept it on {house.hub.url}/{REPO}, .*set HF_TOKEN")
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    house.fails(entry, "accepted its licence")
    monkeypatch.setenv("HF_TOKEN", "hf_good\n")
    assert house.pull(entry).read_bytes() == WEIGHTS


def test_the_token_goes_to_the_hub_and_not_to_the_host_it_redirects_to(
    house: House, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    house.pull(entry)
    assert house.hub.sent("api", "Authorization") == ["Bearer hf_good"]
    assert house.hub.sent("resolve", "Authorization") == ["Bearer hf_good"]
    assert house.hub.sent("blob", "Authorization") == [None]


def test_a_repository_that_is_not_shown_is_said_to_be_private_or_gone(house: House, entry: ModelEntry) -> None:
    house.fails(
        replace(entry, hub=HubSource(repo="owner/other", file=FILE)), r"does not show owner/other: it is private or"
    )


def test_a_busy_hub_is_waited_for_as_long_as_it_asks(house: House, entry: ModelEntry) -> None:
    house.hub.refusals = [(429, {"Retry-After": "17"}), (503, {})]
    house.hub.blob_refusals = [(429, {"Retry-After": "9"})]
    assert house.pull(entry).read_bytes() == WEIGHTS
    assert house.waits == [17.0, 2.0, 9.0]


def test_a_date_to_wait_until_is_understood(house: House, entry: ModelEntry) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    house.hub.refusals = [(429, {"Retry-After": until})]
    house.pull(entry)
    assert 50 < house.waits[0] <= 60


def test_a_hub_that_wants_an_hour_is_not_waited_for(house: House, entry: ModelEntry) -> None:
    house.hub.refusals = [(429, {"Retry-After": "3600"})]
    house.fails(entry, "429 Too Many Requests and asks to be left alone for 60 minutes")
    assert house.waits == []


def test_a_hub_that_stays_busy_is_given_up(house: House, entry: ModelEntry) -> None:
    house.hub.refusals = [(503, {})] * ATTEMPTS
    house.fails(entry, r"cannot be reached: the server says 503.*HF_ENDPOINT")


def test_nobody_listening_names_the_address(house: House, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    house.fails(entry, r"The model hub http://127\.0\.0\.1:9 cannot be reached")


def test_a_login_page_is_not_taken_for_the_hub(house: House, entry: ModelEntry) -> None:
    house.hub.html = True
    house.fails(entry, "does not answer as the model hub does")


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("*Q8_0.gguf", r"has no file \*Q8_0\.gguf; there are model-Q4_K_M\.gguf"), ("*", "has several files")],
)
def test_a_pattern_that_does_not_name_one_file_lists_those_there_are(
    house: House, entry: ModelEntry, pattern: str, says: str
) -> None:
    house.fails(replace(entry, hub=HubSource(repo=REPO, file=pattern)), says)


def test_a_file_without_a_hash_is_not_pulled(house: House, entry: ModelEntry) -> None:
    house.fails(replace(entry, hub=HubSource(repo=REPO, file="README.md")), r"gives no sha256 of README\.md")


def test_a_commit_that_is_none_is_not_put_into_an_address(house: House, entry: ModelEntry) -> None:
    house.hub.commits["../../x"] = house.hub.commits[OLD]
    house.hub.branches["main"] = "../../x"
    house.fails(entry, "does not answer as the model hub does")


def test_too_little_space_is_said_before_anything_is_downloaded(house: House, entry: ModelEntry) -> None:
    house.free = 1_000_000
    with pytest.raises(StorageFull, match=r"model needs 34 MB in .*models, 1 MB are free\. Make room"):
        house.pull(entry)
    assert house.hub.requests("blob") == []


def test_a_damaged_model_is_pulled_again(house: House, entry: ModelEntry) -> None:
    house.pull(entry).write_bytes(b"x" * len(WEIGHTS))
    assert house.pull(entry).read_bytes() == WEIGHTS


@pytest.mark.parametrize("text", ["", "{", "[]", '{"repo": 1}', '{"repo": "owner/elsewhere"}'])
def test_a_damaged_pin_counts_as_none(house: House, entry: ModelEntry, text: str) -> None:
    path = house.pull(entry)
    pin_path(house.models, entry).write_text(text)
    assert read_pin(house.models, entry) is None
    with pytest.raises(ModelMissing, match=r"model has not been pulled\. Run: footnote models pull model"):
        verify(exact(entry, read_pin(house.models, entry)), path)


def test_a_pin_of_another_file_than_the_catalogue_means_by_now_counts_as_none(house: House, entry: ModelEntry) -> None:
    house.pull(entry)
    assert read_pin(house.models, replace(entry, sha256="0" * 64)) is None
    assert read_pin(house.models, replace(entry, hub=HubSource(repo="owner/elsewhere", file="x"))) is None


def test_a_model_that_was_never_pulled_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"Run: footnote models pull pleias-rag-350m"):
        choose("pleias-rag-350m", "rank/write", tmp_path)
