"""Which collections on a server go, and that no other does, with a real server that others use as well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.build import MANIFEST, builds_folder, collection_of, make_current
from rag.chroma import Server
from rag.collection import data_of
from rag.errors import IndexCorrupt
from rag.holdings import FOLDER, MARK, noting, sweep, unneeded
from tests.chroma_server import ChromaServer, free_port, gatekeeper, running_chroma

OTHERS = {"recipes", "footnote", "footnote-20260101T000000-aaaaaa"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with running_chroma(tmp_path_factory.mktemp("chroma")) as server:
        for name in OTHERS:
            server.make(name)
        yield server


@pytest.fixture
def chroma(running: ChromaServer) -> Iterator[ChromaServer]:
    """With nothing but what is of others, before and after."""
    yield running
    assert running.names() >= OTHERS
    for name in running.names() - OTHERS:
        running.remove(name)


@pytest.fixture
def server(chroma: ChromaServer) -> Server:
    return Server(address=chroma.address)


def built(data: Path, name: str, server: Server, *, root: Path | None = None) -> Path:
    """A build that serves, with its collection; `root`: the folder of all notes, if that is another."""
    folder = builds_folder(data) / name
    folder.mkdir(parents=True)
    (folder / MANIFEST).touch()
    noting(root or data, server).create(collection_of(folder)).close()
    make_current(data, folder)
    return folder


def held(chroma: ChromaServer) -> set[str]:
    """The builds that the server holds something of, but those of others."""
    return {name.removeprefix("footnote-") for name in chroma.names() - OTHERS}


def test_what_is_left_of_builds_that_are_gone_goes_and_nothing_else(
    chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    half = built(root, "killed-half-way", server)
    built(root, "before", server)
    built(root, "serving", server)
    built(data_of(root, "garden"), "of-the-garden", server, root=root)
    built(tmp_path / "another", "of-another", server)
    (root / "collections" / ".DS_Store").touch()
    sweep(root, server)
    assert held(chroma) == {"serving", "before", "killed-half-way", "of-the-garden", "of-another"}
    shutil.rmtree(half)
    shutil.rmtree(data_of(root, "garden"))
    sweep(root, server)
    assert held(chroma) == {"serving", "before", "of-another"}
    assert len(list((root / FOLDER).iterdir())) == 3, "two of them, and the mark"


def test_a_server_that_is_away_is_asked_again_next_time_and_costs_the_others_nothing(
    chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    away = f"http://127.0.0.1:{free_port()}"
    for name in ("gone-here", "gone-there"):
        shutil.rmtree(built(root, name, server))
    (root / "current").unlink()
    note = root / FOLDER / "footnote-gone-there"
    note.write_text(note.read_text().replace(chroma.address, away))
    sweep(root, None)
    assert held(chroma) == {"gone-there"}
    assert [(each.note, each.address) for each in unneeded(root)] == [(note, away)]
    note.write_text(note.read_text().replace(away, chroma.address))
    sweep(root, None)
    assert held(chroma) == set()
    assert unneeded(root) == []


def test_a_copy_removes_nothing_of_what_the_first_one_serves(
    chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    """One that did not see the first, as on another machine, took itself for it and removed what that served."""
    first, copy = tmp_path / "1" / "data", tmp_path / "2" / "data"
    of_both = built(first, "of-both", server)
    shutil.copytree(first, copy)
    first.rename(tmp_path / "out-of-sight")
    shutil.rmtree(builds_folder(copy) / of_both.name)
    built(copy, "of-the-copy", server)
    sweep(copy, server)
    assert held(chroma) == {"of-both", "of-the-copy"}
    assert [each.ours for each in unneeded(copy)] == [False]
    shutil.rmtree(built(copy, "gone-again", server))
    built(copy, "newer", server)
    sweep(copy, server)
    assert held(chroma) == {"of-both", "of-the-copy", "newer"}


def test_a_moved_folder_and_one_of_two_names_know_what_is_theirs(
    chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    before = built(tmp_path / "here", "before", server)
    (tmp_path / "here").rename(tmp_path / "there")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    built(tmp_path / "link", "serving", server)
    shutil.rmtree(builds_folder(tmp_path / "there") / before.name)
    sweep(tmp_path / "there", server)
    assert held(chroma) == {"serving"}


def away_builds(root: Path) -> None:
    builds_folder(root).rename(root.parent / "away")


def dangling_builds(root: Path) -> None:
    away_builds(root)
    builds_folder(root).symlink_to(root.parent / "unmounted")


def dangling_collections(root: Path) -> None:
    (root / "collections").rename(root.parent / "away")
    (root / "collections").symlink_to(root.parent / "unmounted")


def dangling_collection(root: Path) -> None:
    data_of(root, "garden").rename(root.parent / "away")
    data_of(root, "garden").symlink_to(root.parent / "unmounted")


def away_builds_of_a_collection(root: Path) -> None:
    away_builds(data_of(root, "garden"))


def unlistable_collections(root: Path) -> None:
    (root / "collections").rename(root.parent / "away")
    (root / "collections").symlink_to(root / "collections")


HARM = [
    away_builds,
    dangling_builds,
    dangling_collections,
    dangling_collection,
    away_builds_of_a_collection,
    unlistable_collections,
]


@pytest.mark.parametrize("harm", HARM)
def test_where_it_cannot_be_told_what_is_needed_nothing_goes(
    harm: object, chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    """A folder that could not be listed counted as one without builds, and all that it served was removed."""
    root = tmp_path / "data"
    built(root, "serving", server)
    built(data_of(root, "garden"), "of-the-garden", server, root=root)
    harm(root)  # type: ignore[operator]
    with pytest.raises((OSError, IndexCorrupt)):
        sweep(root, server)
    assert held(chroma) == {"serving", "of-the-garden"}


def test_the_token_goes_to_the_address_that_it_is_for(chroma: ChromaServer, tmp_path: Path) -> None:
    """Not to one that was set before and still holds something."""
    with gatekeeper(behind=chroma.address) as old, gatekeeper(behind=chroma.address, token="s3cret") as new:
        shutil.rmtree(built(tmp_path, "gone-there", Server(address=old.address)))
        server = Server(address=new.address, token="s3cret")
        shutil.rmtree(built(tmp_path, "gone-here", server))
        (tmp_path / "current").unlink()
        heard = len(old.heard)
        sweep(tmp_path, server)
        assert held(chroma) == set()
        assert any("gone-there" in each for each in old.heard[heard:])
        assert "Authorization" not in old.headers
        assert "s3cret" not in "".join(old.heard)
    assert not any("s3cret" in path.read_text() for path in (tmp_path / FOLDER).iterdir())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"address": "http://x.invalid"}'])
def test_what_cannot_be_read_is_left_alone(content: str, chroma: ChromaServer, server: Server, tmp_path: Path) -> None:
    shutil.rmtree(built(tmp_path, "gone", server))
    (tmp_path / "current").unlink()
    (tmp_path / FOLDER / "footnote-gone").write_text(content)
    sweep(tmp_path, server)
    assert held(chroma) == {"gone"}


def test_without_its_mark_a_folder_makes_no_claims(chroma: ChromaServer, server: Server, tmp_path: Path) -> None:
    shutil.rmtree(built(tmp_path, "gone", server))
    (tmp_path / "current").unlink()
    (tmp_path / FOLDER / MARK).unlink()
    sweep(tmp_path, server)
    assert held(chroma) == {"gone"}


def test_where_there_never_was_a_server_nothing_is_written(tmp_path: Path) -> None:
    sweep(tmp_path, None)
    assert list(tmp_path.iterdir()) == []
