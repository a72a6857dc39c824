"""What `footnote doctor` says of servers beside Discord."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.checkup import Check, carried_out
from bot.checkup.servers import checks
from bot.settings import Settings
from tests.chroma_server import free_port, gatekeeper
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
