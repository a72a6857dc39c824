"""Texts in, vectors out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import llama_cpp
import numpy as np

from rag.models.llama.context import Context, Model
from rag.types import FloatArray

EMBED_TOKENS = 256  # what MiniLM was trained on; longer texts are also found by their sentences
EMBED_BATCH = 512  # attention is computed over the whole batch, so a larger one is slower, and takes more memory
EMBED_SEQUENCES = 16


class LlamaEmbedder:
    """An `Embedder` over a GGUF sentence encoder; how its tokens become one vector, the file says."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Load `path`. Raises ModelMissing or ModelCorrupt."""
        with ExitStack() as undo:
            self._model = Model(path)
            undo.callback(self._model.close)
            self._context = Context(
                self._model,
                threads=threads,
                n_ctx=EMBED_BATCH,
                n_batch=EMBED_BATCH,
                n_seq=EMBED_SEQUENCES,
                embeddings=True,
            )
            undo.pop_all()
        self._strips_accents = llama_cpp.llama_vocab_type(self._model.vocab) == llama_cpp.LLAMA_VOCAB_TYPE_WPM

    @property
    def dimension(self) -> int:
        return self._model.n_embd

    @property
    def fingerprint(self) -> str:
        return self._model.fingerprint

    def embed(
        self, texts: Sequence[str], *, questions: bool = False, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """Unit vectors, shape (len(texts), dimension); texts over 256 tokens are cut there.

        `questions` makes no difference here; `progress` is told how many of the texts are done.
        """
        tokens = [self._tokens(text) for text in texts]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        done = 0
        for group in _batches(tokens):
            if self._context.memory:  # a causal model keeps what it has read
                llama_cpp.llama_memory_clear(self._context.memory, True)
            self._context.decode(_rows(tokens, group))
            for sequence, i in enumerate(group):
                pointer = llama_cpp.llama_get_embeddings_seq(self._context.handle, sequence)
                vectors[i] = np.ctypeslib.as_array(pointer, shape=(self.dimension,))
            done += len(group)
            if progress:
                progress(done)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def _tokens(self, text: str) -> list[int]:
        text = text[: EMBED_TOKENS * 20]
        if self._strips_accents:
            text = without_accents(text)
        tokens = self._model.tokenize(text, add_special=True)
        return tokens if len(tokens) <= EMBED_TOKENS else [*tokens[: EMBED_TOKENS - 1], tokens[-1]]

    def close(self) -> None:
        self._context.close()
        self._model.close()


def without_accents(text: str) -> str:
    """Accents off and Hangul taken apart, as BERT's own tokenizer does it.

    llama.cpp keeps only the first part of what a letter decomposes into: a third of every Korean syllable.
    """
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of texts, of like length together, that fit into one batch each."""
    group: list[int] = []
    size = 0
    for i in sorted(range(len(tokens)), key=lambda i: len(tokens[i])):
        if group and (size + len(tokens[i]) > EMBED_BATCH or len(group) == EMBED_SEQUENCES):
            yield group
            group, size = [], 0
        group.append(i)
        size += len(tokens[i])
    if group:
        yield group


def _rows(tokens: Sequence[Sequence[int]], group: Sequence[int]) -> Iterator[tuple[int, int, int, bool]]:
    for sequence, i in enumerate(group):
        for position, token in enumerate(tokens[i]):
            yield token, position, sequence, True
