"""How long a question takes, part by part, and how much memory the bot holds; each part against its bare library."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.bare import BareDecoder, BareEmbedder
from benchmarks.costs import resident_mib, seconds
from benchmarks.report import Aim, Figure, quantiles
from bot.answering.assistant import LocalAssistant, open_assistant, starter_model
from bot.settings import Settings
from rag import rank
from rag.answer import HITS, Retrieved
from rag.fields import in_context
from rag.types import Hit

GROUP = "Asking"
MEMORY_AFTER = 50  # questions
RETRIEVAL = Aim(limit=2.0)


def measure_asking(settings: Settings, questions: Sequence[str]) -> list[Figure]:
    """Figures for warm questions, and the memory held afterwards. Call it in a fresh process."""
    assistant = open_assistant(settings)
    try:
        assistant.ask(questions[0])  # what is done once is not part of any figure
        whole = [seconds(assistant.ask, question) for question in questions]
        for i in range(MEMORY_AFTER - len(questions)):
            assistant.ask(questions[i % len(questions)])
        memory = resident_mib()
        found = [assistant.answerer.retrieve(question) for question in questions]
        return [
            *_retrieval(assistant, settings, questions),
            *_ranking(assistant, settings, found),
            *quantiles(GROUP, "whole answer or refusal", milliseconds(whole), "ms"),
            _memory(memory, max(MEMORY_AFTER, len(questions)), settings.models),
        ]
    finally:
        assistant.close()


def milliseconds(values: Sequence[float]) -> list[float]:
    """Seconds as milliseconds."""
    return [1000 * value for value in values]


def _retrieval(assistant: LocalAssistant, settings: Settings, questions: Sequence[str]) -> Iterator[Figure]:
    """Embedding the question and finding passages, against the bare model and numpy over the same vectors."""
    bare = BareEmbedder(starter_model(settings.models, "embed"), threads=settings.threads)
    vectors = assistant.index.store.vectors(range(assistant.index.manifest.vectors))
    ours, theirs = [], []
    for question in questions:
        ours.append(seconds(assistant.answerer.retrieve, question))
        theirs.append(seconds(bare.nearest, question, vectors, HITS))
    bare.close()
    name = f"retrieval over {len(assistant.index.passages):,} passages"
    return quantiles(
        GROUP,
        name,
        milliseconds(ours),
        "ms",
        baselines=milliseconds(theirs),
        against="Llama.embed and exact numpy",
        aims={50: RETRIEVAL, 95: RETRIEVAL},
    )


def _ranking(assistant: LocalAssistant, settings: Settings, found: Sequence[Retrieved]) -> Iterator[Figure]:
    """The language model's say, against decoding the same tokens with the bare library."""
    bare = BareDecoder(starter_model(settings.models, "rank/write"), threads=settings.threads)
    ours: list[float] = []
    theirs: list[float] = []
    tokens = 0
    for one in found:
        started = time.perf_counter()
        hits = assistant.answerer.ranked(one)
        ours.append(time.perf_counter() - started)
        rows = [bare.tokenize(text) for text in _ranked_texts(assistant, one, hits)]
        tokens += sum(map(len, rows))
        theirs.append(seconds(bare.decode, rows))
    bare.close()
    yield from quantiles(GROUP, f"ranking {rank.RANKED} passages", milliseconds(ours), "ms")
    yield Figure(
        group=GROUP,
        name="ranking rate",
        value=tokens / sum(ours),
        unit="tokens/s",
        baseline=tokens / sum(theirs),
        against="Llama.eval, same tokens",
    )


def _ranked_texts(assistant: LocalAssistant, found: Retrieved, hits: Sequence[Hit]) -> list[str]:
    """What the language model read of the hits that it ranked, without the examples that it keeps."""
    ranked = [hit.passage for hit in hits if hit.log_likelihood is not None]
    contexts = [rank.context(in_context(passage, assistant.index.episode_of(passage))) for passage in ranked]
    return [context + rank.continuation(found.searched) for context in contexts]


def _memory(mib: float, questions: int, models: Path) -> Figure:
    size = sum(starter_model(models, role).stat().st_size for role in ("embed", "rank/write")) / 2**20
    return Figure(
        group=GROUP,
        name=f"memory held after {questions} questions",
        value=mib,
        unit="MiB",
        baseline=size,
        against="the model files, which are mapped into it",
    )
