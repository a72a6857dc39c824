"""A server that orders what was found: no model is loaded here for it, and it may be away and come back."""

from __future__ import annotations

import pytest

from bot.answering.assistant import LocalAssistant
from bot.settings import Settings
from rag.models.remote_ranker import COOL_DOWN_SECONDS, RemoteRanker
from rag.types import Answer
from tests.rag.scripted_ranker import LlamaServer
from tests.rag.scripted_server import serving

pytestmark = pytest.mark.models
QUESTION = "How hot is the surface of Venus?"


def test_it_is_used_as_soon_as_it_can_be_and_answers_do_not_wait_for_that(
    indexed: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server = LlamaServer()
    server.change = lambda _choice: "not yet"
    with serving(server) as endpoint:
        opened = LocalAssistant(indexed.model_copy(update={"ranker": f"{endpoint.url}#smollm2"}))
        try:
            assert isinstance(opened.ranker, RemoteRanker)
            assert ("Order of what was found", "smollm2") in opened.browse().overview().models
            away = answered(opened)
            assert (likelihoods(away), away.basis) == (0, "")
            assert "keeps the order of the search" in caplog.text

            server.change = lambda choice: {"choices": [choice]}
            opened.ranker._asleep_until -= COOL_DOWN_SECONDS
            back = answered(opened)
            assert likelihoods(back) > 0
            assert back.basis == opened.basis(QUESTION) != ""
        finally:
            opened.close()


def answered(assistant: LocalAssistant) -> Answer:
    result = assistant.ask(QUESTION)
    assert isinstance(result, Answer)
    return result


def likelihoods(answer: Answer) -> int:
    assert answer.trace
    return sum(hit.log_likelihood is not None for hit in answer.trace.hits)
