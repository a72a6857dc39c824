from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import LEXICAL_WEIGHT, fuse, highest, row_cosine, row_cosines

COSINE = st.floats(-1, 1, width=32)


def array(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("cosines", "score", "best"),
    [
        ([0.4, 0.6], 0.5, 0.6),
        ([0.6, 0.4], 0.5, 0.6),
        ([0.2, 0.4, 0.8, 0.1], 0.6, 0.8),
        ([0.9, 0.4, 0.8], 0.65, 0.9),
        ([-0.5, -0.1], -0.3, -0.1),
    ],
)
def test_a_row_counts_its_own_words_and_its_context(cosines: list[float], score: float, best: float) -> None:
    assert row_cosine(cosines) == pytest.approx((score, best))


@given(st.lists(COSINE, min_size=2, max_size=8))
def test_the_order_of_a_rows_sentences_does_not_matter(cosines: list[float]) -> None:
    assert row_cosine(cosines) == row_cosine([*cosines[:2], *reversed(cosines[2:])])
    assert row_cosine(cosines)[0] <= row_cosine(cosines)[1]


@given(st.lists(st.lists(COSINE, min_size=2, max_size=6), min_size=1, max_size=9))
def test_many_rows_at_once_count_as_each_alone(rows: list[list[float]]) -> None:
    firsts = np.cumsum([0, *map(len, rows[:-1])])
    together = row_cosines(array(*(cosine for row in rows for cosine in row)), firsts)
    np.testing.assert_allclose(np.transpose(together), [row_cosine(row) for row in rows], atol=1e-6)


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 40))
def test_the_highest_come_first_and_equals_in_order(scores: list[int], count: int) -> None:
    found = highest(array(*scores), count).tolist()
    in_order = sorted(range(len(scores)), key=lambda i: -scores[i])
    assert found == in_order[: len(found)]
    assert len(found) >= min(count, len(scores))


def test_words_add_their_share_of_the_most_there_can_be() -> None:
    scores = fuse(array(0.5, 0.6, 0.1), array(10, 0, 5), 10)
    np.testing.assert_allclose(scores, [0.5 + LEXICAL_WEIGHT, 0.6, 0.1 + LEXICAL_WEIGHT / 2], rtol=1e-6)
    assert list(np.argsort(-scores)) == [0, 1, 2]


def test_a_weak_match_stays_weak_where_there_is_no_better() -> None:
    """The best passage once had the full share, though it held one word of the question's six."""
    assert fuse(array(0.5), array(1), 6)[0] == pytest.approx(0.5 + LEXICAL_WEIGHT / 6)


def test_without_a_known_word_cosines_alone_count() -> None:
    np.testing.assert_array_equal(fuse(array(0.5, -0.2), array(0, 0), 0.0), array(0.5, -0.2))
