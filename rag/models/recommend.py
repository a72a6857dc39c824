"""Which models of the catalogue suit a machine, and why, in numbers.

The numbers are estimates from what the machine has and from two measured rates; `footnote models try` measures. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from rag.models.catalog import TIERS, ModelEntry
from rag.models.machine import Gpu, Machine
from rag.phrase import Phrase

PROMPT_TOKENS = 700  # of passages and question; the rules before them are computed once
ANSWER_TOKENS = 100
PATIENCE = 60.0  # seconds after which writing is stopped
CORE_FLOPS = 38e9  # a second; the starter read 285 tokens/s on two cores: 2 x 135 million operations each
OF_BANDWIDTH = 0.25  # of what one core reads, each thread gets through so much: the starter wrote 108 tokens/s with two
READERS = 4  # threads after which memory is no faster on a common processor
BESIDE = 600_000_000  # bytes that the bot, its index and the embedder take
GPU_SPARE = 500_000_000  # bytes that a screen and the driver take

Verdict = Literal["yes", "slow", "memory", "disk", "prompt"]


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What is to be said of one language model on a machine.

    Attributes:
        verdict: "yes", or what speaks against it.
        gpu: the card it would be computed on; None for the processor.
        tokens_per_second: while it writes, about; None on a GPU, where nothing was measured.
        seconds: for an answer, about; None on a GPU.
    """

    entry: ModelEntry
    verdict: Verdict
    gpu: Gpu | None
    tokens_per_second: float | None
    seconds: float | None


def advise(
    machine: Machine,
    entries: Sequence[ModelEntry],
    *,
    threads: int,
    gpu_build: bool,
    held: AbstractSet[str] = frozenset(),
) -> list[Advice]:
    """Every language model that writes, in the catalogue's order.

    Args:
        threads: that the model would be computed with.
        gpu_build: whether llama.cpp was built for a GPU; without it the cards do not count.
        held: names of models whose file is on the disk already, and needs no more room there.
    """
    cards = machine.gpus if gpu_build else ()
    return [
        _advice(machine, entry, threads, cards, held=entry.name in held)
        for entry in entries
        if entry.role == "rank/write"
    ]


def best(advice: Sequence[Advice]) -> Advice | None:
    """The first model of the highest tier that suits; None where none does."""
    suiting = [each for each in advice if each.verdict == "yes"]
    return max(suiting, key=lambda each: TIERS.index(each.entry.tier), default=None)


def _advice(machine: Machine, entry: ModelEntry, threads: int, cards: Sequence[Gpu], *, held: bool) -> Advice:
    need = entry.memory * 1_000_000
    card = next((gpu for gpu in cards if gpu.memory >= need + GPU_SPARE), None)
    rate = OF_BANDWIDTH * min(threads, READERS) * machine.bandwidth / entry.bytes  # a token takes every weight once
    reading = PROMPT_TOKENS * 2e6 * entry.parameters_m / (CORE_FLOPS * threads)
    seconds = reading + ANSWER_TOKENS / rate
    verdict: Verdict = "yes"
    if entry.own_prompt:
        verdict = "prompt"
    elif not held and entry.bytes > machine.disk:
        verdict = "disk"
    elif card is None and machine.free_memory is not None and need + BESIDE > machine.free_memory:
        verdict = "memory"
    elif card is None and seconds > PATIENCE:
        verdict = "slow"
    if card:
        return Advice(entry=entry, verdict=verdict, gpu=card, tokens_per_second=None, seconds=None)
    return Advice(entry=entry, verdict=verdict, gpu=None, tokens_per_second=rate, seconds=seconds)


def reason(advice: Advice, machine: Machine) -> str:
    """Why, in a sentence with the numbers."""
    entry = advice.entry
    if advice.verdict == "prompt":
        return Phrase("it was taught a prompt of its own, and Footnote asks in another way")
    if advice.verdict == "disk":
        full = Phrase("its file has {size} GB, {free} GB are free on the disk")
        return full.format(size=_gb(entry.bytes), free=_gb(machine.disk))
    if advice.verdict == "memory":
        need = entry.memory * 1_000_000 + BESIDE
        large = Phrase("it takes {need} GB of memory with the bot, {free} GB are free")
        return large.format(need=_gb(need), free=_gb(machine.free_memory or 0))
    if advice.gpu:
        card = Phrase("it fits into the {size} GB of {card}")
        return card.format(size=_gb(advice.gpu.memory), card=advice.gpu.name)
    seconds = round(advice.seconds or 0.0)
    if advice.verdict == "slow":
        late = Phrase("an answer would take about {n} s on this processor, and writing is stopped after {most} s")
        return late.format(n=seconds, most=round(PATIENCE))
    runs = Phrase("an answer would take about {n} s on this processor, in {size} GB of memory")
    return runs.format(n=seconds, size=_gb(entry.memory * 1_000_000))


def _gb(size: int) -> float:
    return round(size / 1e9, 1)
