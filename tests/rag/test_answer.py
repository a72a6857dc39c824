"""From a question to an answer or a refusal, over a real index with a fake embedder and a fake language model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from rag import rank
from rag.answer import NEAR_BEST, RANK_SECONDS, SPANS, Answerer, find
from rag.errors import Interrupted, QuestionError
from rag.fields import in_context
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.indexing import write_build
from rag.types import Answer, Hit, NotCovered
from rag.words import terms
from tests.builders import BEES, RYE, TIDES, library
from tests.fakes import FakeEmbedder, FakeRanker, bag_of_words

DRONES = "Drones do no work at all and are thrown out in August."
QUEEN = "The queen bee lays two thousand eggs on a June day."
SHORT = "A bee dances for ten seconds."
TEXTS = (
    BEES,
    TIDES,
    RYE,
    DRONES,
    QUEEN,
    "Caraway is older in bread than pepper is.",
    "Bees",
    SHORT,
)
OPEN = Thresholds(answer=0.0, closest=-1.0)
SHUT = Thresholds(answer=2.0, closest=2.0)
NEAREST = Thresholds(answer=2.0, closest=-1.0)
FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("build")
    write_build(folder, library(TEXTS), {}, FakeEmbedder())
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


@pytest.fixture
def make(index: Index) -> Callable[..., Answerer]:
    def maker(generator: FakeRanker | None = None, thresholds: Thresholds = OPEN) -> Answerer:
        return Answerer(index, FakeEmbedder(), generator, gate=GATE, thresholds=thresholds)

    return maker


def answered(result: Answer | NotCovered) -> Answer:
    assert isinstance(result, Answer)
    return result


def refused(result: Answer | NotCovered) -> NotCovered:
    assert isinstance(result, NotCovered)
    return result


def texts(hits: list[Hit]) -> list[str]:
    return [hit.passage.text for hit in hits]


def test_an_answer_is_the_notes_own_words_and_cites_each(make: Callable[..., Answerer]) -> None:
    answer = answered(make().ask("what does the queen bee lay on a June day"))
    assert answer.sentences[0].text == QUEEN
    assert answer.citations[0].quote == QUEEN
    assert answer.outcome == "answer"
    for number, (sentence, citation) in enumerate(zip(answer.sentences, answer.citations, strict=True), start=1):
        assert (sentence.citations, sentence.verbatim) == ((number,), True)
        assert (citation.n, citation.display) == (number, sentence.text)


def test_hits_come_in_the_order_of_the_search(make: Callable[..., Answerer], index: Index) -> None:
    question = "do drones work in August"
    expected = [hit for hit in index.search(bag_of_words(question), terms(question), 20) if hit.passage.text != "Bees"]
    assert texts([hit for hit in make().retrieve(question).hits if hit.passage.text != "Bees"]) == texts(expected)
    assert expected[0].passage.text == DRONES


def test_what_cannot_answer_a_how_many_falls_behind(index: Index) -> None:
    question = "how many dances does the bee know"
    plain = index.search(bag_of_words(question), terms(question), 20)
    found = find(index, question, bag_of_words(question))
    able = {BEES, QUEEN, SHORT, TIDES}  # they hold a number
    for hit in found:
        before = next(item for item in plain if item.passage == hit.passage)
        bonus = rank.FITS if hit.passage.text in able else rank.HEADING if hit.passage.text == "Bees" else 0.0
        assert hit.score == pytest.approx(before.score + bonus, abs=1e-5)
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_the_model_reads_the_best_five_with_their_context_and_its_order_is_kept(
    make: Callable[..., Answerer], index: Index
) -> None:
    question = "which bee dances for the clover"
    hits = make().retrieve(question).hits
    favourite = hits[3].passage
    generator = FakeRanker(value=lambda context: -1.0 if favourite.text in context else -9.0)
    answer = answered(make(generator).ask(question))
    assert answer.citations[0].passage_id == favourite.id
    best = [hit.passage for hit in hits[: rank.RANKED]]
    read = tuple(rank.context(in_context(passage, index.episode_of(passage))) for passage in best)
    assert generator.calls == [(rank.PREFIX, read, rank.continuation(question))]


def test_a_refusal_costs_no_generation(make: Callable[..., Answerer]) -> None:
    generator = FakeRanker()
    nothing = refused(make(generator, SHUT).ask("who won the football"))
    assert (nothing.outcome, nothing.closest, generator.calls) == ("not_covered", (), [])
    assert nothing.absent_words == ("won", "football")


def test_in_between_the_nearest_notes_are_shown_as_such(make: Callable[..., Answerer]) -> None:
    closest = refused(make(FakeRanker(), NEAREST).ask("which drones dance for pumpkins"))
    assert closest.outcome == "closest"
    assert len(closest.closest) == SPANS
    assert closest.absent_words == ("pumpkins",)
    assert [citation.n for citation in closest.closest] == [1, 2, 3]


def test_only_what_comes_near_the_best_is_quoted(make: Callable[..., Answerer]) -> None:
    question = "Caraway is older in bread than pepper"
    hits = make().retrieve(question).hits
    assert hits[1].score < hits[0].score - NEAR_BEST
    assert [c.passage_id for c in answered(make().ask(question)).citations] == [hits[0].passage.id]


def test_nothing_is_quoted_twice(make: Callable[..., Answerer]) -> None:
    """The shorter passage says no more than the longer one."""
    closest = refused(make(None, NEAREST).ask("a bee dances"))
    quotes = [citation.quote for citation in closest.closest]
    assert len({BEES, SHORT} & set(quotes)) == 1


def test_a_passage_that_only_names_the_episode_is_no_further_quote(make: Callable[..., Answerer]) -> None:
    quotes = [citation.quote for citation in refused(make(None, NEAREST).ask("what of the bees")).closest]
    assert "Bees" not in quotes[1:]


def test_a_follow_up_is_searched_with_what_it_leans_on(make: Callable[..., Answerer]) -> None:
    answer = answered(make().ask("and why?", history=["do Bees dance"]))
    assert answer.question == "and why?"
    assert answer.searched == "Bees: and why?"


def test_the_probability_is_the_gates(make: Callable[..., Answerer]) -> None:
    sure = make().ask("what does the queen bee lay on a June day").p_answerable
    unsure = make().ask("who won the football").p_answerable
    assert 0 <= unsure < sure <= 1


def test_rows_left_out_are_neither_hits_nor_evidence(make: Callable[..., Answerer]) -> None:
    question = "what does the queen bee lay on a June day"
    whole, without = make().retrieve(question), make().retrieve(question, without=frozenset({4}))
    assert whole.hits[0].passage.position == 4
    assert 4 not in [hit.passage.position for hit in without.hits]
    assert without.p_answerable < whole.p_answerable


def test_every_stage_is_timed(make: Callable[..., Answerer]) -> None:
    timings = answered(make(FakeRanker()).ask("a bee dances")).timings_ms
    assert set(timings) == {"embed", "search", "until evidence", "rank", "quote", "total"}
    assert sum(timings.values()) <= 2 * timings["total"] + 1


def test_the_ranker_is_told_of_giving_up_and_until_when_it_has_time(make: Callable[..., Answerer]) -> None:
    generator = FakeRanker()
    with pytest.raises(Interrupted):
        make(generator).ask("a bee dances", cancelled=lambda: len(generator.calls) == 1)
    assert len(generator.calls) == 1
    (deadline,) = generator.deadlines
    assert deadline is not None
    assert deadline <= time.monotonic() + RANK_SECONDS


def test_without_its_ranker_a_question_is_answered_in_the_order_of_search_and_asked_anew_later(
    make: Callable[..., Answerer],
) -> None:
    """An answer that was put together while a server was away would otherwise be given again when it is back."""
    question = "which bee dances for the clover"
    plain = answered(make().ask(question))
    away = answered(make(FakeRanker(most=0)).ask(question))
    assert [c.passage_id for c in away.citations] == [c.passage_id for c in plain.citations]
    assert away.basis == ""
    assert answered(make(FakeRanker(most=2)).ask(question)).basis != ""


@pytest.mark.parametrize("question", ["", "🙂🙂", "?!"])
def test_without_a_word_there_is_no_question(make: Callable[..., Answerer], question: str) -> None:
    with pytest.raises(QuestionError, match="no word"):
        make().ask(question)
