"""The same work with llama-cpp-python alone, as its documentation shows it: what the figures are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import llama_cpp
import numpy as np

from rag.models.llama import EMBED_TOKENS, RANK_CONTEXT, threads_for
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
            n_threads=threads_for(path, threads),
            n_threads_batch=threads_for(path, threads),
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


def _opened(path: Path, threads: int, *, flash_attn: bool = False) -> llama_cpp.Llama:
    """A causal model with as many threads as Footnote gives it."""
    used = threads_for(path, threads)
    return llama_cpp.Llama(
        str(path),
        n_ctx=RANK_CONTEXT,
        n_threads=used,
        n_threads_batch=used,
        flash_attn=flash_attn,
        verbose=False,
    )


class BareDecoder:
    """`llama_cpp.Llama.eval`, one text a call."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._llama = _opened(path, threads, flash_attn=True)

    def tokenize(self, text: str) -> list[int]:
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=False))

    def decode(self, rows: Sequence[Sequence[int]]) -> None:
        """Run each row of tokens through the model, from the start."""
        for tokens in rows:
            self._llama.n_tokens = 0
            self._llama.eval(tokens)

    def close(self) -> None:
        self._llama.close()


class BareWriter:
    """The shortest loop there is over llama.cpp's own functions: decode, take the likeliest token, decode."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._llama = _opened(path, threads)
        self._sampler = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        llama_cpp.llama_sampler_chain_add(self._sampler, llama_cpp.llama_sampler_init_greedy())

    def write(self, prompt: str, count: int) -> Iterator[int]:
        """`count` tokens after `prompt`, which may name control tokens; a text's end is not heeded."""
        context = self._llama.ctx
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        tokens = self._llama.tokenize(prompt.encode(), add_bos=False, special=True)
        for _ in range(count):
            held = (llama_cpp.llama_token * len(tokens))(*tokens)
            llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(held, len(tokens)))
            tokens = [llama_cpp.llama_sampler_sample(self._sampler, context, -1)]
            yield tokens[0]

    def close(self) -> None:
        llama_cpp.llama_sampler_free(self._sampler)
        self._llama.close()
