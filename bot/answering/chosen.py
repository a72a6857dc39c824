"""Which models the settings choose, and which embedder the index that is there was built with.

Loads llama.cpp only when something is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.settings import Settings
from rag.build import current_build, read_manifest
from rag.errors import IndexProblem, ModelError
from rag.index import check_servable
from rag.models.catalog import Chosen, Role, choose, load_catalog
from rag.models.prompted import OpenEmbedder, PromptedEmbedder, prompted_fingerprint
from rag.models.remote_embedder import RemoteEmbedder, endpoint_fingerprint, is_endpoint
from rag.phrase import Phrase
from rag.reading.library import READER_VERSION

ANEW = Phrase(
    "Another embedder is chosen now, {now}: all texts are embedded anew, beside the index that was built with {before}."
)
OLDER = Phrase("This Footnote reads notes otherwise than the one before: they are indexed anew, beside that index.")
MEANWHILE = Phrase("That one answers until this is done.")
UNKNOWN = Phrase("one that is not there any more")


def chosen_model(settings: Settings, role: Role) -> Chosen:
    """The embedder or the language model of the settings.

    Raises:
        ModelError, ModelMissing, ModelCorrupt: there is no such model, it is not on disk, or it is damaged.
    """
    if role == "embed" and is_endpoint(settings.embedder):
        address = settings.embedder
        name = address.rpartition("#")[2] or "an endpoint"
        return Chosen(name=name, path=Path(), sha256=endpoint_fingerprint(address), endpoint=address)
    return choose(settings.embedder if role == "embed" else settings.model, role, settings.models)


def fingerprint_of(chosen: Chosen) -> str:
    """What vectors of a chosen embedder are known by."""
    return prompted_fingerprint(chosen.sha256, chosen.question_prefix, chosen.text_prefix)


def embedder_fingerprint(settings: Settings) -> str:
    """What an index is to be built with. Raises as `chosen_model` does."""
    return fingerprint_of(chosen_model(settings, "embed"))


def open_embedder(settings: Settings, chosen: Chosen | None = None) -> OpenEmbedder:
    """Load `chosen`, or what the settings choose. Raises as `chosen_model` does, and EndpointAway."""
    from rag.models.llama import LlamaEmbedder

    chosen = chosen or chosen_model(settings, "embed")
    if chosen.endpoint:
        return RemoteEmbedder(chosen.endpoint, api_key=settings.embedder_key.get_secret_value())
    loaded = LlamaEmbedder(chosen.path, threads=settings.threads)
    if not chosen.question_prefix and not chosen.text_prefix:
        return loaded
    return PromptedEmbedder(loaded, question_prefix=chosen.question_prefix, text_prefix=chosen.text_prefix)


def serving_embedder(settings: Settings) -> Chosen:
    """The embedder that the serving index was built with, if it is on disk; else what the settings choose.

    Raises as `chosen_model` does.
    """
    built = _built_with(settings)
    chosen = chosen_model(settings, "embed")
    if built in ("", fingerprint_of(chosen)):
        return chosen
    return next((other for other in _on_disk(settings) if fingerprint_of(other) == built), chosen)


def embedded_anew(settings: Settings) -> str:
    """What to tell the owner where the index is of another embedder than the settings choose; "" where it is not."""
    built, chosen = _built_with(settings), chosen_model(settings, "embed")
    if built in ("", fingerprint_of(chosen)):
        return ""
    serving = serving_embedder(settings)
    return ANEW.format(now=chosen.name, before=UNKNOWN if serving == chosen else serving.name)


def built_anew(settings: Settings) -> str:
    """What to tell the owner where all of the index is built anew, whatever the notes are now; "" where it is not."""
    return embedded_anew(settings) or (OLDER if _has_other_readers(settings) else "")


def serves_meanwhile(settings: Settings) -> bool:
    """Whether the index, though of another embedder than is chosen or of an older Footnote, can be served till then."""
    serving = serving_embedder(settings)
    if serving == chosen_model(settings, "embed") and not _has_other_readers(settings):
        return False
    try:
        check_servable(read_manifest(current_build(settings.data)), embedder=fingerprint_of(serving))
    except IndexProblem:
        return False
    return True


def _has_other_readers(settings: Settings) -> bool:
    """Whether the serving index was made by another version of the readers."""
    try:
        return read_manifest(current_build(settings.data)).reader_version != READER_VERSION
    except IndexProblem:
        return False


def _built_with(settings: Settings) -> str:
    """The embedder of the serving index; "" where there is none, or it cannot be read."""
    try:
        return read_manifest(current_build(settings.data)).embedder
    except IndexProblem:
        return ""


def _on_disk(settings: Settings) -> Iterator[Chosen]:
    """Every embedder of the catalogue that is there and sound."""
    for entry in load_catalog():
        if entry.role == "embed":
            with suppress(ModelError):
                yield choose(entry.name, "embed", settings.models)
