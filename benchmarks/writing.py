"""How fast the language model writes, beside the shortest loop over llama.cpp, and how soon it begins and stops."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

from benchmarks.bare import BareWriter
from benchmarks.costs import seconds
from benchmarks.report import Aim, Figure, quantiles
from bot.answering.assistant import starter_model
from bot.settings import Settings
from rag.errors import Interrupted
from rag.models.llama import LlamaGenerator
from rag.protocols import Message

GROUP = "Writing"
TOKENS = 100
DECODING = Aim(limit=0.95, at_least=True)
STORY = "Tell me a long story about a lighthouse, a storm and a lost dog."
CANCELS = 5
WORDS = ("moon", "tide", "sea", "bread", "rye", "bee", "dance", "clover", "hive", "train", "bunk", "sleep")


def measure_writing(settings: Settings, *, rounds: int) -> list[Figure]:
    """Figures of the starter model; the best of `rounds` where speeds are compared. Call it in a fresh process."""
    path = starter_model(settings.models, "rank/write")
    with (
        closing(LlamaGenerator(path, threads=settings.threads)) as generator,
        closing(BareWriter(path, threads=settings.threads)) as bare,
    ):
        return [_rate(generator, bare, rounds), *_prefix(generator), *_cancels(generator)]


def _rate(generator: LlamaGenerator, bare: BareWriter, rounds: int) -> Figure:
    """Tokens a second once it writes, round after round, so that other work on the machine meets both."""
    prompt = f"<|im_start|>user\n{STORY}<|im_end|>\n<|im_start|>assistant\n"
    pairs = [
        (
            tokens_a_second(generator.generate(_asked(STORY), max_tokens=TOKENS)),
            tokens_a_second(bare.write(prompt, TOKENS)),
        )
        for _ in range(rounds)
    ]
    ours, theirs = zip(*pairs, strict=True)
    return Figure(
        group=GROUP,
        name=f"{TOKENS} tokens",
        value=max(ours),
        unit="tokens/s",
        baseline=max(theirs),
        against="llama_decode and a greedy sampler in a loop",
        aim=DECODING,
    )


def tokens_a_second(pieces: Iterable[object]) -> float:
    """Of pieces that are a token each, from the first to the last."""
    times = [time.perf_counter() for _ in pieces]
    return (len(times) - 1) / (times[-1] - times[0])


def _asked(text: str, system: str = "") -> list[Message]:
    return [Message(role="system", text=system or "You help."), Message(role="user", text=text)]


def _prefix(generator: LlamaGenerator) -> Iterator[Figure]:
    """Time to the first token: of a prompt that is new, and of one that begins like the one before."""
    system = _nonsense(700)
    fresh, alike = (seconds(_first, generator, _asked(f"{question}?", system)) for question in ("Why", "Who"))
    name = f"first token of a prompt of {generator.count_tokens(_asked('Who?', system)):,} tokens"
    yield Figure(group=GROUP, name=name, value=fresh, unit="s")
    yield Figure(group=GROUP, name=f"{name}, begun like the last", value=alike, unit="s")


def _first(generator: LlamaGenerator, messages: list[Message]) -> None:
    list(generator.generate(messages, max_tokens=1))


def _nonsense(words: int, seed: int = 7) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))  # noqa: S311  # a sample, not a secret


def _cancels(generator: LlamaGenerator) -> Iterator[Figure]:
    """From a cancel to its effect, while a new prompt is read and while text is written."""
    reading = [_cancel(generator, _asked(_nonsense(2_000, seed))) for seed in range(CANCELS)]
    writing = [_cancel(generator, _asked(STORY)) for _ in range(CANCELS)]
    yield from quantiles(GROUP, "a cancel while it reads", reading, "ms")
    yield from quantiles(GROUP, "a cancel while it writes", writing, "ms")


def _cancel(generator: LlamaGenerator, messages: list[Message], after: float = 0.3) -> float:
    """Milliseconds that a cancel takes, `after` so many seconds."""
    cancel, at = threading.Event(), [time.perf_counter()]

    def fire() -> None:
        at[0] = time.perf_counter()
        cancel.set()

    timer = threading.Timer(after, fire)
    timer.start()
    try:
        list(generator.generate(messages, max_tokens=500, cancelled=cancel.is_set))
    except Interrupted:
        return 1000 * (time.perf_counter() - at[0])
    timer.cancel()
    raise RuntimeError("It was done before it could be cancelled.")
