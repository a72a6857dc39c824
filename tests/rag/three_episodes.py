"""A real index of three short episodes, and a gate that only looks at the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from rag.gate import Evidence, GateModel
from rag.index import Index
from rag.indexing import write_build
from rag.types import Episode, Library, Note
from tests.builders import passage
from tests.fakes import FakeEmbedder

NOTES = {
    "ines": ("Bees dance in the hive for ten seconds.", "The clover is worth a long flight.", "The mill stands idle."),
    "mara": ("Rye bread keeps for a week.", "The oven costs $3,000 a month.", "The mill grinds rye at night."),
    "tom": ("The moon pulls the tide.", "The tide is ahead of the wind."),
}
FIELDS = len(fields(Evidence))
BY_SCORE = GateModel(
    mean=(0,) * FIELDS,
    scale=(1,) * FIELDS,
    weights=tuple(20.0 if field.name == "score" else 0.0 for field in fields(Evidence)),
    bias=-8.0,
)


@contextmanager
def indexed(folder: Path, episodes: Sequence[Episode]) -> Iterator[Index]:
    """The notes under `episodes`, whose ids are those of NOTES, built in an empty folder and opened."""
    passages = [
        passage(text, id=f"{name}/{i}", episode_id=name, note_file=f"{name}.txt", position=i, seconds=600 * i)
        for name, texts in NOTES.items()
        for i, text in enumerate(texts)
    ]
    notes = tuple(Note(file=f"{n}.txt", sha256="0", kind="notes", author=None, reader="plain") for n in NOTES)
    built = Library(notes=notes, episodes=tuple(episodes), passages=tuple(passages))
    write_build(folder, built, {}, FakeEmbedder())
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    try:
        yield opened
    finally:
        opened.close()
