"""Builds whose vectors are on a real Chroma server: what is built, taken over and removed, and what if it is away.

Each step is followed by what a command or the bot does: what is left of builds that are gone is removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rag import build as layout
from rag.chroma import Server
from rag.errors import IndexCorrupt, StoreAway
from rag.holdings import noting, sweep
from rag.index import Index, open_index
from rag.indexing import BuildReport, build_index, is_current, probe
from rag.probe import check
from tests.builders import BEES, FILES, RYE, write_notes
from tests.chroma_server import ChromaServer, gatekeeper, running_chroma
from tests.fakes import FakeEmbedder, bag_of_words

EMBEDDER = FakeEmbedder().fingerprint
MORE = {**FILES, "rye.md": FILES["rye.md"] + "- Malt makes the crust dark.\n"}


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with running_chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def server(chroma: ChromaServer) -> Server:
    """It holds nothing yet."""
    if not chroma.runs:
        chroma.start()
    for name in chroma.names():
        chroma.remove(name)
    return Server(address=chroma.address)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes")
    return tmp_path


def build(
    root: Path, server: Server | None, embedder: FakeEmbedder | None = None, *, rebuild: bool = False
) -> BuildReport:
    """As a command builds: with notes of what is made, and tidied afterwards."""
    data = root / "data"
    try:
        return build_index(
            root / "notes",
            data,
            embedder or FakeEmbedder(),
            rebuild=rebuild,
            check=partial(check, server=server),
            server=noting(data, server) if server else None,
        )
    finally:
        sweep(data, server)


def held(chroma: ChromaServer) -> set[str]:
    """The builds that the server holds."""
    return {name.removeprefix("footnote-") for name in chroma.names()}


def builds(root: Path) -> set[str]:
    return {path.name for path in layout.builds_folder(root / "data").iterdir()}


def files_found(root: Path, words: str, server: Server | None = None) -> set[str]:
    """The files of what is nearest, as Chroma finds it."""
    index = open_index(root / "data", embedder=EMBEDDER, server=server)
    try:
        rows = [row for row, _ in index.store.nearest(bag_of_words(words), 3)]
        return {index.passages[row].note_file for row in rows}
    finally:
        index.close()


def test_an_edit_makes_a_new_collection_and_the_one_before_goes_once_nobody_reads_it(
    chroma: ChromaServer, server: Server, root: Path
) -> None:
    first = build(root, server)
    assert first.embedded > 10
    assert held(chroma) == builds(root)
    assert "bees.txt" in files_found(root, BEES)
    write_notes(root / "notes", MORE)
    assert not is_current(root / "notes", root / "data", embedder=EMBEDDER, server=server)
    assert build(root, server).embedded == 2
    assert is_current(root / "notes", root / "data", embedder=EMBEDDER, server=server)
    assert "rye.md" in files_found(root, "Malt makes the crust dark")
    assert len(held(chroma)) == 2, "the one before may still be read"
    layout.drop_old_builds(root / "data", wait=lambda: None)
    sweep(root / "data", server)
    assert held(chroma) == {layout.current_build(root / "data").name}
    layout.drop_index(root / "data")
    sweep(root / "data", server)
    assert held(chroma) == set()


def test_to_the_server_and_back_nothing_is_embedded_anew(chroma: ChromaServer, server: Server, root: Path) -> None:
    build(root, None)
    values = (layout.current_build(root / "data") / layout.VECTORS / "values.npy").read_bytes()
    assert not is_current(root / "notes", root / "data", embedder=EMBEDDER, server=server)
    there = build(root, server)
    assert (there.unchanged, there.embedded) == (False, 0)
    assert held(chroma) == {layout.current_build(root / "data").name}
    assert (layout.current_build(root / "data") / layout.VECTORS / "values.npy").read_bytes() == values
    assert files_found(root, RYE) == files_found(root, RYE, server)
    back = build(root, None)
    assert (back.unchanged, back.embedded) == (False, 0)
    assert "rye.md" in files_found(root, RYE)
    layout.drop_old_builds(root / "data", wait=lambda: None)
    sweep(root / "data", None)
    assert held(chroma) == set()


def test_where_nothing_changed_nothing_is_done(chroma: ChromaServer, server: Server, root: Path) -> None:
    build(root, server)
    before = held(chroma)
    assert build(root, server).unchanged
    assert held(chroma) == before


def test_a_build_that_fails_leaves_nothing_and_the_one_before_serves(
    chroma: ChromaServer, server: Server, root: Path
) -> None:
    build(root, server)
    before = held(chroma)
    write_notes(root / "notes", MORE)

    def fail(_texts: object) -> None:
        assert held(chroma) > before, "its collection is there before anything is embedded"
        raise MemoryError

    with pytest.raises(MemoryError):
        build(root, server, FakeEmbedder(before=fail))
    assert held(chroma) == before == builds(root)
    assert "bees.txt" in files_found(root, BEES)


def test_what_a_killed_build_left_goes_with_the_next(chroma: ChromaServer, server: Server, root: Path) -> None:
    build(root, server)
    killed = layout.builds_folder(root / "data") / "killed"
    killed.mkdir()
    noting(root / "data", server).create(layout.collection_of(killed)).close()
    write_notes(root / "notes", MORE)
    build(root, server)
    assert "killed" not in held(chroma) | builds(root)


def test_a_collection_that_vanished_is_stored_again_without_embedding(
    chroma: ChromaServer, server: Server, root: Path
) -> None:
    build(root, server)
    for name in chroma.names():
        chroma.remove(name)
    with pytest.raises(IndexCorrupt, match=r"gone from Chroma.*Run: footnote index"):
        files_found(root, BEES)
    report = build(root, server)
    assert (report.unchanged, report.embedded) == (False, 0)
    assert "bees.txt" in files_found(root, BEES)


def test_damaged_arrays_are_not_taken_over(server: Server, root: Path) -> None:
    build(root, server)
    path = layout.current_build(root / "data") / layout.VECTORS / "values.npy"
    values = np.load(path)
    np.save(path, -values)
    assert build(root, server).embedded > 10


def test_a_server_that_is_away_is_a_sentence_and_the_index_serves_once_it_is_back(
    chroma: ChromaServer, server: Server, root: Path
) -> None:
    build(root, server)
    before = builds(root)
    index = Index(layout.current_build(root / "data"), embedder=EMBEDDER, small=0)
    found = index.search(bag_of_words(BEES), ["clover"], 3)
    chroma.stop()
    with pytest.raises(StoreAway, match=f"{chroma.address} cannot be reached.*Start it"):
        index.search(bag_of_words(BEES), ["clover"], 3)
    with pytest.raises(StoreAway, match="cannot be reached"):
        files_found(root, BEES)
    with pytest.raises(StoreAway, match="cannot be reached"):
        probe(layout.current_build(root / "data"))
    embedder = FakeEmbedder()
    for changed in (False, True):
        if changed:
            write_notes(root / "notes", MORE)
        with pytest.raises(StoreAway, match="cannot be reached"):
            build(root, server, embedder)
    assert embedder.texts == [], "hours of embedding would be lost"
    assert builds(root) == before
    chroma.start()
    assert index.search(bag_of_words(BEES), ["clover"], 3) == found
    index.close()
    assert build(root, server).embedded == 2
    assert "bees.txt" in files_found(root, BEES)


def test_the_probe_in_another_process_knows_the_token_from_its_input(chroma: ChromaServer, root: Path) -> None:
    with gatekeeper(behind=chroma.address, token="s3cret") as keeper:
        server = Server(address=keeper.address, token="s3cret")
        build(root, server)
        folder = layout.current_build(root / "data")
        probe(folder, server=server)
        with pytest.raises(StoreAway, match="wants another token"):
            probe(folder)


def test_a_server_that_is_slow_is_no_damage(server: Server, root: Path, tmp_path: Path) -> None:
    """A healthy index was stored again for that."""
    build(root, server)
    with pytest.raises(StoreAway, match="did not answer within"):
        probe(layout.current_build(root / "data"), seconds=0.001)
    with pytest.raises(IndexCorrupt, match="did not answer within"):
        probe(tmp_path, seconds=0.001)


def test_a_server_is_told_numbers_alone(chroma: ChromaServer, root: Path) -> None:
    """Neither words of notes or questions, nor names of files, nor hashes of texts. (Short words come up by chance.)"""
    with gatekeeper(behind=chroma.address) as keeper:
        server = Server(address=keeper.address)
        build(root, server)
        index = Index(layout.current_build(root / "data"), embedder=EMBEDDER, small=0, server=server)
        assert index.search(bag_of_words("Which clover do drones prefer?"), ["clover", "drone"], 3)
        hashes = [text.decode() for text in np.load(index.folder / layout.VECTORS / "texts.npy")]
        index.close()
        said = "\n".join(keeper.heard).lower()
    assert said.count("/query") > 3
    for word in ("clover", "drone", "prefer", "bees.txt", "rye.md", "garden", *hashes):
        assert word not in said
