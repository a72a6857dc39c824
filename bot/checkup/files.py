"""Are Footnote's files in order: settings, models, notes, index, and what the bot remembers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bot.answering.chosen import chosen_model, embedder_fingerprint
from bot.answering.vectors import server_of
from bot.checkup import Check, Examine
from bot.checkup.machine import FILE_MODES, owner_only
from bot.settings import Settings
from bot.state.store import read_store, state_path
from rag.build import VECTORS, check_parts, current_build, read_manifest
from rag.collection import indexed
from rag.errors import NotesError
from rag.index import check_manifest
from rag.indexing import is_current
from rag.models.catalog import choose, exact, find, load_catalog, model_path, read_pin, verify
from rag.phrase import Phrase
from rag.store import VectorStore, elsewhere

MODELS, NOTES, INDEX, DATABASE = Phrase("models"), Phrase("notes"), Phrase("index"), Phrase("database")


def checks(settings: Settings) -> list[tuple[str, Examine]]:
    """Everything on the disk that an answer needs."""
    return [
        (MODELS, partial(models, settings)),
        (NOTES, partial(notes, settings)),
        *((_index_of(name), partial(index, settings, name)) for name in (None, *indexed(settings.data))),
        (DATABASE, partial(database, settings)),
        (FILE_MODES, partial(modes, settings)),
    ]


def _index_of(collection: str | None) -> Phrase:
    return Phrase("index of {name}").format(name=collection) if collection else INDEX


def models(settings: Settings) -> Check:
    """Hash every model that is used. Raises ModelError."""
    starters = {entry.name for entry in load_catalog() if entry.starter and entry.role == "rank/write"}
    chosen = {chosen_model(settings, "embed").name, settings.model, *starters}
    known = {entry.name for entry in load_catalog()}
    for name in chosen & known:
        entry = exact(find(name), read_pin(settings.models, find(name)))
        verify(entry, model_path(settings.models, entry), full=True)
    for path in chosen - known:
        choose(path, "rank/write" if path == settings.model else "embed", settings.models)
    sound = Phrase("{names}: whole, and what they should be.")
    return Check(name=MODELS, outcome="ok", what=sound.format(names=", ".join(sorted(chosen))))


def notes(settings: Settings) -> Check:
    """Whether the notes folder can be read, and the index is of what stands there now. Raises NotesError."""
    folder = settings.notes
    if not folder.is_dir():
        missing = Phrase("There is no notes folder {folder}.").format(folder=str(folder))
        raise NotesError(missing, remedy=Phrase("Name yours as FOOTNOTE_NOTES in .env."))
    if is_current(folder, settings.data, embedder=embedder_fingerprint(settings), server=server_of(settings)):
        same = Phrase("{folder} is indexed as it is now.").format(folder=str(folder))
        return Check(name=NOTES, outcome="ok", what=same)
    what = Phrase("{folder} is not indexed as it is now.").format(folder=str(folder))
    remedy = Phrase("It will be at the next start; or now: footnote index")
    return Check(name=NOTES, outcome="look", what=what, remedy=remedy)


def index(settings: Settings, collection: str | None = None) -> Check:
    """Whether the index that serves is whole, here and on its server, and made by this version.

    Raises IndexProblem, ModelError.
    """
    build = current_build(settings.of(collection).data)
    manifest = read_manifest(build)
    check_parts(build, manifest.parts)
    check_manifest(manifest, embedder=embedder_fingerprint(settings))
    if elsewhere(build / VECTORS):
        VectorStore.open(build / VECTORS, expected=manifest.vectors, server=server_of(settings)).close()
    what = Phrase("{passages} passages from {files} files, built by this version of the readers.")
    counted = what.format(passages=manifest.passages, files=len(manifest.files))
    return Check(name=_index_of(collection), outcome="ok", what=counted)


def database(settings: Settings) -> Check:
    """Whether what the bot remembers is whole and of this version. Raises StateError."""
    path = state_path(settings.data)
    if not path.exists():
        nothing = Phrase("The bot remembers nothing yet; it makes its memory itself.")
        return Check(name=DATABASE, outcome="ok", what=nothing)
    with read_store(path) as store:
        size = sum(p.stat().st_size for p in path.parent.iterdir() if p.is_file())
        whole = Phrase("Whole, at version {version}, {size} MB.")
        said = whole.format(version=store.version(), size=round(size / 1e6, 1))
        return Check(name=DATABASE, outcome="ok", what=said)


def modes(settings: Settings) -> Check:
    """Whether others on this machine may read what is private."""
    return owner_only({"settings": Path(".env"), "memory": state_path(settings.data).parent})
