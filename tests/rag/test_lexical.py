"""BM25 against the formula, written out here a second time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexCorrupt
from rag.lexical import K1, B, LexicalIndex
from rag.words import terms
from tests.builders import word_salad

DOCUMENTS = [terms(text) for text in word_salad(120)]


def by_hand(documents: list[list[str]], query: list[str]) -> np.ndarray:
    """Lucene's BM25 of every document."""
    mean = sum(map(len, documents)) / len(documents)
    scores = np.zeros(len(documents))
    for term in query:
        n = sum(term in document for document in documents)
        if n == 0:
            continue
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        for i, document in enumerate(documents):
            tf = document.count(term)
            scores[i] += idf * tf / (tf + K1 * (1 - B + B * len(document) / mean))
    return scores


@pytest.mark.parametrize("row", range(0, 120, 17))
def test_scores_and_order_are_those_of_the_formula(row: int) -> None:
    query = DOCUMENTS[row][:4]
    expected = by_hand(DOCUMENTS, query)
    scores = LexicalIndex.build(DOCUMENTS).scores(query)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    assert list(np.argsort(-scores, kind="stable")[:5]) == list(np.argsort(-expected.round(5), kind="stable")[:5])
    assert scores[row] > 0


def test_no_passage_reaches_the_ceiling() -> None:
    index = LexicalIndex.build(DOCUMENTS)
    query = [*DOCUMENTS[3][:3], "nowhere"]
    assert 0 < index.scores(query).max() < index.ceiling(query)
    assert index.ceiling(query) == pytest.approx(sum(map(index.idf, query)))
    assert index.ceiling([]) == 0


def test_what_is_saved_gives_the_same_scores(tmp_path: Path) -> None:
    built = LexicalIndex.build(DOCUMENTS)
    built.save(tmp_path / "words")
    loaded = LexicalIndex.load(tmp_path / "words", len(DOCUMENTS))
    query = DOCUMENTS[5]
    np.testing.assert_array_equal(built.scores(query), loaded.scores(query))
    assert loaded.idf(query[0]) == built.idf(query[0])


def test_scores_can_be_written_to_without_changing_the_index(tmp_path: Path) -> None:
    """Search sets rows to zero in them; the file they come from is memory-mapped."""
    LexicalIndex.build(DOCUMENTS).save(tmp_path)
    index = LexicalIndex.load(tmp_path, len(DOCUMENTS))
    first = index.scores(DOCUMENTS[5])
    before = first.copy()
    first[:] = 0.0
    np.testing.assert_array_equal(index.scores(DOCUMENTS[5]), before)


@pytest.mark.parametrize("query", [[], ["nowhere"], ["", " "]])
def test_unknown_terms_score_nothing(query: list[str]) -> None:
    scores = LexicalIndex.build(DOCUMENTS).scores(query)
    assert scores.shape == (len(DOCUMENTS),)
    assert not scores.any()


def test_an_unknown_term_takes_nothing_from_a_known_one() -> None:
    index, known = LexicalIndex.build(DOCUMENTS), DOCUMENTS[3][1]
    np.testing.assert_array_equal(index.scores([known, "nowhere"]), index.scores([known]))


def test_idf_falls_with_frequency() -> None:
    index = LexicalIndex.build([["sea", "moon"], ["sea"], ["sea", "rye"]])
    assert index.idf("nowhere") > index.idf("rye") > index.idf("sea")
    assert index.knows("sea")
    assert not index.knows("nowhere")


@pytest.mark.parametrize("documents", [[[]], [[], []], [["sea"], []]])
def test_passages_without_terms_are_no_trouble(documents: list[list[str]], tmp_path: Path) -> None:
    """Notes may hold nothing but stop words or a rule of dashes."""
    LexicalIndex.build(documents).save(tmp_path)
    scores = LexicalIndex.load(tmp_path, len(documents)).scores(["sea"])
    assert [bool(score) for score in scores] == ["sea" in document for document in documents]


def files(folder: Path) -> list[str]:
    LexicalIndex.build(DOCUMENTS).save(folder)
    return sorted(path.name for path in folder.iterdir())


def test_each_missing_or_cut_file_is_a_corrupt_index(tmp_path: Path) -> None:
    for name in files(tmp_path / "names"):
        for harm in ("missing", "empty", "half"):
            folder = tmp_path / f"{name}-{harm}"
            files(folder)
            data = (folder / name).read_bytes()
            (folder / name).unlink()
            if harm != "missing":
                (folder / name).write_bytes(b"" if harm == "empty" else data[: len(data) // 2])
            try:
                index = LexicalIndex.load(folder, len(DOCUMENTS))
                index.scores(DOCUMENTS[5])
            except IndexCorrupt as error:
                assert "footnote index" in error.remedy, name
            else:
                pytest.fail(f"{name} {harm} went unnoticed")
