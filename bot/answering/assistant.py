"""Opens everything a question needs, once: models, indexes, thresholds. What the faces talk to.

Knows nothing of Discord or of the terminal. Synchronous; one thread owns it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from bot.answering.engines import OpenRanker
from bot.answering.serving import LOOK_AGAIN_SECONDS, Models, Serving, starter_model
from bot.settings import Settings
from rag.answer import Answerer
from rag.browse import Browser
from rag.errors import IndexCorrupt, IndexMissing, IndexProblem, StoreAway
from rag.index import Index
from rag.map_types import TopicSummary
from rag.models.prompted import OpenEmbedder
from rag.pipeline import Answers
from rag.protocols import NOBODY, Cancelled, Generator, Watch
from rag.topics.survey import Surveyor
from rag.types import Answer, Earlier, Episode, Filter, NotCovered

__all__ = ["LOOK_AGAIN_SECONDS", "Kept", "LocalAssistant", "open_assistant", "starter_model"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class LocalAssistant:
    """An `Assistant` over the models and the indexes on this machine.

    Each collection has an index of its own, opened when it is first asked for.
    """

    def __init__(self, settings: Settings) -> None:
        """Load the models and open the index of all notes. Raises ModelError, IndexProblem."""
        self._settings = settings
        self._gone: IndexMissing | None = None
        self._collections: dict[str, Serving] = {}
        with ExitStack() as undo:  # a worker tries again and again: what failed to open must not stay in memory
            self._models = Models(settings)
            undo.callback(self._models.close)
            self._all = Serving(settings, self._models)
            undo.pop_all()

    @property
    def index(self) -> Index:
        """Of all notes."""
        return self._all.index

    @property
    def answerer(self) -> Answerer:
        """From all notes, as readily as the settings have it."""
        return self._all.answerer()

    @property
    def embedder(self) -> OpenEmbedder:
        """That the index of all notes was built with."""
        return self._all.embedder

    @property
    def ranker(self) -> OpenRanker:
        """What orders passages."""
        return self._models.ranker

    @property
    def writer(self) -> Generator | None:
        """What writes; None: answers are the notes' own words."""
        return self._models.writer

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Kept:
        """The same over one collection alone, or, with None, over all notes; see `Assistant`."""
        return Kept(self, collection, answers)

    def serving(self, collection: str | None) -> Serving:
        """What a collection is served with, or all notes. Raises IndexProblem."""
        if self._models.look_for_endpoint(after=LOOK_AGAIN_SECONDS):
            self._use_models()
        if collection is None:
            if self._gone:
                raise self._gone
            return self._all
        if collection not in self._collections:
            self._collections[collection] = Serving(self._settings.of(collection), self._models)
        return self._collections[collection]

    def reload(self) -> None:
        """Serve the newest indexes and their thresholds; a model stays loaded unless an index wants another.

        Raises IndexProblem, and the one before still serves; but IndexMissing means that nothing of all notes may be
        served, and is what every question gets until there is an index again.
        """
        if self._models.look_for_endpoint():
            self._use_models()
        try:
            self._reload_collections()
            self._all.reload()
            self._gone = None
        except IndexMissing as error:
            self._gone = error
            raise
        finally:
            self._models.keep(serving.embedder for serving in (self._all, *self._collections.values()))

    def _reload_collections(self) -> None:
        """One that fails costs only itself: it is opened anew when it is asked something, and says then what it is."""
        for name, serving in list(self._collections.items()):
            try:
                serving.reload()
            except StoreAway as error:
                log.warning("a collection is served as it was before: %s", error)
            except IndexProblem as error:
                log.warning("a collection cannot be served: %s", error)
                self._collections.pop(name).close()

    def _use_models(self) -> None:
        for serving in (self._all, *self._collections.values()):
            serving.use_models()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        """Answer from all notes. Raises QuestionError, Interrupted."""
        return self.of(None).ask(question, history=history, filters=filters, cancelled=cancelled, watch=watch)

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        """What an answer from all notes would rest on. Raises QuestionError."""
        return self.of(None).basis(question, history=history, filters=filters)

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        """What all episodes say about a topic. Raises QuestionError, Interrupted."""
        return self.of(None).topic(topic, points=points, cancelled=cancelled, watch=watch)

    def episodes(self) -> Sequence[Episode]:
        """Every episode, by show and date."""
        return self.of(None).episodes()

    def browse(self) -> Browser:
        """What can be looked up in the index that serves now. Raises IndexMissing where nothing may be served."""
        return self.of(None).browse()

    def survey(self) -> Surveyor:
        """The map of all notes. Raises IndexMissing where nothing may be served."""
        return self.of(None).survey()

    def close(self) -> None:
        """Free the models and the indexes."""
        for serving in (self._all, *self._collections.values()):
            serving.close()
        self._models.close()


class Kept:
    """An assistant that is kept to one collection; None: to all notes."""

    def __init__(self, whole: LocalAssistant, collection: str | None, answers: Answers | None) -> None:
        self._whole = whole
        self._collection = collection
        self._answers = answers

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Kept:
        """Kept to another one."""
        return self._whole.of(collection, answers=answers)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        """Answer from these notes. Raises QuestionError, Interrupted, IndexProblem."""
        return self._from_the_newest(
            lambda serving: serving.answerer(self._answers).ask(
                question, history=history, filters=filters, cancelled=cancelled, watch=watch
            )
        )

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        """What an answer from these notes would rest on. Raises QuestionError, IndexProblem."""
        return self._from_the_newest(
            lambda serving: serving.answerer(self._answers).basis(question, history=history, filters=filters)
        )

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        """What their episodes say about a topic. Raises QuestionError, Interrupted, IndexProblem."""
        return self._from_the_newest(
            lambda serving: serving.summarizer.summarize(topic, points=points, cancelled=cancelled, watch=watch)
        )

    def _from_the_newest(self, asked: Callable[[Serving], T]) -> T:
        """What is found; once more where another process has replaced the index, and removed what this one held."""
        serving = self._whole.serving(self._collection)
        try:
            return asked(serving)
        except IndexCorrupt:
            if serving.is_newest():
                raise
            self._whole.reload()
            return asked(self._whole.serving(self._collection))

    def episodes(self) -> Sequence[Episode]:
        """Their episodes, by show and date."""
        return self.browse().overview().episodes

    def browse(self) -> Browser:
        """What can be looked up in their index. Raises IndexProblem."""
        return self._whole.serving(self._collection).browser

    def survey(self) -> Surveyor:
        """The map of these notes. Raises IndexProblem."""
        return self._whole.serving(self._collection).surveyor

    def reload(self) -> None:
        """Of the whole."""
        self._whole.reload()

    def close(self) -> None:
        """Of the whole."""
        self._whole.close()


def open_assistant(settings: Settings) -> LocalAssistant:
    """Load everything. Raises ModelError or IndexProblem, each naming the command that mends it."""
    return LocalAssistant(settings)
