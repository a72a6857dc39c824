"""Embedders of other kinds than the starter: how their tokens are pooled, and that a text stands for itself alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rag.models.llama import LlamaEmbedder
from tests.conftest import THREADS, model_file

TEXTS = ["A bee dances.", "The moon pulls on the sea, and the sea answers twice a day.", "Rye bread keeps."]


@pytest.fixture(scope="module")
def causal() -> Iterator[LlamaEmbedder]:
    """A causal model, as the larger embedders are, and one whose file names no pooling."""
    loaded = LlamaEmbedder(model_file("rank/write"), threads=THREADS)
    yield loaded
    loaded.close()


@pytest.mark.models
def test_what_a_causal_model_has_read_before_does_not_count(causal: LlamaEmbedder) -> None:
    """The keys and values of one batch stayed in memory, and llama.cpp refused the next one."""
    together = causal.embed(TEXTS)
    again = causal.embed(TEXTS)
    alone = np.concatenate([causal.embed([text]) for text in TEXTS])
    assert np.allclose(together, again, atol=1e-3)
    assert np.allclose(together, alone, atol=2e-2)
    assert float(together[0] @ together[1]) < 0.999


@pytest.mark.models
def test_a_file_that_names_no_pooling_gets_the_mean(causal: LlamaEmbedder) -> None:
    vectors = causal.embed(TEXTS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
