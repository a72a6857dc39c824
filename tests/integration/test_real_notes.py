"""Real notes, against what a careful human reads in them. Skipped where the shared notes are absent."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from rag.reading import minutes
from rag.reading.library import read_library
from rag.reading.readers import shows
from rag.types import EpisodeEntry, Library

SHARED = Path(__file__).parents[2] / "../shared"
NOTES, TRUTH = SHARED / "notes", SHARED / "eval/podcast-notes"
pytestmark = pytest.mark.skipif(not NOTES.is_dir() or not TRUTH.is_dir(), reason="the shared notes are not here")


@pytest.fixture(scope="module")
def library() -> Library:
    return read_library(NOTES)


@pytest.fixture(scope="module")
def entries(library: Library) -> list[EpisodeEntry]:
    return sorted((e for ep in library.episodes for e in ep.entries), key=lambda e: (e.note_file, e.line_start))


def truth(name: str) -> Any:
    return json.loads((TRUTH / name).read_text(encoding="utf-8"))


def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TRUTH / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def loose(text: str | None) -> str:
    return shows.key(text.replace(" and ", ", ")) if text else ""


def test_every_entry_is_found_at_its_lines(entries: list[EpisodeEntry]) -> None:
    expected = truth("episodes.json")
    assert len(entries) == len(expected) == 12
    for entry, wanted in zip(entries, expected, strict=True):
        assert entry.note_file == wanted["file"]
        assert abs(entry.line_start - wanted["first_line_no"]) <= 1, entry
        assert abs(entry.line_end - wanted["last_line_no"]) <= 1, entry


@pytest.mark.parametrize("index", range(12))
def test_entry_says_what_the_human_read(index: int, entries: list[EpisodeEntry], library: Library) -> None:
    entry, wanted = entries[index], truth("episodes.json")[index]
    kinds = {note.file: note.kind for note in library.notes}
    assert loose(entry.title) == loose(wanted["episode_title"])
    assert loose(entry.show) == loose(wanted["show"])
    assert entry.guests == tuple(wanted["guests"])
    assert entry.date == wanted["date"]
    assert set(entry.urls) == set(wanted.get("urls") or filter(None, [wanted["url"]]))
    assert kinds[entry.note_file] == wanted["note_kind"]


def test_entries_about_one_episode_are_joined_and_no_others(entries: list[EpisodeEntry], library: Library) -> None:
    assert len(library.episodes) == 9
    home = {(e.note_file, e.line_start): episode.id for episode in library.episodes for e in episode.entries}
    ids = [home[entry.note_file, entry.line_start] for entry in entries]
    for index, wanted in enumerate(truth("episodes.json")):
        same = {other for other, name in enumerate(ids) if name == ids[index] and other != index}
        assert same == set(wanted["same_episode_as"])


def test_a_link_of_one_note_serves_the_minutes_of_another(library: Library) -> None:
    passage = next(p for p in library.passages if p.note_file.startswith("002") and p.seconds == 4050)
    episode = next(e for e in library.episodes if e.id == passage.episode_id)
    link = minutes.best_link(episode.urls, passage.seconds)
    assert link == "https://www.youtube.com/watch?v=UTuuTTnjxMQ&t=4050s"


def test_note_taker_is_known(library: Library) -> None:
    assert {n.file[:3]: n.author for n in library.notes if n.author} == {"003": "Vincent Cheng"}


def test_every_timestamp_is_read(library: Library) -> None:
    expected = truth("timestamps.json")
    assert len(expected) == 25
    for stamp in expected:
        holders = [p for p in library.passages if p.note_file == stamp["file"] and stamp["quote"] in p.raw]
        assert len(holders) == 1
        assert stamp["seconds"] in (holders[0].seconds, holders[0].seconds_end), stamp


def test_only_stamped_lines_have_seconds(library: Library) -> None:
    timed = {(p.note_file[:3], p.line_start) for p in library.passages if p.seconds is not None}
    stamped = {
        (path.name[:3], number)
        for path in NOTES.iterdir()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.startswith("(") and line[1:2].isdigit()
    }
    assert timed == {*stamped, ("000", 35)}


def test_every_gold_quote_lies_in_one_passage(library: Library) -> None:
    raws = [(p.note_file, p.raw) for p in library.passages]
    lost = [
        gold
        for question in questions()
        for gold in question["gold"]
        if sum(file == gold["file"] and gold["quote"] in raw for file, raw in raws) != 1
        and NOTES.joinpath(gold["file"]).read_text(encoding="utf-8").count(gold["quote"]) == 1
    ]
    assert lost == []


def test_passages_are_the_bytes_of_their_place(library: Library) -> None:
    encodings = {note.file: note.encoding for note in library.notes}
    texts = {file: (NOTES / file).read_bytes().decode(encoding) for file, encoding in encodings.items()}
    for passage in library.passages:
        text = texts[passage.note_file]
        assert passage.raw == text[passage.char_start : passage.char_end]
        assert passage.line_start == text.count("\n", 0, passage.char_start) + 1
        assert passage.line_end == text.count("\n", 0, passage.char_end) + 1


def test_hardly_a_word_is_left_out(library: Library) -> None:
    """Passages, section names and file headers together hold nearly all of the notes' letters."""
    for note in library.notes:
        text = (NOTES / note.file).read_text(encoding="utf-8")
        mine = [p for p in library.passages if p.note_file == note.file]
        covered = sum(len(p.raw) for p in mine) + sum(map(len, {s for p in mine for s in p.section}))
        assert covered > 0.93 * len(" ".join(text.split()))


def test_the_title_in_broken_characters_is_mended_and_kept(library: Library) -> None:
    passage = next(p for p in library.passages if p.note_file.startswith("004") and p.position == 0)
    assert passage.text.startswith("AI Scouting Report – Part 1 of 3")
    assert "\u00e2\u20ac\u201c" in passage.raw
    dash = passage.text.index("–")
    start, end = passage.raw_span(0, dash + 1)
    assert passage.raw[start:end].startswith("AI Scouting Report ")


def test_what_people_ask_of_an_episode_is_a_passage(library: Library) -> None:
    texts = {p.text for p in library.passages}
    assert "Karpathy on No Priors (9/6)" in texts
    assert "Softmax?" in texts
    assert any("UTuuTTnjxMQ" in text for text in texts)
    assert any("July 06, 2023" in text for text in texts)
    assert not any("whisper" in text for text in texts)


def test_bullets_know_their_section_and_parent(library: Library) -> None:
    nested = next(p for p in library.passages if p.text.startswith("no one called this specifically"))
    assert nested.section == ("VaccinateCA:",)
    assert nested.parents == ("why wasn’t this done by the government?",)
    inner = next(p for p in library.passages if p.text.startswith("Identifying and ablating harmful circuits"))
    assert inner.section == ("💡 Key Ideas", "AI Model Interpretability and Safety")


def test_reading_takes_well_under_a_second() -> None:
    start = time.process_time()
    read_library(NOTES)
    assert time.process_time() - start < 2.0
