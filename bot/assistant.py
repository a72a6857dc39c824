"""Opens everything a question needs, once: models, index, thresholds. What the faces talk to.

Knows nothing of Discord or of the terminal. Synchronous; one thread owns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.settings import Settings
from rag.answer import Answerer
from rag.calibrate import load_calibration
from rag.catalog import Role, load_catalog, model_path, verify
from rag.gate import load_gate_model
from rag.index import Index, open_index
from rag.llama import LlamaEmbedder, LlamaGenerator
from rag.topics import Summarizer
from rag.types import Answer, Cancelled, Episode, NotCovered, TopicSummary


class LocalAssistant:
    """An `Assistant` over the models and the index on this machine."""

    def __init__(self, settings: Settings) -> None:
        """Load the models and open the index. Raises ModelError, IndexProblem."""
        with ExitStack() as undo:  # a worker tries again and again: what failed to open must not stay in memory
            self.embedder = LlamaEmbedder(starter_model(settings.models, "embed"), threads=settings.threads)
            undo.callback(self.embedder.close)
            self.index: Index = open_index(settings.data, embedder=self.embedder.fingerprint)
            undo.callback(self.index.close)
            self.thresholds = load_calibration(settings.data).thresholds
            self.generator = LlamaGenerator(starter_model(settings.models, "rank/write"), threads=settings.threads)
            undo.pop_all()
        self.answerer = Answerer(
            self.index, self.embedder, self.generator, gate=load_gate_model(), thresholds=self.thresholds
        )
        self.summarizer = Summarizer(self.index, self.embedder)

    def ask(
        self, question: str, *, history: Sequence[str] = (), cancelled: Cancelled | None = None
    ) -> Answer | NotCovered:
        """Answer from the notes. Raises QuestionError, Interrupted."""
        return self.answerer.ask(question, history=history, cancelled=cancelled)

    def topic(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """What all episodes say about a topic. Raises QuestionError, Interrupted."""
        return self.summarizer.summarize(topic, cancelled=cancelled)

    def episodes(self) -> Sequence[Episode]:
        """Every episode, by show and date."""
        return sorted(self.index.episodes.values(), key=lambda e: (e.show or "", e.date or "", e.title))

    def close(self) -> None:
        """Free the models and the index."""
        self.index.close()
        self.generator.close()
        self.embedder.close()


def open_assistant(settings: Settings) -> LocalAssistant:
    """Load everything. Raises ModelError or IndexProblem, each naming the command that mends it."""
    return LocalAssistant(settings)


def starter_model(models: Path, role: Role) -> Path:
    """The starter model for a role, checked. Raises ModelMissing or ModelCorrupt."""
    entry = next(entry for entry in load_catalog() if entry.role == role and entry.starter)
    path = model_path(models, entry)
    verify(entry, path)
    return path
