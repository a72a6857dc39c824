"""From the notes that come with Footnote to cited answers, with the real starter models and real Chroma."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.commands.index import build, refresh
from bot.json_face import ask_json
from bot.settings import Settings
from rag.build import current_build
from rag.errors import IndexCorrupt, IndexMismatch, IndexMissing, Interrupted
from rag.models.llama import LlamaEmbedder
from rag.types import Answer, Citation, NotCovered
from tests.builders import write_notes
from tests.conftest import KNOWLEDGE, MODELS, ROOT, THREADS

pytestmark = pytest.mark.models

# Each question with words that must stand in the first or second quote, and the file they stand in.
ANSWERABLE = [
    ("Why is Venus hotter than Mercury?", "carbon dioxide|air", "clear-sky-venus"),
    ("How hot is the surface of Venus?", "464", "clear-sky-venus"),
    ("How long does Venus take to turn once?", "243", "clear-sky-venus"),
]
OFF_TOPIC = [
    "Who won the football world cup?",
    "How do I change the tyre of a bicycle?",
    "What is the capital gains tax in Portugal?",
]


def citations(result: Answer | NotCovered) -> tuple[Citation, ...]:
    return result.citations if isinstance(result, Answer) else result.closest


def stands_in_its_file(citation: Citation) -> None:
    """The quote is to the byte what stands in the note, on the lines it says."""
    data = (KNOWLEDGE / citation.note_file).read_bytes()
    assert citation.quote.encode() in data
    lines = data.decode().splitlines()[citation.line_start - 1 : citation.line_end]
    assert citation.quote in "\n".join(lines)


@pytest.mark.parametrize(("question", "words", "file"), ANSWERABLE)
def test_what_stands_in_the_notes_is_found_first(
    assistant: LocalAssistant, question: str, words: str, file: str
) -> None:
    result = assistant.ask(question)
    shown = citations(result)
    assert isinstance(result, Answer)
    assert any(word in citation.quote for citation in shown[:2] for word in words.split("|"))
    assert shown[0].note_file.startswith(file)
    for citation in shown:
        stands_in_its_file(citation)


@pytest.mark.parametrize("question", OFF_TOPIC)
def test_what_does_not_is_refused(assistant: LocalAssistant, question: str) -> None:
    result = assistant.ask(question)
    assert isinstance(result, NotCovered)
    assert result.reason
    assert result.absent_words


def test_a_minute_in_one_note_and_the_link_in_another_make_one_citation(assistant: LocalAssistant) -> None:
    shown = citations(assistant.ask("What did the Venera landers see on Venus?"))
    linked = [citation for citation in shown if citation.seconds is not None and citation.url]
    assert linked
    for citation in linked:
        assert citation.url is not None
        assert str(citation.seconds) in citation.url


def test_the_same_question_has_the_same_answer(assistant: LocalAssistant) -> None:
    one, other = (assistant.ask("How hot is the surface of Venus?") for _ in range(2))
    assert citations(one) == citations(other)
    assert one.p_answerable == pytest.approx(other.p_answerable)


def test_a_follow_up_is_understood_from_the_question_before(assistant: LocalAssistant) -> None:
    result = assistant.ask("why is it so hot?", history=["What is Venus like?"])
    assert "Venus" in result.searched
    assert citations(result)[0].note_file.startswith("clear-sky-venus")


def test_a_cancelled_question_stops(assistant: LocalAssistant) -> None:
    with pytest.raises(Interrupted):
        assistant.ask("How hot is the surface of Venus?", cancelled=lambda: True)


def test_every_episode_is_listed(assistant: LocalAssistant) -> None:
    listed = assistant.episodes()
    assert len(listed) == len({episode.id for episode in listed}) >= 6
    assert [(e.show or "", e.date or "") for e in listed] == sorted((e.show or "", e.date or "") for e in listed)


def test_a_fast_enough_answer(assistant: LocalAssistant) -> None:
    timings = assistant.ask("How hot is the surface of Venus?").timings_ms
    assert timings["embed"] + timings["search"] < 2_000
    assert timings["total"] < 20_000


@pytest.fixture(scope="module")
def few(embedder: LlamaEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three short notes, indexed; the tests below spoil the index and mend it."""
    root = tmp_path_factory.mktemp("few")
    settings = Settings(notes=write_notes(root / "notes"), data=root / "data", models=MODELS, threads=THREADS)
    build(settings, rebuild=False)
    return settings


def test_without_an_index_the_command_is_named(few: Settings, tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="Run: footnote index"):
        LocalAssistant(few.model_copy(update={"data": tmp_path}))


def test_what_was_built_but_not_calibrated_is_calibrated_before_the_next_question(few: Settings) -> None:
    """A kill between the two would otherwise have left an index that answers nothing."""
    (current_build(few.data) / "calibration.json").unlink()
    with pytest.raises(IndexMismatch, match="Run: footnote calibrate"):
        LocalAssistant(few)
    refresh(few)
    LocalAssistant(few).close()


def test_the_remedy_of_a_damaged_index_is_true(few: Settings) -> None:
    (current_build(few.data) / "passages.jsonl").unlink()
    with pytest.raises(IndexCorrupt, match="Run: footnote index"):
        LocalAssistant(few)
    assert "vectors computed" in build(few, rebuild=False)
    assert "nothing had changed" in build(few, rebuild=False)
    LocalAssistant(few).close()


def test_what_fails_to_open_does_not_stay_in_memory(indexed: Settings, tmp_path: Path) -> None:
    """A worker opens the assistant again at every question; the models of each failed try used to stay."""
    broken = indexed.model_copy(update={"data": tmp_path})

    def megabytes() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    if not Path("/proc/self/statm").is_file():
        pytest.skip("this system does not say how much memory is used")
    grown = []
    for _ in range(5):
        with pytest.raises(IndexMissing):
            LocalAssistant(broken)
        grown.append(megabytes())
    assert grown[-1] - grown[0] < 100


def test_the_command_answers_and_refuses(indexed: Settings) -> None:
    """The whole program, as typed."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")},
        "FOOTNOTE_MODELS": str(MODELS),
    }
    arguments = ["ask", ANSWERABLE[1][0], "--json", "--notes", str(indexed.notes), "--data", str(indexed.data)]
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "464" in json.loads(done.stdout)["citations"][0]["quote"]


def test_the_answer_as_json_holds_the_same_quotes(assistant: LocalAssistant) -> None:
    result = assistant.ask("How hot is the surface of Venus?")
    assert [c["quote"] for c in ask_json(result)["citations"]] == [c.quote for c in citations(result)]


def test_the_index_is_unchanged_for_a_second_build(indexed: Settings, embedder: LlamaEmbedder) -> None:
    assert "nothing had changed" in build(indexed, rebuild=False)
