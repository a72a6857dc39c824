"""The promises Footnote makes, and where each is kept under test.

KEPT says which tests fail when a promise is broken; below it are those that no other file holds. That nothing
which blocks is reached from the event loop is also an import contract in pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answer import Answerer
from rag.gate import Thresholds, load_gate_model
from rag.index import Index, open_index
from rag.indexing import build_index
from rag.probe import check
from rag.types import Answer, Citation, NotCovered
from tests.fakes import FakeEmbedder, FakeRanker

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
KNOWLEDGE = ROOT / "knowledge"

KEPT = {
    "What is shown as the notes' word is a byte-exact span of a note, or else it is a refusal.": (
        "rag/test_citations.py::test_of_the_notes_that_come_with_footnote",
        "rag/test_citations.py::test_of_other_encodings_and_line_ends",
        "rag/test_answer.py::test_an_answer_is_the_notes_own_words_and_cites_each",
        "integration/test_invariants.py::test_everything_shown_is_to_the_byte_in_a_note",
    ),
    "Links, episode names and minutes are built by code; no model writes one.": (
        "rag/test_citations.py::test_the_note_cannot_change_the_link",
        "rag/test_citations.py::test_names_come_from_the_episode_and_the_place_from_the_passage",
        "integration/test_invariants.py::test_the_model_orders_citations_and_changes_none",
    ),
    "A crash or a full disk at any point leaves the index before serving; a build is checked before it serves.": (
        "integration/test_crash.py::test_a_kill_in_any_stage_leaves_the_index_before",
        "integration/test_crash.py::test_a_kill_at_any_moment_leaves_the_index_before_or_the_new_one",
        "integration/test_crash.py::test_on_a_disk_that_is_really_full_the_index_before_serves",
        "rag/test_indexing.py::test_a_vector_of_nothing_is_found_by_the_probe_and_the_index_before_serves",
        "rag/test_indexing.py::test_damage_is_a_sentence_and_the_command_it_names_mends_it",
    ),
    "An index of another embedder or layout is refused with the command that mends it; of other readers it serves.": (
        "rag/test_indexing.py::test_another_embedder_is_refused_and_then_nothing_is_taken_over",
        "rag/test_indexing.py::test_other_fields_are_refused_and_the_named_command_mends_it",
        "rag/test_indexing.py::test_what_other_readers_made_serves_until_it_is_built_anew_with_the_vectors_that_it_has",
    ),
    "One thread owns the models; others wait in a bounded queue with a place, a deadline and a cancel.": (
        "bot/test_worker.py::test_one_thread_opens_calls_and_closes_and_never_makes_two_calls_at_once",
        "bot/test_worker.py::test_a_full_queue_refuses_and_takes_jobs_again_when_one_has_left",
        "bot/test_worker.py::test_the_deadline_ends_running_and_waiting_jobs_even_if_the_call_does_not_listen",
        "rag/test_answer.py::test_the_ranker_is_told_of_giving_up_and_until_when_it_has_time",
        "integration/test_pipeline.py::test_a_cancelled_question_stops",
    ),
    "The event loop never blocks.": (
        "bot/test_worker.py::test_the_event_loop_stays_free_while_opening_and_while_the_assistant_blocks",
        "integration/test_discord.py::test_acknowledged_at_once_while_the_worker_is_busy_and_the_loop_stays_free",
    ),
    "Notes, questions and model output are untrusted text.": (
        "rag/test_llama.py::test_what_looks_like_a_control_token_is_text",
        "rag/test_llama.py::test_so_it_is_for_the_embedder",
        "bot/discord/test_render.py::test_hostile_or_endless_text_keeps_the_limits_and_makes_no_link",
        "integration/test_discord.py::test_hostile_text_neither_pings_nor_links",
        "integration/test_hostile.py::test_every_question_ends_in_an_answer_a_refusal_or_a_sentence",
        "integration/test_hostile.py::test_what_stands_in_a_note_is_quoted_and_never_obeyed",
    ),
    "A bad file is named with its reason and costs only itself.": (
        "rag/test_library.py::test_a_bad_file_costs_only_itself",
        "rag/test_indexing.py::test_a_bad_file_is_named_and_costs_only_itself",
    ),
}


@pytest.mark.parametrize("place", [place for places in KEPT.values() for place in places])
def test_the_test_that_keeps_a_promise_is_there(place: str) -> None:
    file, _, name = place.partition("::")
    assert re.search(rf"^(?:async )?def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    data = tmp_path_factory.mktemp("data")
    build_index(KNOWLEDGE, data, FakeEmbedder(), check=check)
    opened = open_index(data, embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def answerer(index: Index, generator: FakeRanker | None, *, answer: float) -> Answerer:
    thresholds = Thresholds(answer=answer, closest=-1.0)
    return Answerer(index, FakeEmbedder(), generator, gate=load_gate_model(), thresholds=thresholds)


def shown(result: Answer | NotCovered) -> tuple[Citation, ...]:
    return result.citations if isinstance(result, Answer) else result.closest


@pytest.mark.parametrize("answer", [0.0, 2.0])
def test_everything_shown_is_to_the_byte_in_a_note(index: Index, answer: float) -> None:
    """Every passage is asked for by its own words, so that every one is quoted."""
    asked = answerer(index, None, answer=answer)
    quoted = set()
    for piece in index.passages:
        result = asked.ask(piece.text)
        for citation in shown(result):
            quoted.add(citation.passage_id)
            assert citation.quote.encode() in (KNOWLEDGE / citation.note_file).read_bytes()
        if isinstance(result, Answer):
            displays = {citation.n: citation.display for citation in result.citations}
            for sentence in result.sentences:
                assert sentence.verbatim
                assert [displays[n] for n in sentence.citations] == [sentence.text]
    assert len(quoted) > 0.9 * len(index.passages)


def test_the_model_orders_citations_and_changes_none(index: Index) -> None:
    question = "How hot is the surface of Venus?"
    plain = {
        c.passage_id: c for piece in index.passages for c in shown(answerer(index, None, answer=2.0).ask(piece.text))
    }
    for value in (lambda context: float(len(context)), lambda context: -float(len(context))):
        for citation in shown(answerer(index, FakeRanker(value=value), answer=0.0).ask(question)):
            code = plain[citation.passage_id]
            assert replace(citation, n=code.n, quote=code.quote, display=code.display) == replace(
                code, line_start=citation.line_start, line_end=citation.line_end
            )
