"""Another embedder: every text is embedded beside the index that serves, which is replaced only when that is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag import build as layout
from rag.errors import IndexMismatch
from rag.index import open_index
from rag.indexing import build_index
from rag.models.prompted import PromptedEmbedder, prompted_fingerprint
from rag.probe import check
from tests.builders import FILES, write_notes
from tests.fakes import FakeEmbedder

BEFORE, NOW = "a" * 64, "b" * 64
QUESTION = "Which tower is built of slate?"
LONG = " ".join(
    f"The tower of {place} was built of {stone}, and it took {n} years until it had a roof."
    for n, place, stone in (
        (3, "Aldern", "granite"),
        (5, "Brock", "slate"),
        (7, "Cray", "flint"),
        (9, "Dunmore", "chalk"),
        (11, "Esk", "basalt"),
    )
)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    notes = write_notes(tmp_path / "notes", {**FILES, "towers.md": f"# Towers\n\n- {LONG}\n"})
    build_index(notes, tmp_path / "data", FakeEmbedder(fingerprint=BEFORE), check=check)
    yield tmp_path


def opens(root: Path, embedder: str) -> bool:
    try:
        open_index(root / "data", embedder=embedder).close()
    except IndexMismatch:
        return False
    return True


def test_the_index_before_serves_until_the_new_one_does(root: Path) -> None:
    served: list[bool] = []
    stages: list[tuple[str, int, int]] = []
    embedder = FakeEmbedder(fingerprint=NOW, before=lambda _texts: served.append(opens(root, BEFORE)))
    report = build_index(
        root / "notes", root / "data", embedder, check=check, progress=lambda *stage: stages.append(stage)
    )
    assert served
    assert all(served)
    assert report.embedded == len(set(embedder.texts)) > 0, "no vector of the embedder before is taken over"
    done = [done for stage, done, _ in stages if stage == "Embedding"]
    assert done[-1] == report.embedded
    assert opens(root, NOW)
    assert not opens(root, BEFORE)


def test_a_failure_in_the_middle_leaves_the_index_before(root: Path) -> None:
    def fail(_texts: Sequence[str]) -> None:
        raise RuntimeError("out of luck")

    before = layout.current_build(root / "data")
    with pytest.raises(RuntimeError):
        build_index(root / "notes", root / "data", FakeEmbedder(fingerprint=NOW, before=fail), check=check)
    assert layout.current_build(root / "data") == before
    assert opens(root, BEFORE)


def test_thresholds_measured_with_the_embedder_before_do_not_last(root: Path) -> None:
    """They are shares of another embedder's cosines."""
    from rag.calibration import DUE_FROM, is_calibrated

    build_index(root / "notes", root / "data", FakeEmbedder(fingerprint=NOW), check=check)
    assert not is_calibrated(root / "data", changed_below=DUE_FROM)


def test_a_prefix_stands_before_questions_and_another_before_texts() -> None:
    inner = FakeEmbedder(fingerprint=BEFORE)
    embedder = PromptedEmbedder(inner, question_prefix="query: ", text_prefix="text: ")
    embedder.embed(["Bees dance."])
    embedder.embed(["What do bees do?"], questions=True)
    assert inner.calls == [["text: Bees dance."], ["query: What do bees do?"]]
    assert inner.asked == ["query: What do bees do?"]
    assert embedder.dimension == inner.dimension
    assert embedder.fingerprint == prompted_fingerprint(BEFORE, "query: ", "text: ") != BEFORE


def test_what_is_searched_for_is_embedded_as_a_question_and_what_is_quoted_as_a_text(root: Path) -> None:
    from rag.answer import Answerer
    from rag.gate import Thresholds, load_gate_model

    embedder = FakeEmbedder(fingerprint=BEFORE)
    index = open_index(root / "data", embedder=BEFORE)
    try:
        everything = Thresholds(answer=0.0, closest=0.0)
        answerer = Answerer(index, embedder, None, gate=load_gate_model(), thresholds=everything)
        answerer.ask(QUESTION)
    finally:
        index.close()
    assert embedder.asked == [QUESTION]
    assert len(embedder.texts) > len(embedder.asked), "the spans to quote are texts"
