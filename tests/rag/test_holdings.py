"""Whose the collections on a server are, and which of them go, with a real server that others use as well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.build import builds_folder
from rag.chroma import Server
from rag.collection import data_of
from rag.holdings import FILE, claim, record, sweep
from tests.chroma_server import ChromaServer, free_port, running_chroma

OTHERS = {"recipes", "footnote", "footnote-0123456789ab-20260101T000000-aaaaaa", "footnote-"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with running_chroma(tmp_path_factory.mktemp("chroma")) as server:
        for name in OTHERS - {"footnote-"}:
            server.make(name)
        yield server


@pytest.fixture
def chroma(running: ChromaServer) -> Iterator[ChromaServer]:
    """With nothing but what is of others, before and after."""
    yield running
    for name in running.names() - OTHERS:
        running.remove(name)
    assert running.names() == OTHERS - {"footnote-"}


def built(data: Path, name: str, server: Server | None = None) -> Path:
    """A build's folder, with its collection if there is a server."""
    folder = builds_folder(data) / name
    folder.mkdir(parents=True)
    if server:
        server.create(server.prefix + name).close()
    return folder


def ours(chroma: ChromaServer) -> set[str]:
    """The builds that the server holds something of, but those of others."""
    return {name.split("-", 2)[2] for name in chroma.names() - OTHERS}


def test_what_is_left_of_builds_that_are_gone_goes_and_nothing_else(chroma: ChromaServer, tmp_path: Path) -> None:
    server = claim(tmp_path, Server(address=chroma.address))
    for name in ("serving", "before", "killed-half-way"):
        built(tmp_path, name, server)
    built(data_of(tmp_path, "garden"), "of-the-garden", server)
    other = claim(tmp_path / "another", Server(address=chroma.address))
    built(tmp_path / "another", "of-another", other)
    sweep(tmp_path, server)
    assert ours(chroma) == {"serving", "before", "killed-half-way", "of-the-garden", "of-another"}
    shutil.rmtree(builds_folder(tmp_path) / "killed-half-way")
    shutil.rmtree(data_of(tmp_path, "garden"))
    sweep(tmp_path, server)
    assert ours(chroma) == {"serving", "before", "of-another"}


def test_a_server_that_is_no_longer_set_is_tidied_and_then_forgotten(chroma: ChromaServer, tmp_path: Path) -> None:
    server = claim(tmp_path, Server(address=chroma.address))
    folder = built(tmp_path, "serving", server)
    sweep(tmp_path, None)
    assert ours(chroma) == {"serving"}
    shutil.rmtree(folder)
    sweep(tmp_path, None)
    assert ours(chroma) == set()
    left = record(tmp_path)
    assert left
    assert left.addresses == ()


def test_a_server_that_is_away_is_asked_again_next_time(chroma: ChromaServer, tmp_path: Path) -> None:
    away = Server(address=f"http://127.0.0.1:{free_port()}")
    server = claim(tmp_path, Server(address=chroma.address))
    shutil.rmtree(built(tmp_path, "gone", server))
    claim(tmp_path, away)
    sweep(tmp_path, away)
    assert ours(chroma) == set()
    left = record(tmp_path)
    assert left
    assert left.addresses == (away.address,)
    sweep(tmp_path, None)
    assert record(tmp_path) == left


def test_a_copied_folder_has_an_id_of_its_own_and_takes_nothing_from_the_first(
    chroma: ChromaServer, tmp_path: Path
) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    server = claim(first, Server(address=chroma.address))
    built(first, "of-both", server)
    shutil.copytree(first, copy)
    built(first, "newer", server)
    sweep(copy, server)
    assert ours(chroma) == {"of-both", "newer"}
    mine = claim(copy, Server(address=chroma.address))
    assert mine.prefix != server.prefix
    built(copy, "of-the-copy", mine)
    for folder in (copy, first):
        sweep(folder, server)
    assert ours(chroma) == {"of-both", "newer", "of-the-copy"}


def test_a_moved_folder_keeps_its_id(chroma: ChromaServer, tmp_path: Path) -> None:
    server = claim(tmp_path / "here", Server(address=chroma.address))
    built(tmp_path / "here", "serving", server)
    (tmp_path / "here").rename(tmp_path / "there")
    assert claim(tmp_path / "there", Server(address=chroma.address)).prefix == server.prefix
    shutil.rmtree(builds_folder(tmp_path / "there"))
    sweep(tmp_path / "there", server)
    assert ours(chroma) == set()


def test_the_token_goes_to_the_address_that_it_is_for(chroma: ChromaServer, tmp_path: Path) -> None:
    server = claim(tmp_path, Server(address=chroma.address, token="s3cret"))
    assert server.token == "s3cret"
    assert replace(server, prefix="footnote-") == Server(address=chroma.address, token="s3cret")
    assert "s3cret" not in (tmp_path / FILE).read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "x"}'])
def test_a_spoilt_record_is_written_anew(chroma: ChromaServer, tmp_path: Path, content: str) -> None:
    before = claim(tmp_path, Server(address=chroma.address))
    (tmp_path / FILE).write_text(content)
    sweep(tmp_path, before)
    assert claim(tmp_path, Server(address=chroma.address)).prefix != before.prefix


def test_where_there_never_was_a_server_nothing_is_written(tmp_path: Path) -> None:
    sweep(tmp_path, None)
    assert list(tmp_path.iterdir()) == []
