"""A loaded model file, and the state in which it computes. Knows nothing of what for.

A model may have several contexts: they share its weights, and nothing else.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads must not spin on a busy machine

import llama_cpp

from rag.errors import Interrupted, ModelCorrupt, ModelMissing
from rag.models.catalog import file_sha256
from rag.models.memory import COMPUTED_AT_ONCE, EngineOptions, KvType
from rag.models.threads import default_threads, stored_threads

KV_TYPES: dict[KvType, int] = {"f16": llama_cpp.GGML_TYPE_F16, "q8_0": llama_cpp.GGML_TYPE_Q8_0}
ABORTED = 2  # what llama_decode returns when the abort callback said so

_quiet: list[object] = []


def _silence() -> None:
    """Keep llama.cpp's own log lines off the terminal; its errors come back as return codes."""
    if not _quiet:
        callback = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        _quiet.append(callback)


def offloads() -> bool:
    """Whether llama.cpp was built for a GPU, and finds one."""
    _silence()
    return bool(llama_cpp.llama_supports_gpu_offload())


def threads_for(path: Path, threads: int) -> int:
    """How many threads a model computes with: `threads`, or what was measured on this machine, or a guess."""
    return threads or stored_threads(path.parent) or default_threads()


class StopFlag:
    """Stops llama.cpp in the middle of a computation, from any thread.

    A Python callback would be called some 600 times a token. C's `strlen` is called instead, on two bytes: it
    returns 0 (go on) or 1 (stop).
    """

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(2)
        library = ctypes.cdll.msvcrt if os.name == "nt" else ctypes.CDLL(None)
        self.callback = ctypes.cast(library.strlen, llama_cpp.ggml_abort_callback)

    @property
    def address(self) -> ctypes.c_void_p:
        return ctypes.cast(self._bytes, ctypes.c_void_p)

    def __bool__(self) -> bool:
        return self._bytes.raw[0] != 0

    def set(self) -> None:
        self._bytes[0] = b"\x01"

    def clear(self) -> None:
        self._bytes[0] = b"\x00"


class Model:
    """The weights and the vocabulary of one GGUF file."""

    def __init__(self, path: Path, options: EngineOptions | None = None) -> None:
        """Load `path`. Raises ModelMissing or ModelCorrupt."""
        options = options or EngineOptions()
        _silence()
        if not path.is_file():
            raise ModelMissing(f"The model file {path.name} is not there.", remedy="Run: footnote models pull")
        params = llama_cpp.llama_model_default_params()
        if options.gpu_layers is not None:
            params.n_gpu_layers = options.gpu_layers
        if not options.mmap:
            params.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        self.handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelCorrupt(
                f"llama.cpp cannot load the model file {path.name}.",
                remedy="Run: footnote models verify, then footnote models pull",
            )
        self.path = path
        self.vocab = llama_cpp.llama_model_get_vocab(self.handle)
        self.n_embd = int(llama_cpp.llama_model_n_embd(self.handle))
        self.n_trained = int(llama_cpp.llama_model_n_ctx_train(self.handle))
        self.n_vocab = int(llama_cpp.llama_vocab_n_tokens(self.vocab))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the file."""
        return file_sha256(self.path)

    @property
    def pooling(self) -> int:
        """How the vectors of a text's tokens become one: as the file says, or their mean where it does not."""
        said = self._said(f"{self._said('general.architecture')}.pooling_type")
        return (
            int(said) if said not in ("", str(llama_cpp.LLAMA_POOLING_TYPE_NONE)) else llama_cpp.LLAMA_POOLING_TYPE_MEAN
        )

    def _said(self, key: str) -> str:
        """What the file's head says under a key; "" if nothing."""
        buffer = ctypes.create_string_buffer(256)
        n = llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if n > 0 else ""

    def tokenize(self, text: str, *, add_special: bool, trusted: bool = False) -> list[int]:
        """Token ids of `text`; `add_special` adds the model's own start and end tokens.

        Only in `trusted` text do names of control tokens become control tokens.
        """
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        n = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, trusted)
        return list(tokens[:n])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for, perhaps a part of a character; none for a control token."""
        buffer = ctypes.create_string_buffer(256)
        n = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, n)]

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_model_free(self.handle)
            self.handle = None


class Context:
    """One model at work, with what it has read in its memory, by sequence, and one batch."""

    def __init__(
        self,
        model: Model,
        *,
        threads: int,
        n_ctx: int,
        n_batch: int,
        n_seq: int = 1,
        n_outputs: int = 0,
        embeddings: bool = False,
        kv_type: KvType = "f16",
    ) -> None:
        """Room for `n_ctx` tokens, a multiple of 256, `n_batch` at a time, of which `n_outputs` want one (0: all).

        Raises:
            ModelCorrupt: llama.cpp cannot set it up.
        """
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = n_batch  # llama.cpp aborts the process on a larger batch
        params.n_ubatch = n_batch if embeddings else min(n_batch, COMPUTED_AT_ONCE)
        params.n_outputs_max = n_outputs
        params.n_seq_max = n_seq
        params.n_threads = params.n_threads_batch = threads_for(model.path, threads)
        params.type_k = params.type_v = KV_TYPES[kv_type]
        params.embeddings = embeddings
        params.kv_unified = True
        params.no_perf = True
        if embeddings:
            params.pooling_type = model.pooling
        self.handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise ModelCorrupt(f"llama.cpp cannot set up a context for {model.path.name}: not enough memory?")
        self.n_ctx, self.n_batch = n_ctx, n_batch
        self.memory = llama_cpp.llama_get_memory(self.handle)
        self.stop = StopFlag()
        llama_cpp.llama_set_abort_callback(self.handle, self.stop.callback, self.stop.address)
        self._batch = llama_cpp.llama_batch_init(n_batch, 0, 1)

    def decode(self, rows: Iterable[tuple[int, int, int, bool]]) -> None:
        """Run (token, position, sequence, wants output) rows, at most `n_batch`, through the model in one batch."""
        batch = self._batch
        n = 0
        for n, (token, position, sequence, output) in enumerate(rows, start=1):
            if n > self.n_batch:
                raise ValueError(f"More than {self.n_batch} tokens in one batch.")
            i = n - 1
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = output
        batch.n_tokens = n
        self._run(batch)

    def append(self, tokens: Sequence[int]) -> None:
        """Run `tokens`, at most `n_batch`, through the model behind what sequence 0 holds; the last has an output."""
        held = (llama_cpp.llama_token * len(tokens))(*tokens)
        self._run(llama_cpp.llama_batch_get_one(held, len(tokens)))

    def _run(self, batch: llama_cpp.llama_batch) -> None:
        code = llama_cpp.llama_decode(self.handle, batch)
        if code == ABORTED:
            raise Interrupted("Stopped.")
        if code != 0:
            raise ModelCorrupt(f"llama.cpp stopped with code {code} on a batch of {batch.n_tokens} tokens.")

    def use_threads(self, threads: int) -> None:
        """Compute with so many from now on."""
        llama_cpp.llama_set_n_threads(self.handle, threads, threads)

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self.handle)
            self.handle = None
