"""What one index is served with: the models, which all indexes share, and what searches that index alone.

Knows nothing of Discord or of the terminal, nor of which other indexes there are. For the thread that owns the models.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bot import added
from bot.answering.chosen import chosen_model, fingerprint_of, open_embedder, serving_embedder
from bot.answering.engines import OpenRanker, open_local, open_ranker, open_writer, style_of
from bot.answering.vectors import server_of
from bot.settings import Settings
from rag.answer import Answerer
from rag.browse import Browser
from rag.build import current_build
from rag.calibration import calibration_of
from rag.errors import EndpointAway
from rag.gate import load_gate_model
from rag.index import Index, open_index
from rag.models.catalog import Chosen, Role, load_catalog, model_path, verify
from rag.models.llama import LlamaGenerator
from rag.models.prompted import OpenEmbedder
from rag.phrase import Phrase
from rag.pipeline import Answers
from rag.protocols import Generator
from rag.topics.joining import Joiner
from rag.topics.summary import Summarizer
from rag.topics.survey import Surveyor
from rag.writing.aptitude import Level, level

log = logging.getLogger(__name__)

SEARCH = Phrase("Search")
ORDER = Phrase("Order of what was found")
WRITING = Phrase("Writing")
LOOK_AGAIN_SECONDS = 300.0  # an endpoint that may not write yet, or is away, is looked at so often and no oftener


class Models:
    """The models that the settings choose, each loaded once.

    Attributes:
        ranker: orders what was found.
        writer: what writes; None: answers are the notes' own words.
        looked: when an endpoint was looked for last, by `time.monotonic()`.
    """

    def __init__(self, settings: Settings) -> None:
        """Load what answers need beside the embedder. Raises ModelError."""
        self._settings = settings
        self._embedders: dict[str, OpenEmbedder] = {}
        with ExitStack() as undo:
            self.ranker = open_ranker(settings) or open_local(settings, starter_model(settings.models, "rank/write"))
            undo.callback(self.ranker.close)
            self.writer = trusted_writer(settings, self.ranker)
            self.looked = time.monotonic()
            undo.pop_all()

    def embedder(self, chosen: Chosen) -> OpenEmbedder:
        """An embedder, loaded unless it is. Raises ModelError."""
        fingerprint = fingerprint_of(chosen)
        if fingerprint not in self._embedders:
            self._embedders[fingerprint] = open_embedder(self._settings, chosen)
        return self._embedders[fingerprint]

    def keep(self, used: Iterable[OpenEmbedder]) -> None:
        """Let go of the embedders that are not among these."""
        fingerprints = {embedder.fingerprint for embedder in used}
        for fingerprint in self._embedders.keys() - fingerprints:
            self._embedders.pop(fingerprint).close()

    def look_for_endpoint(self, *, after: float = 0.0) -> bool:
        """Whether an endpoint writes from now on that was away, or had not shown that it can.

        It is looked for unless it has been within `after` seconds.
        """
        due = time.monotonic() - self.looked > after
        if self.writer or not self._settings.writer.endpoint or not due:
            return False
        self.looked = time.monotonic()
        self.writer = trusted_writer(self._settings, self.ranker)
        return self.writer is not None

    def named(self, embedder: str) -> list[tuple[str, str]]:
        """What each model is for, and what it is called; `embedder`: the name of the one that is used."""
        used: list[tuple[str, str]] = [(SEARCH, embedder), (ORDER, self.ranker.name)]
        return [*used, *([(WRITING, self.writer.name)] if self.writer else [])]

    def known_by(self, embedder: OpenEmbedder) -> list[str]:
        """The fingerprints of those that make an answer, with that embedder."""
        used = (embedder, self.ranker, self.writer)
        return [model.fingerprint for model in used if model]

    def close(self) -> None:
        """Free them."""
        self.keep(())
        self.ranker.close()
        if isinstance(self.writer, LlamaGenerator) and self.writer is not self.ranker:
            self.writer.close()


class Serving:
    """One index and what answers from it.

    Attributes:
        index: the newest when it was last looked for.
        embedder: that it was built with.
    """

    def __init__(self, settings: Settings, models: Models) -> None:
        """Open the newest index of the settings' data. Raises ModelError, IndexProblem."""
        self._settings = settings
        self._models = models
        self._open()

    def _open(self) -> None:
        chosen = serving_embedder(self._settings)
        embedder = self._models.embedder(chosen)
        with ExitStack() as undo:
            server = server_of(self._settings)
            index = open_index(self._settings.data, embedder=embedder.fingerprint, server=server)
            undo.callback(index.close)
            self._calibration = calibration_of(index.folder)
            undo.pop_all()
        self._chosen, self.index, self.embedder = chosen, index, embedder
        self.use_models()

    def use_models(self) -> None:
        """Answer with the models as they are now."""
        self._answerer = Answerer(
            self.index,
            self.embedder,
            self._models.ranker,
            gate=load_gate_model(),
            thresholds=self._calibration.thresholds(self._settings.answers),
            multilingual=self._chosen.multilingual,
            writer=self._models.writer,
            style=style_of(self._settings, self._models.writer),
            models=self._models.known_by(self.embedder),
        )
        self.summarizer = Summarizer(self.index, self.embedder, joiner=self._joiner())
        self.surveyor = Surveyor(self.index, self.embedder, added=self._added)
        self.browser = Browser(
            self.index, self.embedder, models=self._models.named(self._chosen.path.stem or self._chosen.name)
        )

    def _joiner(self) -> Joiner | None:
        """What joins the quotes of a topic; None where no model may use words of its own."""
        writer = self._models.writer
        style = style_of(self._settings, writer)
        return Joiner(self.index, writer, style) if writer and not style.trims else None

    def _added(self) -> dict[str, str]:
        return added.days(self._settings.notes, (note.file for note in self.index.notes))

    def answerer(self, answers: Answers | None = None) -> Answerer:
        """What answers so readily; None: as the settings have it."""
        if answers is None:
            return self._answerer
        return self._answerer.weighing(self._calibration.thresholds(answers))

    def is_newest(self) -> bool:
        """Whether no other build serves by now. Raises IndexProblem."""
        return current_build(self._settings.data) == self.index.folder

    def reload(self) -> None:
        """Serve the newest index and its thresholds. Raises IndexProblem, and the one before still serves."""
        if not self.is_newest():
            before = self.index
            self._open()
            before.close()
            return
        calibration = calibration_of(self.index.folder)
        if calibration != self._calibration:
            self._calibration = calibration
            self.use_models()

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()


def trusted_writer(settings: Settings, ranker: OpenRanker) -> Generator | None:
    """What writes, if only by leaving words of the notes out, once it has shown that it can.

    See `footnote models try`. None: answers are the notes' own words. A local model that may not write is not loaded
    for it.
    """
    if settings.writer.endpoint:
        return _trusted_endpoint(settings)
    chosen = chosen_model(settings, "rank/write")
    if level(settings.models, chosen.sha256) < Level.CHOOSE:
        return None
    if isinstance(ranker, LlamaGenerator) and chosen.sha256 == ranker.fingerprint:
        return ranker
    return open_local(settings, chosen.path, ranks=False)


def _trusted_endpoint(settings: Settings) -> Generator | None:
    writer = open_writer(settings)
    try:
        return writer if writer and level(settings.models, writer.fingerprint) >= Level.CHOOSE else None
    except EndpointAway as error:
        log.warning("answers are the notes' own words: %s", error)
        return None


def starter_model(models: Path, role: Role) -> Path:
    """The starter model for a role, checked. Raises ModelMissing or ModelCorrupt."""
    entry = next(entry for entry in load_catalog() if entry.role == role and entry.starter)
    path = model_path(models, entry)
    verify(entry, path)
    return path


__all__ = ["LOOK_AGAIN_SECONDS", "Index", "Models", "Serving", "starter_model", "trusted_writer"]
