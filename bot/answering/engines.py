"""Opens the language model as the settings say: the local one, which ranks and writes, or servers for either.

Says what memory it takes before it is loaded. Knows nothing of notes, and of a model only how far it is trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from bot.settings import Settings
from rag.errors import ModelError
from rag.models.catalog import load_catalog, model_path
from rag.models.llama import RANK_CONTEXT, LlamaGenerator, offloads
from rag.models.memory import EngineOptions, available_memory, check_fits, memory_need
from rag.models.remote import RemoteGenerator
from rag.models.remote_ranker import RemoteRanker
from rag.models.threads import is_busy, store_threads, stored_threads
from rag.protocols import Generator, Ranker
from rag.writing.aptitude import Level, level
from rag.writing.prompt import SENTENCES, Style

log = logging.getLogger(__name__)


def engine_options(settings: Settings) -> EngineOptions:
    """How the settings want a local model loaded."""
    return EngineOptions(
        gpu_layers=None if settings.gpu_layers == "auto" else int(settings.gpu_layers),
        context_tokens=settings.context_tokens,
        kv_type=settings.kv_type,
        mmap=settings.mmap,
    )


def open_local(
    settings: Settings, path: Path, *, ranks: bool = True, available: Callable[[], int | None] = available_memory
) -> LlamaGenerator:
    """The language model at `path`, which `ranks` or only writes; `available` says how many bytes are free.

    Raises:
        NotEnoughMemory: it does not fit into what is free; told before it is loaded.
        ModelMissing, ModelCorrupt: there is no such file, or llama.cpp cannot load it.
    """
    options = engine_options(settings)
    need = memory_need(path, options, ranking_tokens=RANK_CONTEXT if ranks else 0)
    log.info("%s needs about %s", path.name, need or "an unknown amount of memory")
    if not on_gpu(options):  # how much of it stays outside the card's own memory is for llama.cpp to say
        check_fits(path, need, available())
    return LlamaGenerator(path, threads=settings.threads or stored_threads(settings.models) or 0, options=options)


def on_gpu(options: EngineOptions) -> bool:
    """Whether any layer is computed on a GPU."""
    return options.gpu_layers != 0 and offloads()


class OpenRanker(Ranker, Protocol):
    """A `Ranker` that holds something open, and by what an answer knows it."""

    @property
    def name(self) -> str:
        """What the owner calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """The sha256 of its weights, or server and model."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_ranker(settings: Settings) -> OpenRanker | None:
    """The server that orders passages; None where none is set, and a model here has to.

    Asks the server nothing yet: it may be away now and there later.
    """
    key = settings.ranker_key.get_secret_value()
    return RemoteRanker(settings.ranker, api_key=key) if settings.ranker else None


def open_writer(settings: Settings, local: LlamaGenerator | None = None) -> Generator | None:
    """What writes: the endpoint if one is set, or else the local model, which is already open because it ranks.

    Asks the endpoint nothing yet: it may be away now and there later. None: neither is there.
    """
    writer = settings.writer
    if not writer.endpoint:
        return local
    return RemoteGenerator(
        writer.endpoint,
        model=writer.model,
        api_key=writer.api_key.get_secret_value(),
        timeout_seconds=writer.timeout_seconds,
        context_tokens=settings.context_tokens,
    )


def style_of(settings: Settings, writer: Generator | None) -> Style:
    """How answers are written: as the settings want it, and without own words where the model may only choose."""
    trims = writer is not None and level(settings.models, writer.fingerprint) < Level.WRITE
    return Style(sentences=SENTENCES[settings.length], tone=settings.tone, trims=trims)


def settle_threads(settings: Settings, *, busy: Callable[[], bool] = is_busy) -> None:
    """Find out, in three seconds, with how many threads models compute best here.

    Unless it is set or known, the machine is `busy`, or the starter model is not there to find out with.
    """
    starter = next(entry for entry in load_catalog() if entry.role == "rank/write" and entry.starter)
    path = model_path(settings.models, starter)
    if settings.threads or stored_threads(settings.models) or not path.is_file() or busy():
        return
    with suppress(ModelError), closing(LlamaGenerator(path, n_ctx=256)) as model:
        threads = model.best_threads()
        log.info("computing with %d threads from now on", threads)
        store_threads(settings.models, threads)
