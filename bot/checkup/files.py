"""Are Footnote's files in order: settings, models, notes, index, and what the bot remembers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bot.answering.chosen import chosen_model, embedder_fingerprint
from bot.checkup import Check, Examine
from bot.checkup.machine import owner_only
from bot.settings import Settings
from bot.state.store import read_store, state_path
from rag.build import check_parts, current_build, read_manifest
from rag.collection import indexed
from rag.errors import NotesError
from rag.index import check_manifest
from rag.indexing import is_current
from rag.models.catalog import choose, exact, find, load_catalog, model_path, read_pin, verify


def checks(settings: Settings) -> list[tuple[str, Examine]]:
    """Everything on the disk that an answer needs."""
    return [
        ("models", partial(models, settings)),
        ("notes", partial(notes, settings)),
        ("index", partial(index, settings)),
        *((f"index of {name}", partial(index, settings, name)) for name in indexed(settings.data)),
        ("database", partial(database, settings)),
        ("file modes", partial(modes, settings)),
    ]


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
    return Check(name="models", outcome="ok", what=f"{', '.join(sorted(chosen))}: whole, and what they should be.")


def notes(settings: Settings) -> Check:
    """Whether the notes folder can be read, and the index is of what stands there now. Raises NotesError."""
    folder = settings.notes
    if not folder.is_dir():
        raise NotesError(f"There is no notes folder {folder}.", remedy="Name yours as FOOTNOTE_NOTES in .env.")
    if is_current(folder, settings.data, embedder=embedder_fingerprint(settings)):
        return Check(name="notes", outcome="ok", what=f"{folder} is indexed as it is now.")
    what = f"{folder} is not indexed as it is now."
    return Check(name="notes", outcome="look", what=what, remedy="It will be at the next start; or now: footnote index")


def index(settings: Settings, collection: str | None = None) -> Check:
    """Whether the index that serves is whole, and made by this version. Raises IndexProblem, ModelError."""
    build = current_build(settings.of(collection).data)
    manifest = read_manifest(build)
    check_parts(build, manifest.parts)
    check_manifest(manifest, embedder=embedder_fingerprint(settings))
    what = f"{manifest.passages:,} passages from {len(manifest.files):,} files, built by this version of the readers."
    return Check(name=f"index of {collection}" if collection else "index", outcome="ok", what=what)


def database(settings: Settings) -> Check:
    """Whether what the bot remembers is whole and of this version. Raises StateError."""
    path = state_path(settings.data)
    if not path.exists():
        return Check(name="database", outcome="ok", what="The bot remembers nothing yet; it makes its memory itself.")
    with read_store(path) as store:
        size = sum(p.stat().st_size for p in path.parent.iterdir() if p.is_file())
        return Check(name="database", outcome="ok", what=f"Whole, at version {store.version()}, {size / 1e6:.1f} MB.")


def modes(settings: Settings) -> Check:
    """Whether others on this machine may read what is private."""
    return owner_only({"settings": Path(".env"), "memory": state_path(settings.data).parent})
