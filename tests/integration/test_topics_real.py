"""Topics over the notes that come with Footnote, with the real embedder and the real store."""

from __future__ import annotations

import pytest

from bot.answering.assistant import LocalAssistant
from rag.map_types import TopicSummary
from rag.types import NotCovered
from tests.conftest import KNOWLEDGE

pytestmark = pytest.mark.models
SECONDS = 5  # far above what it takes, for a busy machine


@pytest.mark.parametrize(
    ("topic", "episode"),
    [
        ("Venus", "Venus, the Greenhouse Next Door"),
        ("sourdough starter", "Keeping a Starter Alive"),
        ("measuring the distance of stars", "How Far Is That Star?"),
        ("salt in fermentation", "Cabbage, Salt, Time"),
    ],
)
def test_a_topic_of_the_notes_is_summarised(assistant: LocalAssistant, topic: str, episode: str) -> None:
    summary = assistant.topic(topic)
    assert isinstance(summary, TopicSummary)
    assert episode in {e.title for e in summary.episodes}
    assert 2 <= len(summary.points) <= 8
    assert {c.episode_id for c in summary.citations} <= {e.id for e in summary.episodes}
    assert summary.timings_ms["total"] < SECONDS * 1000


def test_quotes_are_the_bytes_of_the_notes(assistant: LocalAssistant) -> None:
    summary = assistant.topic("computers")
    assert isinstance(summary, TopicSummary)
    assert len(summary.episodes) > 1
    for citation in summary.citations:
        lines = (KNOWLEDGE / citation.note_file).read_bytes().splitlines(keepends=True)
        there = b"".join(lines[citation.line_start - 1 : citation.line_end])
        assert citation.quote.encode() in there


def test_no_point_is_made_twice(assistant: LocalAssistant) -> None:
    summary = assistant.topic("Venus")
    assert isinstance(summary, TopicSummary)
    vectors = assistant.embedder.embed([point.text for point in summary.points])
    alike = vectors @ vectors.T
    assert max(alike[i, j] for i in range(len(alike)) for j in range(i)) < 0.8


@pytest.mark.parametrize("topic", ["football", "quantum computing", "index funds and stock picking", "日本の歴史"])
def test_what_the_notes_do_not_cover_is_refused(assistant: LocalAssistant, topic: str) -> None:
    assert isinstance(assistant.topic(topic), NotCovered)
