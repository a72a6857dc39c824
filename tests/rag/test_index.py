"""Searching an index, over real Chroma and a fake embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.fields import in_context, lexical_terms
from rag.index import SMALL, Index
from rag.indexing import write_build
from rag.lexical import LexicalIndex
from rag.sentences import sentence_spans
from rag.types import FloatArray, Library, Passage
from rag.words import terms
from tests.builders import episode, library, passage, word_salad
from tests.fakes import FakeEmbedder, bag_of_words

EMBEDDER = FakeEmbedder().fingerprint


def built(folder: Path, whole: Library, *, small: int = SMALL) -> Index:
    folder.mkdir()
    write_build(folder, whole, {}, FakeEmbedder())
    return Index(folder, embedder=EMBEDDER, small=small)


# Searching

SALAD = word_salad(260)
HEADINGS = [("Alpha",), ("Beta", "Gamma"), ()]
PASSAGES = tuple(passage(text, position=i, section=HEADINGS[i % 3]) for i, text in enumerate(SALAD))


@pytest.fixture(scope="module", params=[SMALL, 0], ids=["all scored", "the nearest scored"])
def salad(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = built(tmp_path_factory.mktemp("salad") / "build", library(passages=PASSAGES), small=request.param)
    yield index
    index.close()


def hybrid_scores(passages: Sequence[Passage], query: str, without: frozenset[int] = frozenset()) -> FloatArray:
    """Every passage's score, from first principles."""
    vector = bag_of_words(query)
    lexical = LexicalIndex.build([lexical_terms(p, episode()) for p in passages])
    words = lexical.scores(terms(query))
    words[list(without)] = 0.0
    most = sum(map(lexical.idf, terms(query)))
    scores = []
    for piece, share in zip(passages, words / most, strict=True):
        sentences = [piece.text[a:b] for a, b in sentence_spans(piece.text) if b - a >= 20]
        own = [piece.text, *(sentences if len(sentences) > 1 else [])]
        own_cosine = max(float(bag_of_words(text) @ vector) for text in own)
        context_cosine = float(bag_of_words(in_context(piece, episode())) @ vector)
        scores.append((own_cosine + context_cosine) / 2 + 0.3 * float(share))
    return np.asarray(scores, dtype=np.float32)


@pytest.mark.parametrize("row", range(0, 260, 23))
def test_hits_are_those_of_brute_force_in_that_order(salad: Index, row: int) -> None:
    query = " ".join(SALAD[row].split()[1:6])
    expected = hybrid_scores(PASSAGES, query)
    best = np.argsort(-expected, kind="stable")[:8]
    hits = salad.search(bag_of_words(query), terms(query), 8)
    assert [hit.passage.position for hit in hits] == best.tolist()
    np.testing.assert_allclose([hit.score for hit in hits], expected[best], atol=1e-4)


def test_rows_left_out_are_as_if_they_were_not_in_the_notes(salad: Index) -> None:
    query = " ".join(SALAD[46].split()[1:6])
    without = frozenset(hit.passage.position for hit in salad.search(bag_of_words(query), terms(query), 3))
    expected = hybrid_scores(PASSAGES, query, without)
    expected[list(without)] = -9
    hits = salad.search(bag_of_words(query), terms(query), 5, without=without)
    assert [hit.passage.position for hit in hits] == np.argsort(-expected, kind="stable")[:5].tolist()
    np.testing.assert_allclose([hit.score for hit in hits], np.sort(expected)[::-1][:5], atol=1e-4)


def test_leaving_rows_out_changes_nothing_for_the_next_question(salad: Index) -> None:
    query = bag_of_words(SALAD[3]), terms(SALAD[3])
    before = salad.search(*query, 5)
    salad.search(*query, 5, without=frozenset({3, 4}))
    assert salad.search(*query, 5) == before


def test_without_any_row_there_is_no_hit(salad: Index) -> None:
    assert salad.search(bag_of_words("x"), [], 5, without=frozenset(range(len(SALAD)))) == []


def test_a_word_that_stands_in_one_passage_finds_it(salad: Index) -> None:
    word = SALAD[77].split()[0]
    hits = salad.search(bag_of_words(f"{word} zzz"), terms(word), len(SALAD))
    assert [hit.passage.position for hit in hits if hit.bm25 > 0] == [77]


def test_hits_say_how_near_they_are(salad: Index) -> None:
    top = salad.search(bag_of_words(SALAD[9]), terms(SALAD[9]), 1)[0]
    assert top.passage.position == 9
    assert top.cosine == pytest.approx(1.0, abs=1e-4)
    assert 0.3 < top.bm25 < 1


def test_vector_numbers_follow_the_rows(salad: Index) -> None:
    for row in (0, 7, 259):
        first = salad.store.vector(salad.vector_numbers(row)[0])
        np.testing.assert_allclose(first, bag_of_words(SALAD[row]), atol=1e-5)
    assert salad.first_vector[-1] == salad.manifest.vectors


def test_a_term_that_occurs_tells_less_than_one_that_does_not(salad: Index) -> None:
    term = terms(SALAD[0].split()[0])[0]
    assert salad.idf(term) < salad.idf("nowhere")


def test_an_index_of_one_passage(tmp_path: Path) -> None:
    index = built(tmp_path / "b", library(["Bees dance."]))
    assert [hit.passage.text for hit in index.search(bag_of_words("tides"), terms("tides"), 20)] == ["Bees dance."]
    index.close()


# Passages that say the same

COPY = "Rye bread keeps for a whole week because its crumb holds water well."


@pytest.fixture
def repeated(tmp_path: Path) -> Iterator[Index]:
    """Six passages: two copies, one of them in another note, and a paragraph that holds their sentence."""
    passages = (
        passage(SALAD[0], position=0),
        passage(f"- {COPY}", position=1, line_start=7, line_end=7),
        passage(SALAD[1], position=2),
        passage(COPY.upper(), position=3, id="copy", note_file="rye.md", line_start=12, line_end=12),
        passage(f"{SALAD[2]} {COPY}", position=4, line_start=20, line_end=20),
        passage(SALAD[3], position=5),
    )
    index = built(tmp_path / "build", library(passages=passages))
    yield index
    index.close()


def test_copies_are_one_hit_with_the_others_beside_it(repeated: Index) -> None:
    hits = repeated.search(bag_of_words(COPY), terms(COPY), 20)
    assert sorted(hit.passage.position for hit in hits) in ([0, 1, 2, 4, 5], [0, 2, 3, 4, 5])
    assert hits[0].passage.position in (1, 3)
    assert [copy.position for copy in hits[0].also] == [4 - hits[0].passage.position]
    assert all(hit.also == () for hit in hits[1:])


def test_a_copy_that_is_left_out_is_beside_no_hit(repeated: Index) -> None:
    hits = repeated.search(bag_of_words(COPY), terms(COPY), 20, without=frozenset({3}))
    assert hits[0].passage.position == 1
    assert hits[0].also == ()
    assert repeated.copies(1) == repeated.copies(3) == (1, 3)
    assert repeated.copies(0) == (0,)


def test_a_quote_is_cited_wherever_it_stands(repeated: Index) -> None:
    places = repeated.also(repeated.passages[1], (0, len(repeated.passages[1].text)))
    assert [(place.note_file, place.line_start) for place in places] == [("rye.md", 12), ("bees.txt", 20)]
    assert {place.episode for place in places} == {"The Garden Hour: Bees"}
    assert repeated.also(repeated.passages[0], (0, 20)) == ()
