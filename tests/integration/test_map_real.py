"""The map of the notes that come with Footnote, with the real embedder, and the topics of real notes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from rag.index import Index
from rag.indexing import write_build
from rag.map_types import Comparison, Timeline
from rag.reading.library import read_library
from rag.topics.subject_store import found_in
from rag.types import NotCovered
from tests.fakes import FakeEmbedder

NOTES = Path(__file__).parents[2] / "../shared/notes"
SECONDS = 60  # far above what it takes, for a busy machine


@pytest.mark.models
def test_the_sample_notes_have_the_topics_that_a_reader_would_name(assistant: LocalAssistant) -> None:
    subjects = {name: each for each in assistant.survey().subjects() for name in (each.name, *each.also)}
    assert {"starter", "Venus", "dough", "analytical engine", "parallax"} <= set(subjects)
    assert subjects["memory"].first < subjects["memory"].last  # type: ignore[operator]
    episodes = {episode.id for episode in assistant.episodes()}
    assert all(set(each.episodes) <= episodes for each in subjects.values())


@pytest.mark.models
def test_a_timeline_of_the_sample_notes_leads_to_minutes(assistant: LocalAssistant) -> None:
    line = assistant.survey().timeline("core rope memory")
    assert isinstance(line, Timeline)
    dates = [each.episode.date for each in line.episodes if each.episode.date and each.episode.date[0] != "-"]
    assert dates == sorted(dates)
    timed = [citation for citation in line.citations if citation.seconds]
    assert any(citation.url and f"t={citation.seconds}s" in citation.url for citation in timed)


@pytest.mark.models
def test_guests_of_the_sample_notes_are_compared_with_quotes_of_both(assistant: LocalAssistant) -> None:
    result = assistant.survey().compare("Owen Gallagher", "Ines Carvalho")
    assert isinstance(result, Comparison)
    cited = {citation.n: citation for citation in result.citations}
    ours, theirs = ({e.id for e in side.episodes} for side in (result.left, result.right))
    for row in result.rows:
        assert {cited[n].episode_id for n in row.left} <= ours
        assert {cited[n].episode_id for n in row.right} <= theirs


@pytest.mark.models
@pytest.mark.parametrize("topic", ["quantum chromodynamics", "mortgage rates in Portugal"])
def test_what_the_sample_notes_do_not_hold_has_no_timeline(assistant: LocalAssistant, topic: str) -> None:
    assert isinstance(assistant.survey().timeline(topic), NotCovered)


@pytest.mark.models
def test_a_digest_of_the_sample_notes_quotes_each_episode(assistant: LocalAssistant) -> None:
    news = assistant.survey().digest("2024-07")
    assert any(each.episode.title.startswith("Woven Memory") for each in news.episodes)
    assert all(1 <= len(each.points) <= 3 for each in news.episodes)


@pytest.mark.skipif(not NOTES.is_dir(), reason="the shared notes are not here")
def test_real_notes_have_the_topics_that_a_stranger_would_name(tmp_path: Path) -> None:
    """No filler, no sponsor, nobody's name; told without the real embedder, which only brings like names together."""
    library = read_library(NOTES)
    write_build(tmp_path, library, {}, FakeEmbedder())
    index = Index(tmp_path, embedder=FakeEmbedder().fingerprint)
    started = time.monotonic()
    names = {name.casefold() for each in found_in(index, FakeEmbedder()) for name in (each.name, *each.also)}
    index.close()
    assert time.monotonic() - started < SECONDS
    assert {
        "superposition", "interpretability", "chain of thought", "scaling laws", "residual stream", "reliability",
        "gradient descent", "synthetic data", "dictionary learning", "language models", "intelligence explosion",
    } <= names  # fmt: skip
    filler = {
        "lot",
        "people",
        "thing",
        "things",
        "lot of people",
        "way",
        "kind",
        "right now",
        "years ago",
        "little bit",
    }
    assert not names & filler
    assert not [name for name in names if "dwarkesh" in name.split() or "trenton" in name.split()]
