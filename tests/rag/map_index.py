"""An index of a dozen short notes in which a few things come up again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rag.index import Index
from rag.indexing import write_build
from rag.types import Episode, EpisodeEntry, Library, Note, Passage
from tests.builders import passage, word_salad
from tests.fakes import FakeEmbedder

EPISODES = {
    "bread": Episode(id="bread", show="Slow Crumb", title="Bread", guests=("Ines Carvalho",), date="2024-03-01"),
    "kraut": Episode(id="kraut", show="Slow Crumb", title="Cabbage", guests=("Ines Carvalho",), date="2023-11-05"),
    "venus": Episode(id="venus", show="Clear Sky", title="Venus", guests=("Mara Lindqvist",), date="2024-06-09"),
    "mars": Episode(id="mars", show="Clear Sky", title="Mars", guests=("Hiro Tanabe",), date="--07-01"),
    "static": Episode(id="static", show=None, title="Static"),
}
TEXTS = {
    "bread": (
        "The sourdough starter needs flour every day.",
        "A sourdough starter lives for years in the cold.",
        "Feed your sourdough starter before you bake the loaf.",
        "Lactic acid is what makes the crumb sour.",
        "A lot of people think the thing is hard.",
    ),
    "kraut": (
        "Lactic acid keeps the cabbage safe for months.",
        "The brine must cover the cabbage at all times.",
        "Without brine the cabbage grows mould.",
        "A sourdough starter and the brine have lactic acid alike.",
    ),
    "venus": (
        "The greenhouse effect heats the surface of Venus.",
        "Clouds of sulphur hide the surface and feed the greenhouse effect.",
        "A lot of people think the thing is a star.",
        "This episode is sponsored by Breadly. Breadly sells ovens. Use code CRUMB at breadly.com/crumb.",
        "Breadly sells ovens, and today's sponsor Breadly gives 10% off with the code CRUMB.",
    ),
    "mars": (
        "Mars has too little air for a greenhouse effect.",
        "The surface of Mars is dry.",
        "A lot of people think the thing is easy.",
    ),
    "static": tuple(word_salad(40, vocabulary=400)),  # what has nothing to do with anything
}


def passages(texts: Mapping[str, Sequence[str]] = TEXTS, **more: Any) -> list[Passage]:
    """A passage a text, ten minutes apart; those of `mars` have no minute."""
    return [
        passage(
            text,
            id=f"{name}/{i}",
            episode_id=name,
            note_file=f"{name}.txt",
            position=i,
            seconds=None if name == "mars" else 600 * i,
            **more,
        )
        for name, each in texts.items()
        for i, text in enumerate(each)
    ]


@contextmanager
def mapped(
    folder: Path,
    texts: Mapping[str, Sequence[str]] = TEXTS,
    *,
    held: Sequence[Passage] | None = None,
    episodes: Mapping[str, Episode] = MappingProxyType({}),
) -> Iterator[Index]:
    """The notes, built in an empty folder and opened; the hash of a note is that of its texts.

    `episodes`: those that are called otherwise than in EPISODES.
    """
    notes = tuple(
        Note(file=f"{name}.txt", sha256=str(hash(tuple(each))), kind="notes", author=None, reader="plain")
        for name, each in texts.items()
    )
    named = {**EPISODES, **episodes}
    folder.mkdir(parents=True, exist_ok=True)
    library = Library(
        notes=notes, episodes=tuple(_with_entry(named[name]) for name in texts), passages=tuple(held or passages(texts))
    )
    write_build(folder, library, {}, FakeEmbedder())
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    try:
        yield opened
    finally:
        opened.close()


def _with_entry(episode: Episode) -> Episode:
    entry = EpisodeEntry(
        note_file=f"{episode.id}.txt", line_start=1, line_end=9, show=episode.show, title=episode.title
    )
    return replace(episode, entries=(entry,), urls=(f"https://www.youtube.com/watch?v={episode.id:_<11}",))
