"""Opens everything a question needs, once: models, index, thresholds. What the faces talk to.

Knows nothing of Discord or of the terminal. Synchronous; one thread owns it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bot.chosen import chosen_model, fingerprint_of, open_embedder, serving_embedder
from bot.engines import open_local, open_writer
from bot.settings import Settings
from rag.answer import Answerer
from rag.aptitude import Level, level
from rag.browse import Browser
from rag.build import current_build
from rag.calibration import calibration_of
from rag.catalog import Role, load_catalog, model_path, verify
from rag.certainty import Answers
from rag.errors import EndpointAway, IndexMissing
from rag.gate import Thresholds, load_gate_model
from rag.index import Index, open_index
from rag.llama import LlamaGenerator
from rag.prompted import OpenEmbedder
from rag.protocols import NOBODY, Cancelled, Generator, Watch
from rag.topics import Summarizer
from rag.types import Answer, Earlier, Episode, Filter, NotCovered, TopicSummary

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 300.0  # an endpoint that may not write yet, or is away, is looked at so often and no oftener


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An index with what it is served with."""

    embedder: OpenEmbedder
    index: Index
    thresholds: Thresholds
    multilingual: bool
    embedder_name: str

    def close(self) -> None:
        """Let go of index and embedder."""
        self.index.close()
        self.embedder.close()


class LocalAssistant:
    """An `Assistant` over the models and the index on this machine."""

    def __init__(self, settings: Settings) -> None:
        """Load the models and open the index. Raises ModelError, IndexProblem."""
        self._settings = settings
        self._answers = settings.answers
        self._gone: IndexMissing | None = None
        with ExitStack() as undo:  # a worker tries again and again: what failed to open must not stay in memory
            opened = self._open()
            undo.callback(opened.close)
            self.ranker = open_local(settings, starter_model(settings.models, "rank/write"))
            undo.callback(self.ranker.close)
            self.writer = trusted_writer(settings, self.ranker)
            self._looked = time.monotonic()
            undo.pop_all()
        self._serve(opened)

    def _open(self, held: OpenEmbedder | None = None) -> Opened:
        """The newest index with the embedder it was built with: the one that is held, if that is it."""
        chosen = serving_embedder(self._settings)
        with ExitStack() as undo:
            embedder = held
            if embedder is None or embedder.fingerprint != fingerprint_of(chosen):
                embedder = open_embedder(self._settings, chosen)
                undo.callback(embedder.close)
            index = open_index(self._settings.data, embedder=embedder.fingerprint)
            undo.callback(index.close)
            thresholds = self._thresholds_of(index)
            undo.pop_all()
        return Opened(
            embedder=embedder,
            index=index,
            thresholds=thresholds,
            multilingual=chosen.multilingual,
            embedder_name=chosen.path.stem,
        )

    def _thresholds_of(self, index: Index) -> Thresholds:
        return calibration_of(index.folder).thresholds(self._answers)

    def _serve(self, opened: Opened) -> None:
        self._opened = opened
        self.embedder, self.index, self.thresholds = opened.embedder, opened.index, opened.thresholds
        self.answerer = Answerer(
            self.index,
            self.embedder,
            self.ranker,
            gate=load_gate_model(),
            thresholds=self.thresholds,
            multilingual=opened.multilingual,
            writer=self.writer,
        )
        self.summarizer = Summarizer(self.index, self.embedder)
        self._browser = Browser(self.index, self.embedder, models=self._models(opened))

    def _models(self, opened: Opened) -> list[tuple[str, str]]:
        """What each model is for, and what it is called."""
        used = [("Search", opened.embedder_name), ("Order of what was found", self.ranker.name)]
        return [*used, *([("Writing", self.writer.name)] if self.writer else [])]

    def reload(self) -> None:
        """Serve the newest index and its thresholds from now on; a model stays loaded unless the index wants another.

        Raises IndexProblem, and the one before still serves; but IndexMissing means that nothing may be served, and
        is what every question gets until there is an index again.
        """
        self._look_for_endpoint()
        try:
            if current_build(self._settings.data) == self.index.folder and not self._gone:
                self._weigh_anew(self._thresholds_of(self.index))
                return
            opened = self._open(self.embedder)
        except IndexMissing as error:
            self._gone = error
            raise
        before = self._opened
        self._serve(opened)
        self._gone = None
        before.index.close()
        if before.embedder is not opened.embedder:
            before.embedder.close()

    def _look_for_endpoint(self) -> None:
        """Have an endpoint write from now on that was away, or had not shown that it can, when last looked at."""
        if self.writer is None and self._settings.writer.endpoint:
            self._looked = time.monotonic()
            self.writer = trusted_writer(self._settings, self.ranker)
            if self.writer:
                self._serve(self._opened)

    def weigh(self, answers: Answers | None) -> None:
        """Answer so readily from now on; None: as the settings have it."""
        wanted = answers or self._settings.answers
        if wanted != self._answers:
            self._answers = wanted
            self._weigh_anew(self._thresholds_of(self.index))

    def _weigh_anew(self, thresholds: Thresholds) -> None:
        """Serve the same index with thresholds that have been measured meanwhile."""
        if thresholds != self.thresholds:
            self._serve(replace(self._opened, thresholds=thresholds))

    def _check(self) -> None:
        if self._gone:
            raise self._gone

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        """Answer from the notes. Raises QuestionError, Interrupted."""
        self._check()
        if time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
            self._look_for_endpoint()
        return self.answerer.ask(question, history=history, filters=filters, cancelled=cancelled, watch=watch)

    def topic(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """What all episodes say about a topic. Raises QuestionError, Interrupted."""
        self._check()
        return self.summarizer.summarize(topic, cancelled=cancelled)

    def episodes(self) -> Sequence[Episode]:
        """Every episode, by show and date."""
        return self.browse().overview().episodes

    def browse(self) -> Browser:
        """What can be looked up in the index that serves now. Raises IndexMissing where nothing may be served."""
        self._check()
        return self._browser

    def close(self) -> None:
        """Free the models and the index."""
        self._opened.close()
        self.ranker.close()
        if isinstance(self.writer, LlamaGenerator) and self.writer is not self.ranker:
            self.writer.close()


def trusted_writer(settings: Settings, ranker: LlamaGenerator) -> Generator | None:
    """What writes, if it has shown that it can; see `footnote models try`. None: answers are the notes' own words.

    A local model that may not write is not loaded for it.
    """
    if settings.writer.endpoint:
        return _trusted_endpoint(settings)
    chosen = chosen_model(settings, "rank/write")
    if level(settings.models, chosen.sha256) < Level.WRITE:
        return None
    return ranker if chosen.sha256 == ranker.fingerprint else open_local(settings, chosen.path, ranks=False)


def _trusted_endpoint(settings: Settings) -> Generator | None:
    writer = open_writer(settings)
    try:
        return writer if writer and level(settings.models, writer.fingerprint) >= Level.WRITE else None
    except EndpointAway as error:
        log.warning("answers are the notes' own words: %s", error)
        return None


def open_assistant(settings: Settings) -> LocalAssistant:
    """Load everything. Raises ModelError or IndexProblem, each naming the command that mends it."""
    return LocalAssistant(settings)


def starter_model(models: Path, role: Role) -> Path:
    """The starter model for a role, checked. Raises ModelMissing or ModelCorrupt."""
    entry = next(entry for entry in load_catalog() if entry.role == role and entry.starter)
    path = model_path(models, entry)
    verify(entry, path)
    return path
