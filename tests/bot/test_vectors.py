"""Where the settings want the vectors, and what is said where they are somewhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.answering.vectors import moved, server_of, tidy
from bot.child.supervisor import told
from bot.settings import Settings, SettingsError, load_settings
from rag.indexing import build_index
from rag.probe import check
from rag.store import ELSEWHERE
from tests.builders import write_notes
from tests.fakes import FakeEmbedder

ADDRESS = "http://chroma.home:8000"


def test_without_a_server_they_stay_here(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    assert server_of(settings) is None
    assert moved(settings) == ""
    tidy(settings)
    assert not settings.data.exists()


def test_the_server_is_the_one_of_the_settings() -> None:
    server = server_of(Settings(chroma=f" {ADDRESS}/ ", chroma_token=SecretStr("s3cret\n")))
    assert server
    assert (server.address, server.token) == (ADDRESS, "s3cret")


@pytest.mark.parametrize(
    "address",
    ["chroma.home", "chroma.home:8000", "ftp://chroma.home", "http://", "http://ann:hush@chroma.home", f"{ADDRESS}/#x"],
)
def test_what_is_no_address_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_CHROMA does not work: .*it has to") as caught:
        load_settings(chroma=address)
    assert "hush" not in str(caught.value)


def test_what_answers_learns_the_token() -> None:
    assert told(Settings(chroma=ADDRESS, chroma_token=SecretStr("s3cret")))["chroma_token"] == "s3cret"


def test_the_owner_is_told_where_they_go(tmp_path: Path) -> None:
    here = Settings(data=tmp_path / "data")
    build_index(write_notes(tmp_path / "notes"), here.data, FakeEmbedder(), check=check)
    there = here.model_copy(update={"chroma": ADDRESS})
    assert moved(here) == ""
    said = f"The vectors of the index go to Chroma at {ADDRESS}; they were in the data folder."
    assert moved(there) == said
    (vectors,) = here.data.glob("builds/*/vectors")
    (vectors / ELSEWHERE).write_text(f'{{"address": "{ADDRESS}", "collection": "footnote-x"}}')
    assert moved(there) == ""
    assert f"go to the data folder; they were in Chroma at {ADDRESS}." in moved(here)
