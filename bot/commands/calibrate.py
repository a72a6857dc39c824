"""`footnote calibrate`: measure the thresholds on the owner's own index, and say what came out."""

from __future__ import annotations

import sys

from bot.assistant import starter_model
from bot.settings import Settings
from rag.answer import Answerer
from rag.calibrate import calibrate
from rag.calibration import Calibration, save_calibration
from rag.gate import Thresholds, load_gate_model
from rag.index import open_index
from rag.indexing import Progress
from rag.llama import LlamaEmbedder
from rag.types import Embedder


def run_calibrate(settings: Settings) -> int:
    """Calibrate the serving index and print the outcome. Raises ModelError, IndexProblem."""
    embedder = LlamaEmbedder(starter_model(settings.models, "embed"), threads=settings.threads)
    try:
        sys.stdout.write(describe(calibrate_index(settings, embedder)) + "\n")
    finally:
        embedder.close()
    return 0


def calibrate_index(settings: Settings, embedder: Embedder, *, progress: Progress | None = None) -> Calibration:
    """Calibrate the serving index and keep the outcome beside it."""
    index = open_index(settings.data, embedder=embedder.fingerprint)
    try:
        gate_open = Thresholds(answer=1.0, closest=1.0)  # calibration looks at probabilities, not at outcomes
        answerer = Answerer(index, embedder, None, gate=load_gate_model(), thresholds=gate_open)
        calibration = calibrate(index, embedder, answerer, progress=progress)
    finally:
        index.close()
    save_calibration(index.folder, calibration)
    return calibration


def describe(calibration: Calibration) -> str:
    """The outcome in words."""
    c = calibration
    return (
        f"{c.trials} trial questions made from your notes: {c.answered_with:.0%} are answered, "
        f"and {c.answered_without:.0%} would be with their passage taken out.\n"
        f"{c.off_topic} everyday questions: {c.off_topic_answered:.0%} are answered.\n"
        f"Thresholds: an answer from p {c.answer:.3f}, the closest notes from cosine {c.closest:.3f}."
    )
