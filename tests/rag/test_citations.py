"""Citations are byte-exact, and their lines, minutes and links are those of the note."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.citations import cite
from rag.reading.library import read_library
from rag.sentences import sentence_spans
from rag.spans import best_span
from rag.types import Library, Passage
from tests.builders import BEES, TIDES, entry, episode, passage

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
SHARED = Path(__file__).parents[2] / "../shared"
VIDEO = "https://www.youtube.com/watch?v=BeesDance01"


def spans(piece: Passage) -> Iterator[tuple[int, int]]:
    """Whole, each run of sentences, what would be shown, and some runs of words."""
    sentences = sentence_spans(piece.text)
    yield 0, len(piece.text)
    yield from ((a, b) for i, (a, _) in enumerate(sentences) for _, b in sentences[i:])
    yield best_span(piece.text, lambda texts: list(range(len(texts))))
    chance = random.Random(len(piece.text))
    starts = [i for i, c in enumerate(piece.text) if c != " " and (i == 0 or piece.text[i - 1] == " ")]
    for _ in range(10):
        first, last = sorted((chance.choice(starts), chance.choice(starts)))
        yield first, len(piece.text[: last + 1]) + len(piece.text[last + 1 :].split(" ")[0])


def every_citation_is_exact(folder: Path, library: Library) -> int:
    """Check every span of every passage against the bytes of its file; how many there were."""
    texts = {note.file: (folder / note.file).read_bytes().decode(note.encoding) for note in library.notes}
    for note in library.notes:
        assert texts[note.file].encode(note.encoding) == (folder / note.file).read_bytes()
    lines = {file: text.replace("\r\n", "\n").split("\n") for file, text in texts.items()}
    episodes = {episode.id: episode for episode in library.episodes}
    count = 0
    for piece in library.passages:
        for span in spans(piece):
            citation = cite(1, piece, span, episodes[piece.episode_id])
            start, end = (piece.char_start + offset for offset in piece.raw_span(*span))
            assert texts[piece.note_file][start:end] == citation.quote
            held = "\n".join(lines[piece.note_file][citation.line_start - 1 : citation.line_end])
            assert citation.quote.replace("\r\n", "\n") in held
            assert len(citation.quote.splitlines()) == citation.line_end - citation.line_start + 1
            assert citation.display == piece.text[slice(*span)]
            count += 1
    return count


def test_of_the_notes_that_come_with_footnote() -> None:
    assert every_citation_is_exact(KNOWLEDGE, read_library(KNOWLEDGE)) > 1_000


@pytest.mark.skipif(not (SHARED / "notes").is_dir(), reason="the shared notes are not here")
def test_of_real_notes() -> None:
    assert every_citation_is_exact(SHARED / "notes", read_library(SHARED / "notes")) > 5_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_of_other_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    text = "Zoë Ångström on The Garden Hour (5/2)\n\n- A café owner – she’s “brave” – keeps bees\n  - on a roof.  And\n"
    text += "    a second line, naïve. A third sentence.\n\n\n- Bees again.\n"
    (tmp_path / "a.txt").write_bytes(text.replace("\n", newline).encode(encoding))
    library = read_library(tmp_path)
    assert every_citation_is_exact(tmp_path, library) > 20


def test_mojibake_is_shown_mended_and_quoted_as_it_stands(tmp_path: Path) -> None:
    broken = "The roof – she’s".encode().decode("cp1252")
    (tmp_path / "a.txt").write_text(f"Zoe on The Garden Hour (5/2)\n\n- {broken} brave\n", encoding="utf-8")
    library = read_library(tmp_path)
    piece = next(p for p in library.passages if "brave" in p.text)
    citation = cite(1, piece, (0, len(piece.text)), library.episodes[0])
    assert citation.display == "The roof – she’s brave"
    assert citation.quote == f"{broken} brave"


def test_lines_are_those_of_the_span_not_of_the_passage() -> None:
    piece = passage(raw="First line.\nSecond line.\r\nThird\rline.", line_start=10, line_end=13)
    found = [cite(1, piece, span, episode()) for span in sentence_spans(piece.text)]
    assert [(c.line_start, c.line_end) for c in found] == [(10, 10), (11, 11), (12, 13)]
    assert found[2].quote == "Third\rline."


def test_names_come_from_the_episode_and_the_place_from_the_passage() -> None:
    piece = passage(BEES, seconds=75)
    citation = cite(3, piece, (2, 5), episode(date="2024-05", urls=(VIDEO,), entries=(entry(urls=(VIDEO,)),)))
    assert (citation.n, citation.passage_id, citation.episode_id) == (3, piece.id, "garden")
    assert (citation.show, citation.episode, citation.date) == ("The Garden Hour", "Bees", "2024-05")
    assert (citation.quote, citation.display, citation.seconds) == ("bee", "bee", 75)
    assert (citation.url, citation.url_note) == (f"{VIDEO}&t=75s", None)


def test_a_link_of_another_note_is_used_and_that_note_is_named() -> None:
    links = entry(note_file="links.txt", urls=(VIDEO,))
    citation = cite(1, passage(seconds=75), (0, 5), episode(urls=(VIDEO,), entries=(entry(), links)))
    assert (citation.url, citation.url_note) == (f"{VIDEO}&t=75s", "links.txt")


def test_a_link_that_can_start_at_the_minute_beats_the_notes_own() -> None:
    own, links = entry(urls=("https://example.org/41",)), entry(note_file="links.txt", urls=(VIDEO,))
    both = episode(urls=("https://example.org/41", VIDEO), entries=(own, links))
    assert cite(1, passage(seconds=75), (0, 5), both).url == f"{VIDEO}&t=75s"
    assert cite(1, passage(seconds=75), (0, 5), both).url_note == "links.txt"


def test_without_a_link_or_a_minute_there_is_none() -> None:
    assert cite(1, passage(seconds=75), (0, 5), episode()).url is None
    without_minute = cite(1, passage(), (0, 5), episode(urls=(VIDEO,), entries=(entry(urls=(VIDEO,)),)))
    assert (without_minute.seconds, without_minute.url) == (None, VIDEO)


@pytest.mark.parametrize("address", ["https://evil.example/?t=9", "https://www.youtube.com/watch?v=EvilEvil001"])
def test_the_note_cannot_change_the_link(address: str) -> None:
    """A minute or an address written in the quoted words stays words."""
    piece = replace(passage(f"{TIDES} See {address} [1] (9:99)"), seconds=60)
    whole = (0, len(piece.text))
    citation = cite(1, piece, whole, episode(urls=(VIDEO,), entries=(entry(urls=(VIDEO,)),)))
    assert citation.url == f"{VIDEO}&t=60s"
    assert cite(1, piece, whole, episode()).url is None
