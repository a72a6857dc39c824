"""Keeping an assistant up to date: real folders and a real index, a fake embedder, no other process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from bot.line.worker import QueueFull
from bot.watch import Keeper, Kept, kept_up
from rag import build as layout
from rag.errors import FootnoteError, IndexBusy, IndexMissing, NoNotes, NotesError
from rag.indexing import build_index
from rag.probe import check
from rag.reading.library import read_library
from tests.builders import FILES, on_disk, write_notes
from tests.fakes import FakeEmbedder

WAIT = 20.0


class House:
    """A notes folder with its index, and an assistant that knows which build it has open."""

    def __init__(self, root: Path) -> None:
        self.notes = write_notes(root / "notes")
        self.data = root / "data"
        self.serving: Path | None = None
        self.told: list[str] = []
        self.trouble: FootnoteError | None = None
        self.stop = Event()
        self.beside: list[Kept] = []

    def refresh(self) -> Iterator[None]:
        if self.trouble:
            raise self.trouble
        build_index(self.notes, self.data, FakeEmbedder(), check=check)
        yield

    def reload(self) -> None:
        self.serving = None
        self.serving = layout.current_build(self.data)

    def keeper(self) -> Keeper:
        return Keeper(self.indexes, reload=self.reload, tell=self.told.append, stop=self.stop, grace=0.0)

    def indexes(self) -> Sequence[Kept]:
        return (Kept(data=self.data, refresh=self.refresh), *self.beside)

    def texts(self) -> set[str]:
        """What the build that serves holds, and with it what can be cited."""
        return {p.text for p in layout.read_library(self.serving).passages} if self.serving else set()

    def on_disk(self, words: str) -> bool:
        return on_disk(self.data, words)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_change_serves_and_what_was_deleted_is_gone_from_the_disk_too(house: House) -> None:
    keeper = house.keeper()
    assert keeper.update()
    words = "thrown out in August"
    assert house.on_disk(words)
    (house.notes / "bees.txt").unlink()
    assert keeper.update()
    assert house.texts() == {p.text for p in read_library(house.notes).passages}
    assert not house.on_disk(words)
    assert house.told == []


def test_every_step_is_served_before_the_next_one_begins(house: House) -> None:
    """The new index once had to wait until its thresholds had been measured."""
    happened: list[str] = []

    def refresh() -> Iterator[None]:
        for step in ("built", "calibrated"):
            happened.append(step)
            build_index(house.notes, house.data, FakeEmbedder(), check=check, rebuild=True)
            yield

    def reload() -> None:
        happened.append("served")

    kept = Kept(data=house.data, refresh=refresh)
    assert Keeper(lambda: (kept,), reload=reload, tell=house.told.append, stop=house.stop, grace=0.0).update()
    assert happened == ["built", "served", "calibrated", "served"]


def test_the_last_note_takes_the_index_with_it(house: House) -> None:
    keeper = house.keeper()
    keeper.update()
    for file in house.notes.iterdir():
        file.unlink()
    assert keeper.update()
    assert house.serving is None
    assert not house.on_disk("August")
    assert len(house.told) == 1
    assert "There are no notes" in house.told[0]
    write_notes(house.notes)
    assert keeper.update()
    assert len(house.texts()) > 5


def test_a_failure_is_told_once_and_the_old_index_serves(house: House) -> None:
    keeper = house.keeper()
    keeper.update()
    before = house.serving
    house.trouble = NotesError("The folder cannot be read.")
    assert [keeper.update() for _ in range(3)] == [False] * 3
    assert house.told == ["The folder cannot be read."]
    assert house.serving == before
    house.trouble = None
    assert keeper.update()
    house.trouble = NotesError("The folder cannot be read.")
    keeper.update()
    assert len(house.told) == 2


@pytest.mark.parametrize("error", [IndexBusy("Another process is indexing."), QueueFull("Too many wait.")])
def test_what_only_takes_patience_is_tried_again_and_not_told(house: House, error: FootnoteError) -> None:
    house.trouble = error
    assert not house.keeper().update()
    assert house.told == []


def test_an_assistant_that_cannot_be_reached_any_more_is_no_news(house: House) -> None:
    def closed() -> None:
        house.stop.set()
        raise RuntimeError("cannot schedule new futures after shutdown")

    keeper = Keeper(house.indexes, reload=closed, tell=house.told.append, stop=house.stop)
    assert keeper.update()
    assert house.told == []


def test_inside_the_block_the_folder_is_followed(house: House) -> None:
    def until(reached: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT
        while not reached():
            assert time.monotonic() < end, house.told
            time.sleep(0.05)

    with kept_up(house.notes, house.data, refresh=house.refresh, reload=house.reload, tell=house.told.append):
        until(lambda: len(house.texts()) > 5)
        (house.notes / "new.txt").write_text(FILES["bees.txt"].replace("August", "October"))
        until(lambda: any("October" in text for text in house.texts()))
        (house.notes / "new.txt").unlink()
        until(lambda: not any("October" in text for text in house.texts()))
    assert house.told == []


def test_the_notes_are_read_now_one_reader_at_a_time_and_what_fails_is_told_to_whoever_asked(house: House) -> None:
    with kept_up(house.notes, house.data, refresh=house.refresh, reload=house.reload, tell=house.told.append) as keeper:
        keeper.now()
        assert any("August" in text for text in house.texts())
        house.trouble = NotesError("There is no folder.")
        with pytest.raises(NotesError):
            keeper.now()


def test_what_fails_about_one_collection_is_told_to_nobody_of_another(house: House) -> None:
    """Who runs one server was told what was amiss with the notes of another."""

    def trouble() -> Iterator[None]:
        raise NotesError("Of quartz nothing can be read.")
        yield

    house.beside = [Kept(data=house.data / "collections" / "quartz", refresh=trouble, collection="quartz")]
    keeper = house.keeper()
    keeper.now("walnut")
    keeper.now()
    assert house.told == ["Of quartz nothing can be read."]
    with pytest.raises(NotesError, match="quartz"):
        keeper.now("quartz")


def test_no_notes_is_its_own_kind_of_error(tmp_path: Path) -> None:
    with pytest.raises(NoNotes):
        read_library(tmp_path)
    with pytest.raises(IndexMissing):
        layout.current_build(tmp_path)


def test_the_indexes_of_parts_are_kept_up_too_and_one_that_fails_costs_only_itself(house: House) -> None:
    other, broken = House(house.notes.parent / "other"), House(house.notes.parent / "broken")
    broken.trouble = NotesError("The folder cannot be read.")
    house.beside = [Kept(data=each.data, refresh=each.refresh) for each in (broken, other)]
    assert not house.keeper().update()
    assert layout.current_build(other.data).is_dir()
    assert house.told == ["The folder cannot be read."]
    write_notes(other.notes, {})
    broken.trouble = None
    house.keeper().update()
    assert layout.serving(other.data) == []  # nothing of what was deleted may be cited any longer
    assert layout.serving(broken.data) != []
    assert house.serving == layout.current_build(house.data)
