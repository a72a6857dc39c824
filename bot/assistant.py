"""Opens everything a question needs, once: models, index, thresholds. What the faces talk to.

Knows nothing of Discord or of the terminal. Synchronous; one thread owns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.settings import Settings
from rag.answer import Answerer
from rag.build import current_build
from rag.calibration import calibration_of
from rag.catalog import Role, load_catalog, model_path, verify
from rag.errors import IndexMissing
from rag.gate import Thresholds, load_gate_model
from rag.index import Index, open_index
from rag.llama import LlamaEmbedder, LlamaGenerator
from rag.protocols import Cancelled
from rag.topics import Summarizer
from rag.types import Answer, Earlier, Episode, NotCovered, TopicSummary


class LocalAssistant:
    """An `Assistant` over the models and the index on this machine."""

    def __init__(self, settings: Settings) -> None:
        """Load the models and open the index. Raises ModelError, IndexProblem."""
        self._data = settings.data
        self._answers = settings.answers
        self._gone: IndexMissing | None = None
        with ExitStack() as undo:  # a worker tries again and again: what failed to open must not stay in memory
            self.embedder = LlamaEmbedder(starter_model(settings.models, "embed"), threads=settings.threads)
            undo.callback(self.embedder.close)
            index, thresholds = self._open()
            undo.callback(index.close)
            self.ranker = LlamaGenerator(starter_model(settings.models, "rank/write"), threads=settings.threads)
            undo.pop_all()
        self._serve(index, thresholds)

    def _open(self) -> tuple[Index, Thresholds]:
        index = open_index(self._data, embedder=self.embedder.fingerprint)
        try:
            return index, calibration_of(index.folder).thresholds(self._answers)
        except BaseException:
            index.close()
            raise

    def _serve(self, index: Index, thresholds: Thresholds) -> None:
        self.index, self.thresholds = index, thresholds
        self.answerer = Answerer(index, self.embedder, self.ranker, gate=load_gate_model(), thresholds=self.thresholds)
        self.summarizer = Summarizer(index, self.embedder)

    def reload(self) -> None:
        """Serve the newest index and its thresholds from now on; the models stay loaded.

        Raises IndexProblem, and the one before still serves; but IndexMissing means that nothing may be served, and
        is what every question gets until there is an index again.
        """
        try:
            if current_build(self._data) == self.index.folder and not self._gone:
                self._weigh_anew(calibration_of(self.index.folder).thresholds(self._answers))
                return
            opened = self._open()
        except IndexMissing as error:
            self._gone = error
            raise
        before = self.index
        self._serve(*opened)
        self._gone = None
        before.close()

    def _weigh_anew(self, thresholds: Thresholds) -> None:
        """Serve the same index with thresholds that have been measured meanwhile."""
        if thresholds != self.thresholds:
            self._serve(self.index, thresholds)

    def _check(self) -> None:
        if self._gone:
            raise self._gone

    def ask(
        self, question: str, *, history: Sequence[Earlier] = (), cancelled: Cancelled | None = None
    ) -> Answer | NotCovered:
        """Answer from the notes. Raises QuestionError, Interrupted."""
        self._check()
        return self.answerer.ask(question, history=history, cancelled=cancelled)

    def topic(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """What all episodes say about a topic. Raises QuestionError, Interrupted."""
        self._check()
        return self.summarizer.summarize(topic, cancelled=cancelled)

    def episodes(self) -> Sequence[Episode]:
        """Every episode, by show and date."""
        self._check()
        return sorted(self.index.episodes.values(), key=lambda e: (e.show or "", e.date or "", e.title))

    def close(self) -> None:
        """Free the models and the index."""
        self.index.close()
        self.ranker.close()
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
