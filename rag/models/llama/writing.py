"""Lets a model write: prompt in, pieces of text out. Keeps what it has read for the next prompt that begins alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import llama_cpp

from rag.errors import Interrupted
from rag.models.llama.context import Context, Model, StopFlag
from rag.models.memory import COMPUTED_AT_ONCE, KvType
from rag.protocols import Cancelled

POLL_SECONDS = 0.02
SEED = 7
LIKELIEST = 40  # of so many words one is drawn, where the temperature is not 0


class WritingContext:
    """A context that writes. Its memory is its own, so that ranking with the same model does not disturb it."""

    def __init__(self, model: Model, *, n_ctx: int, threads: int, kv_type: KvType, temperature: float) -> None:
        """Room for `n_ctx` tokens. Raises ModelCorrupt."""
        self._model = model
        self._temperature = temperature
        self._context = Context(
            model,
            threads=threads,
            n_ctx=n_ctx,
            n_batch=COMPUTED_AT_ONCE,
            n_outputs=1,
            kv_type=kv_type,
        )
        self._read: list[int] = []
        self._turn = 0

    def pieces(
        self, prompt: Sequence[int], max_tokens: int, *, cancelled: Cancelled | None, deadline: float | None
    ) -> Iterator[bytes]:
        """The bytes of one token after the other, until the model ends its turn. Raises Interrupted."""
        self._turn += 1
        turn = self._turn
        context = self._context
        with _watched(context.stop, cancelled, deadline), _sampler(self._temperature) as sampler:
            self._prefill(prompt)
            for written in range(max_tokens):
                if turn != self._turn:
                    raise RuntimeError("Another text was begun with the same model before this one was done.")
                token = llama_cpp.llama_sampler_sample(sampler, context.handle, -1)
                if llama_cpp.llama_vocab_is_eog(self._model.vocab, token):
                    return
                yield self._model.piece(token)
                if written + 1 < max_tokens:
                    self._append([token])

    def _prefill(self, prompt: Sequence[int]) -> None:
        """Read `prompt`, less what it has in common with what was read before."""
        known = next((i for i, (a, b) in enumerate(zip(self._read, prompt, strict=False)) if a != b), None)
        if known is None:
            known = min(len(self._read), len(prompt))
        self._forget_from(min(known, len(prompt) - 1))
        for start in range(len(self._read), len(prompt), COMPUTED_AT_ONCE):
            self._append(prompt[start : start + COMPUTED_AT_ONCE])

    def _forget_from(self, position: int) -> None:
        """A model with a running state instead of a memory of each token has to start anew."""
        if not llama_cpp.llama_memory_seq_rm(self._context.memory, 0, position, -1):
            llama_cpp.llama_memory_clear(self._context.memory, True)
            position = 0
        del self._read[position:]

    def _append(self, tokens: Sequence[int]) -> None:
        if self._context.stop:
            raise Interrupted("Stopped.")
        self._context.append(tokens)
        self._read.extend(tokens)

    def close(self) -> None:
        self._context.close()


@contextmanager
def _watched(stop: StopFlag, cancelled: Cancelled | None, deadline: float | None) -> Iterator[None]:
    """Set `stop` from a thread of its own as soon as the user gives up or time is over."""
    done = threading.Event()

    def over() -> bool:
        return bool(cancelled and cancelled()) or (deadline is not None and time.monotonic() >= deadline)

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            if over():
                stop.set()
                return

    stop.clear()
    if over():
        raise Interrupted("Stopped.")
    watcher = threading.Thread(target=watch, name="stop watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def _sampler(temperature: float) -> Iterator[llama_cpp.llama_sampler_p]:
    """The likeliest word each time; at a temperature above 0, one of the likely ones, the same on every run."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    steps = [llama_cpp.llama_sampler_init_greedy()]
    if temperature > 0:
        steps = [
            llama_cpp.llama_sampler_init_top_k(LIKELIEST),
            llama_cpp.llama_sampler_init_temp(temperature),
            llama_cpp.llama_sampler_init_dist(SEED),
        ]
    for step in steps:
        llama_cpp.llama_sampler_chain_add(chain, step)
    try:
        yield chain
    finally:
        llama_cpp.llama_sampler_free(chain)
