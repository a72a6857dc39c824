"""The language model and the embedder, run by llama.cpp. The one file that imports `llama_cpp`.

Knows nothing of notes, passages or questions: texts in, vectors and log-likelihoods out. One thread at a
time may use an instance; whoever owns it sees to that. All text is tokenised without special tokens, so
nothing a note or a user writes can become a control token.
"""

from __future__ import annotations

import ctypes
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads must not spin on a busy machine

import llama_cpp
import numpy as np

from rag.catalog import file_sha256
from rag.errors import ModelCorrupt, ModelMissing
from rag.types import FloatArray

EMBED_TOKENS = 256  # what MiniLM was trained on; longer texts are also found by their sentences
EMBED_BATCH = 512  # attention is computed over the whole batch, so a larger one is slower, and takes more memory
EMBED_SEQUENCES = 16
RANK_CONTEXT = 4096
RANK_TOKENS = 128  # of the continuation; the logits of each take 4 bytes a word of the vocabulary
COMPUTED_AT_ONCE = 512

_quiet: list[object] = []


def _silence() -> None:
    """Keep llama.cpp's own log lines off the terminal; its errors come back as return codes."""
    if not _quiet:
        callback = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        _quiet.append(callback)


def default_threads() -> int:
    """One thread a core up to two, then one fewer than there are cores: all of them collapse when busy."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1


class _Context:
    """A loaded model with one context and one batch."""

    def __init__(self, path: Path, *, threads: int, n_ctx: int, n_seq: int, embeddings: bool) -> None:
        _silence()
        if not path.is_file():
            raise ModelMissing(f"The model file {path.name} is not there.", remedy="Run: footnote models pull")
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self._model:
            raise ModelCorrupt(
                f"llama.cpp cannot load the model file {path.name}.",
                remedy="Run: footnote models verify, then footnote models pull",
            )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = n_ctx  # llama.cpp aborts the process on a larger batch
        params.n_ubatch = n_ctx if embeddings else COMPUTED_AT_ONCE
        params.n_seq_max = n_seq
        params.n_threads = params.n_threads_batch = threads or default_threads()
        params.embeddings = embeddings
        params.kv_unified = True
        params.no_perf = True
        if embeddings:
            params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
        self.handle = llama_cpp.llama_init_from_model(self._model, params)
        if not self.handle:
            llama_cpp.llama_model_free(self._model)
            raise ModelCorrupt(f"llama.cpp cannot set up a context for {path.name}: not enough memory?")
        self.vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.n_embd = int(llama_cpp.llama_model_n_embd(self._model))
        self.n_vocab = int(llama_cpp.llama_vocab_n_tokens(self.vocab))
        self.n_ctx = n_ctx
        self.memory = llama_cpp.llama_get_memory(self.handle)
        self._batch = llama_cpp.llama_batch_init(n_ctx, 0, 1)

    def tokenize(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of untrusted text; `add_special` adds the model's own start and end tokens."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        n = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, False)
        return list(tokens[:n])

    def decode(self, rows: Iterable[tuple[int, int, int, bool]]) -> None:
        """Run (token, position, sequence, wants output) rows, at most `n_ctx`, through the model in one batch."""
        batch = self._batch
        n = 0
        for n, (token, position, sequence, output) in enumerate(rows, start=1):
            if n > self.n_ctx:
                raise ValueError(f"More than {self.n_ctx} tokens in one batch.")
            i = n - 1
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = output
        batch.n_tokens = n
        code = llama_cpp.llama_decode(self.handle, batch)
        if code != 0:
            raise ModelCorrupt(f"llama.cpp stopped with code {code} on a batch of {n} tokens.")

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self.handle)
            llama_cpp.llama_model_free(self._model)
            self.handle = None


class LlamaEmbedder:
    """An `Embedder` over a GGUF sentence encoder with mean pooling (BERT family)."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Load `path`. Raises ModelMissing or ModelCorrupt."""
        self._context = _Context(path, threads=threads, n_ctx=EMBED_BATCH, n_seq=EMBED_SEQUENCES, embeddings=True)
        self._path = path
        self._fingerprint = ""
        self._strips_accents = llama_cpp.llama_vocab_type(self._context.vocab) == llama_cpp.LLAMA_VOCAB_TYPE_WPM

    @property
    def dimension(self) -> int:
        return self._context.n_embd

    @property
    def fingerprint(self) -> str:
        if not self._fingerprint:
            self._fingerprint = file_sha256(self._path)
        return self._fingerprint

    def embed(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> FloatArray:
        """Unit vectors, shape (len(texts), dimension); texts over 256 tokens are cut there.

        `progress` is told how many of the texts are done.
        """
        tokens = [self._tokens(text) for text in texts]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        done = 0
        for group in _batches(tokens):
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
        tokens = self._context.tokenize(text, add_special=True)
        return tokens if len(tokens) <= EMBED_TOKENS else [*tokens[: EMBED_TOKENS - 1], tokens[-1]]

    def close(self) -> None:
        self._context.close()


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


class LlamaGenerator:
    """A `Ranker` over any causal GGUF model."""

    def __init__(self, path: Path, *, threads: int = 0, n_ctx: int = RANK_CONTEXT) -> None:
        """Load `path` for texts of up to `n_ctx` tokens, a multiple of 256. Raises ModelMissing or ModelCorrupt."""
        self._context = _Context(path, threads=threads, n_ctx=n_ctx, n_seq=2, embeddings=False)
        self._prefix: list[int] = []

    def log_likelihoods(
        self,
        prefix: str,
        contexts: Sequence[str],
        continuation: str,
    ) -> list[float]:
        """Mean log P(token), in nats, of `continuation` after `prefix + context`, one value a context.

        `prefix` stays in the KV cache from one call to the next. Of `continuation` the first 128 tokens count;
        of a context, as many as have room.
        """
        self._keep_prefix(prefix)
        target = self._context.tokenize(continuation, add_special=False)[:RANK_TOKENS]
        return [self._log_likelihood(context, target) for context in contexts]

    def _keep_prefix(self, prefix: str) -> None:
        tokens = self._context.tokenize(prefix, add_special=True)
        if tokens == self._prefix:
            return
        self._prefix = []
        llama_cpp.llama_memory_clear(self._context.memory, True)
        self._context.decode((t, i, 0, i == len(tokens) - 1) for i, t in enumerate(tokens))
        self._prefix = tokens

    def _log_likelihood(self, context: str, target: Sequence[int]) -> float:
        start = len(self._prefix)
        room = self._context.n_ctx - start - len(target)
        body = self._context.tokenize(context, add_special=False)[:room] + list(target)
        first = len(body) - len(target) - 1  # the logits of token i speak of token i + 1
        llama_cpp.llama_memory_seq_cp(self._context.memory, 0, 1, 0, start)
        try:
            self._context.decode((t, start + i, 1, first <= i < len(body) - 1) for i, t in enumerate(body))
            return float(np.mean([self._log_probability(first + k, t) for k, t in enumerate(target)]))
        finally:
            llama_cpp.llama_memory_seq_rm(self._context.memory, 1, -1, -1)

    def _log_probability(self, row: int, token: int) -> float:
        pointer = llama_cpp.llama_get_logits_ith(self._context.handle, row)
        logits = np.ctypeslib.as_array(pointer, shape=(self._context.n_vocab,))
        top = logits.max()
        return float(logits[token] - top - np.log(np.exp(logits - top).sum()))

    def close(self) -> None:
        self._context.close()
