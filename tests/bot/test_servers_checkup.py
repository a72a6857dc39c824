"""What `footnote doctor` says of servers beside Discord."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.answering.chosen import embedder_fingerprint
from bot.checkup import Check, carried_out, files
from bot.checkup.servers import checks
from bot.settings import Settings
from rag.chroma import Server
from rag.errors import IndexCorrupt, StoreAway
from rag.holdings import FOLDER, noting
from rag.indexing import build_index
from rag.probe import check
from tests.builders import write_notes
from tests.chroma_server import free_port, gatekeeper, running_chroma
from tests.fakes import FakeEmbedder
from tests.rag.scripted_ranker import LlamaServer
from tests.rag.scripted_server import serving

VERSION = (200, "application/json", '"1.0.0"')


def looked_at(settings: Settings) -> list[Check]:
    return list(carried_out(checks(settings)))


def test_where_none_is_named_nothing_is_said() -> None:
    assert looked_at(Settings()) == []


def test_a_server_that_can_be_used() -> None:
    with gatekeeper(says=VERSION, token="s3cret") as keeper:
        (check,) = looked_at(Settings(chroma=f"{keeper.address}/", chroma_token=SecretStr("s3cret\n")))
    assert (check.name, check.outcome, check.remedy) == ("Chroma", "ok", "")
    assert check.what.startswith(f"The server at {keeper.address} is of version 1.0.0 and answers within ")


@pytest.mark.parametrize("token", ["", "an0ther"])
def test_one_that_wants_another_token(token: str) -> None:
    with gatekeeper(says=VERSION, token="s3cret") as keeper:
        (check,) = looked_at(Settings(chroma=keeper.address, chroma_token=SecretStr(token)))
    assert (check.outcome, check.remedy) == ("bad", "Look at FOOTNOTE_CHROMA_TOKEN.")
    assert keeper.address in check.what
    assert not token or token not in check.what


def test_one_that_is_away() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    (check,) = looked_at(Settings(chroma=address))
    assert (check.name, check.outcome) == ("Chroma", "bad")
    assert address in check.what
    assert "FOOTNOTE_CHROMA" in check.remedy


def test_an_index_whose_collection_is_gone(tmp_path: Path) -> None:
    """All was well, said doctor, and the bot could not open it."""
    with running_chroma(tmp_path / "chroma") as chroma:
        away = f"http://127.0.0.1:{free_port()}/v1#any"  # a model of which only the address has to be known
        settings = Settings(data=tmp_path / "data", chroma=chroma.address, embedder=away)
        embedder = FakeEmbedder(fingerprint=embedder_fingerprint(settings))
        notes, server = write_notes(tmp_path / "notes"), Server(address=chroma.address)
        build_index(notes, settings.data, embedder, check=partial(check, server=server), server=server)
        assert files.index(settings).outcome == "ok"
        for name in chroma.names():
            chroma.remove(name)
        with pytest.raises(IndexCorrupt, match=r"gone from Chroma.*Run: footnote index"):
            files.index(settings)


def test_what_is_left_on_a_server_that_is_gone(tmp_path: Path) -> None:
    """Each index and each update waited for it, and nothing said so."""
    settings = Settings(data=tmp_path)
    old = Server(address=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreAway):
        noting(tmp_path, old).create("footnote-left")
    (told,) = looked_at(settings)
    assert (told.name, told.outcome) == ("left on Chroma", "look")
    assert old.address in told.what
    assert str(tmp_path / FOLDER) in told.remedy
    (note,) = (path for path in (tmp_path / FOLDER).iterdir() if old.address in path.read_text())
    note.unlink()
    (told,) = looked_at(settings)
    assert (told.outcome, told.remedy) == ("ok", "")


def test_a_ranker_that_can_be_used() -> None:
    with serving(LlamaServer()) as endpoint:
        (check,) = looked_at(Settings(ranker=f"{endpoint.url}#smollm2", ranker_key=SecretStr("k3y")))
        assert endpoint.headers["Authorization"] == "Bearer k3y"
    assert (check.name, check.outcome) == ("ranker", "ok")
    assert check.what.startswith("It puts a passage in order within ")


def test_one_that_is_away_costs_no_answer() -> None:
    (check,) = looked_at(Settings(ranker=f"http://127.0.0.1:{free_port()}/v1#smollm2"))
    assert check.outcome == "look"
    assert "/v1 cannot be reached." in check.what
    assert "FOOTNOTE_RANKER" in check.remedy
