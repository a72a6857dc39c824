"""Turn a set of passages and questions into notes and a question file: `python -m scripts.import_set SET --out DIR`.

SET: a folder with `passages.jsonl` (`passage_id`, `doc_id`, `title`, `text`, and where it is speech `date`, `start_sec`
and `end_sec`) and `questions.jsonl` (`question_id`, `question`, `answerable`, `gold_passage_ids`, and where there are
such `near_miss_passage_ids`, `history`, `gold_time_sec`). Writes DIR/notes, one file a document (Markdown, or WebVTT
where passages have times), and DIR/questions.jsonl as `footnote eval` reads it, gold passages as lines of those files.
Then

    footnote index --notes DIR/notes --data DIR/data
    footnote eval DIR/questions.jsonl --notes DIR/notes --data DIR/data

read, index and measure it like anybody's notes. A large set is cut with `--most N` (the first N questions in the order
of their ids' hashes, and the documents they need) and `--more M` (as many documents beside those, by hash too).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.lab.questions import Split, in_split
from rag.reading.text import slug

Row = dict[str, Any]
LEADING = ("gold_passage_ids", "near_miss_passage_ids")
"""What a question needs: what answers it, and what only comes near, without which refusing would be too easy."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a passage stands: its note and its lines there, 1-based and inclusive."""

    file: str
    line_start: int
    line_end: int


def read_rows(path: Path) -> list[Row]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def documents_of(passages: Iterable[Row]) -> dict[str, list[Row]]:
    """Passages by document, in their order."""
    documents: dict[str, list[Row]] = defaultdict(list)
    for passage in passages:
        documents[str(passage["doc_id"])].append(passage)
    return dict(documents)


def note_of(document: Sequence[Row]) -> tuple[str, str, dict[str, Place]]:
    """(file name, text, place of each passage) of one document."""
    timed = "start_sec" in document[0]
    doc_id = str(document[0]["doc_id"])
    file = f"{slug(doc_id, limit=60)}-{_hash(doc_id)[:6]}.{'vtt' if timed else 'md'}"
    lines = _head(document[0], timed=timed)
    places = {}
    for passage in document:
        text = [line.strip() for line in str(passage["text"]).splitlines() if line.strip()]
        text = text if timed else [" ".join(text)]  # a passage is a paragraph, however its lines were broken
        lines += ["", f"{_stamp(passage['start_sec'])} --> {_stamp(passage['end_sec'])}"] if timed else [""]
        places[str(passage["passage_id"])] = Place(
            file=file, line_start=len(lines) + 1, line_end=len(lines) + len(text)
        )
        lines += text
    return file, "\n".join(lines) + "\n", places


def _head(passage: Row, *, timed: bool) -> list[str]:
    title = " ".join(str(passage["title"] or f"Document {passage['doc_id']}").split())
    if timed:
        return ["WEBVTT", "", "NOTE", f"title: {title}", f"date: {passage['date']}"]
    return ["---", f"title: {json.dumps(title, ensure_ascii=False)}", "---"]


def _stamp(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"


def question_of(row: Row, places: dict[str, Place]) -> Row:
    """One line of the question file; `kind` is the set's own word for what sort of question it is."""
    label = row["answerable"]
    gold = [places[str(passage)] for passage in row["gold_passage_ids"]]
    made = {
        "id": row["question_id"],
        "question": row["question"],
        "answerable": label,
        "kind": row.get("collection") or "" if isinstance(label, bool) else str(label or "unlabelled"),
        "gold": [{"file": g.file, "line_start": g.line_start, "line_end": g.line_end} for g in gold],
        "history": [turn["text"] for turn in row.get("history", ()) if turn["speaker"] == "user"],
    }
    return made | ({"seconds": row["gold_time_sec"]} if row.get("gold_time_sec") else {})


def chosen(
    questions: Sequence[Row], documents: dict[str, list[Row]], *, split: Split, most: int | None, more: int | None
) -> tuple[list[Row], list[str]]:
    """The questions and documents to keep; everything of the split where `most` and `more` are None."""
    mine = [question for question in questions if in_split(str(question["question_id"]), split)]
    if most is not None:
        labelled = [question for question in mine if isinstance(question["answerable"], bool)]
        mine = sorted(labelled, key=lambda question: _hash(question["question_id"]))[:most]
    home = {str(p["passage_id"]): doc for doc, passages in documents.items() for p in passages}
    needed = {home[str(passage)] for question in mine for name in LEADING for passage in question.get(name) or ()}
    others = sorted((doc for doc in documents if doc not in needed), key=_hash)
    return mine, [*sorted(needed), *others[:more]]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def import_set(
    source: Path, out: Path, *, split: Split = "all", most: int | None = None, more: int | None = None
) -> str:
    """Write the notes and the questions into `out`; one sentence on what they are."""
    documents = documents_of(read_rows(source / "passages.jsonl"))
    questions, kept = chosen(read_rows(source / "questions.jsonl"), documents, split=split, most=most, more=more)
    notes = out / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    places: dict[str, Place] = {}
    for doc in kept:
        file, text, found = note_of(documents[doc])
        (notes / file).write_text(text, encoding="utf-8")
        places |= found
    lines = [json.dumps(question_of(row, places), ensure_ascii=False) for row in questions]
    (out / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{len(questions)} questions, {len(kept)} notes with {len(places)} passages in {out}."


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Turn a set of passages and questions into notes.")
    parser.add_argument("set", type=Path, help="folder with passages.jsonl and questions.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder to write notes/ and questions.jsonl into")
    parser.add_argument("--split", choices=("tune", "report", "all"), default="all")
    parser.add_argument("--most", type=int, help="questions to keep; unlabelled ones are left out then")
    parser.add_argument("--more", type=int, help="documents to keep beside those the questions need")
    args = parser.parse_args()
    sys.stdout.write(import_set(args.set, args.out, split=args.split, most=args.most, more=args.more) + "\n")


if __name__ == "__main__":
    main()
