"""The same work with llama-cpp-python alone, as its documentation shows it: what the figures are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import numpy as np

from rag.llama import EMBED_TOKENS, RANK_CONTEXT, default_threads
from rag.types import FloatArray


class BareEmbedder:
    """`llama_cpp.Llama.embed`, one text a call."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._llama = llama_cpp.Llama(
            str(path),
            embedding=True,
            n_ctx=EMBED_TOKENS,
            n_batch=EMBED_TOKENS,
            n_ubatch=EMBED_TOKENS,
            n_threads=threads or default_threads(),
            n_threads_batch=threads or default_threads(),
            flash_attn=True,
            verbose=False,
        )

    def embed(self, text: str) -> FloatArray:
        """Its unit vector, shape (dimension,)."""
        return np.asarray(self._llama.embed(text, normalize=True), dtype=np.float32)

    def embed_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.embed(text)

    def nearest(self, text: str, vectors: FloatArray, limit: int) -> None:
        """Embed a text and select the nearest of `vectors`, shape (count, dimension), by all their cosines."""
        (vectors @ self.embed(text)).argpartition(-limit)

    def close(self) -> None:
        self._llama.close()


class BareDecoder:
    """`llama_cpp.Llama.eval`, one text a call."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._llama = llama_cpp.Llama(
            str(path),
            n_ctx=RANK_CONTEXT,
            n_threads=threads or default_threads(),
            n_threads_batch=threads or default_threads(),
            flash_attn=True,
            verbose=False,
        )

    def tokenize(self, text: str) -> list[int]:
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=False))

    def decode(self, rows: Sequence[Sequence[int]]) -> None:
        """Run each row of tokens through the model, from the start."""
        for tokens in rows:
            self._llama.n_tokens = 0
            self._llama.eval(tokens)

    def close(self) -> None:
        self._llama.close()
