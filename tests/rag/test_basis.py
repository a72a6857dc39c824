"""What an answer rests on: the same after a change elsewhere in the notes, another one after one of what it cites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

import pytest

from rag.answer import Answerer
from rag.errors import QuestionError
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.indexing import write_build
from rag.types import Answer, Filter, Library, Note, Turn
from tests.builders import episode, passage
from tests.fakes import FakeEmbedder, FakeRanker

HONEY = "The queen bee lays two thousand eggs on a June day."
HIVE = "The queen bee is fed by others all day."
WAX = "A bee that is ten days old sweats wax."
MEAD = "Mead of June honey keeps for a day or for years; the bee lays no claim."
TIDES = "In June the longest day brings eggs of turtles to the beach."
OVEN = "A loaf is done when it sounds hollow from below."
NOTES = {"bees.md": (HONEY, HIVE), "wax.md": (WAX, MEAD), "sea.md": (TIDES,)}
QUESTION = "how many eggs does the queen bee lay on a June day"
FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)
OPEN = Thresholds(answer=0.0, closest=-1.0)
SHUT = Thresholds(answer=2.0, closest=-1.0)

Build = Callable[..., Answerer]


def library(notes: Mapping[str, tuple[str, ...]]) -> Library:
    """One episode a note, one passage a text."""
    return Library(
        notes=tuple(Note(file=f, sha256="0" * 64, kind="notes", author=None, reader="plain") for f in notes),
        episodes=tuple(episode(id=file, title=file.removesuffix(".md"), entries=()) for file in notes),
        passages=tuple(
            replace(passage(text, position=n), id=f"{file}#{n}", episode_id=file, note_file=file, line_start=n + 1)
            for file, texts in notes.items()
            for n, text in enumerate(texts)
        ),
    )


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """An answerer over notes as they are given."""
    with ExitStack() as stack:

        def built(notes: Mapping[str, tuple[str, ...]] = NOTES, **more: object) -> Answerer:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            write_build(folder, library(notes), {}, FakeEmbedder())
            index = Index(folder, embedder=FakeEmbedder().fingerprint)
            stack.callback(index.close)
            given = {"gate": GATE, "thresholds": OPEN, **more}
            return Answerer(index, FakeEmbedder(), FakeRanker(), **given)  # type: ignore[arg-type]

        yield built


def basis(answerer: Answerer) -> str:
    return answerer.basis(QUESTION)


def test_an_answer_is_known_by_what_it_rests_on(build: Build) -> None:
    result = build().ask(QUESTION)
    assert isinstance(result, Answer)
    assert result.basis == basis(build()) != ""


def test_a_note_elsewhere_changes_nothing(build: Build) -> None:
    """Five passages are looked at closely; here there are six, and the one that changes comes last."""
    notes = {**NOTES, "bread.md": (OVEN,)}
    changed = {**NOTES, "bread.md": ("Rye wants sourdough.",)}
    assert basis(build(notes)) == basis(build(changed)) == basis(build())


@pytest.mark.parametrize(
    "notes",
    [
        {**NOTES, "bees.md": (HONEY.replace("two", "three"), HIVE)},
        {**NOTES, "bees.md": (HIVE, HONEY)},  # it stands on another line
        {**NOTES, "bees.md": (HONEY, HIVE, "Swarms leave in May.")},  # what is around it
        {**NOTES, "new.md": ("On a June day the queen bee rests and does not lay.",)},  # something nearer
        {name: texts for name, texts in NOTES.items() if name != "bees.md"},
    ],
)
def test_another_text_place_or_neighbour_of_what_is_cited_changes_it(
    build: Build, notes: Mapping[str, tuple[str, ...]]
) -> None:
    assert basis(build(notes)) != basis(build())


def test_what_else_decides_an_answer_changes_it(build: Build) -> None:
    plain = build()
    bases = [
        basis(plain),
        basis(build(thresholds=SHUT)),
        basis(build(models=("another",))),
        plain.basis("how many eggs does the queen bee lay in May"),
        plain.basis("and how many eggs?", history=[Turn(question="the queen bee")]),
        plain.basis(QUESTION, filters=[Filter(kind="episode", label="bees.md", hard=True)]),
    ]
    assert len(set(bases)) == len(bases)


def test_what_cannot_be_asked_has_no_basis(build: Build) -> None:
    with pytest.raises(QuestionError):
        build().basis("???")
