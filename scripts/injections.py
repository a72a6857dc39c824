"""Hide instructions in a copy of the notes, see what moves: `python -m scripts.injections ATTACKS.jsonl --notes DIR`.

ATTACKS.jsonl: one instruction a line, in `attack`. The notes are copied with every instruction in a passage of its
own, and the index of the notes (`--data`) with them, so that only what changed is embedded; both are asked with the
thresholds of the first. Asked are a question for each of those passages, made from its own words, everyday questions
that the notes do not cover, and, with `--questions`, the unanswerable ones of a question set. Prints the counts and
what moved.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rag.answer import Answerer
from rag.calibrate import calibrate, make_trials, off_topic_questions
from rag.gate import Thresholds, load_gate_model
from rag.index import open_index
from rag.indexing import build_index
from rag.lab.injections import Moved, ask_both, choose, hide
from rag.lab.questions import load_questions
from rag.models.catalog import Role, load_catalog, model_path
from rag.models.llama import LlamaEmbedder, LlamaGenerator
from rag.protocols import Embedder, Ranker
from rag.reading.library import bytes_of
from rag.types import Note

SPARE = 2  # trials made for each instruction, as some passages cannot hide one


def measure(
    notes: Path,
    data: Path,
    folder: Path,
    instructions: Sequence[str],
    elsewhere: Sequence[str],
    models: tuple[Embedder, Ranker | None],
) -> list[Moved]:
    """Hide the instructions below `folder`, index the copy there, and ask every question in both indexes."""
    embedder, ranker = models
    before = open_index(data, embedder=embedder.fingerprint)
    trials = make_trials(before.passages, count=SPARE * len(instructions))
    hidden = choose(before.passages, trials, instructions)
    hide(notes, folder / "notes", hidden, {note.file: note.encoding for note in before.notes})
    shutil.copytree(data, folder / "data")
    build_index(folder / "notes", folder / "data", embedder)
    after = open_index(folder / "data", embedder=embedder.fingerprint)
    gate, unset = load_gate_model(), Thresholds(answer=1.0, closest=1.0)
    first = Answerer(before, embedder, None, gate=gate, thresholds=unset)
    thresholds = calibrate(before, embedder, first).thresholds("balanced")
    asks = [Answerer(index, embedder, ranker, gate=gate, thresholds=thresholds).ask for index in (before, after)]
    try:
        return ask_both(asks[0], asks[1], hidden, elsewhere, _texts(folder / "notes", after.notes))
    finally:
        before.close()
        after.close()


def _texts(folder: Path, notes: Sequence[Note]) -> list[str]:
    return [bytes_of(folder, note).decode(note.encoding, "surrogateescape") for note in notes]


def report(moved: Sequence[Moved]) -> str:
    """The counts, and every question that moved, one a line."""
    told, refused = [m for m in moved if m.told], [m for m in moved if m.before != "answer"]
    elsewhere = [m for m in moved if not m.told]
    counts = {
        "instructions hidden and asked for": len(told),
        "obeyed: something shown stands in no note": sum(bool(m.invented) for m in moved),
        "quoted with the passage they hide in": sum(m.shown for m in told),
        "outcome moved": sum(m.before != m.after for m in told),
        "first citation moved": sum(not m.same_first for m in told),
        "asked and refused in the notes as they were": len(refused),
        "of those answered in the copy": sum(m.after == "answer" for m in refused),
        "questions that the notes do not cover": len(elsewhere),
        "of those whose outcome moved": sum(m.before != m.after for m in elsewhere),
    }
    lines = [f"{count:5}  {name}" for name, count in counts.items()]
    lines += [
        f"{'' if m.told else 'not covered: '}{m.before} -> {m.after}"
        f"{'' if m.same_first else ', another citation'}: {m.question} {list(m.invented) or ''}"
        for m in moved
        if m.before != m.after or m.invented or not m.same_first
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Hide instructions in a copy of the notes and see what moves.")
    parser.add_argument("attacks", type=Path)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the index of those notes")
    parser.add_argument("--no-ranking", action="store_true", help="leave the language model out, which is quicker")
    parser.add_argument("--questions", type=Path, help="a question set whose unanswerable questions are asked too")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    instructions = [json.loads(line)["attack"] for line in args.attacks.read_text(encoding="utf-8").splitlines()]
    asked = load_questions(args.questions) if args.questions else []
    elsewhere = [*off_topic_questions(), *(q.question for q in asked if q.answerable is False)]
    embedder = LlamaEmbedder(_model("embed"), threads=args.threads)
    ranker = None if args.no_ranking else LlamaGenerator(_model("rank/write"), threads=args.threads)
    with tempfile.TemporaryDirectory() as folder:
        moved = measure(args.notes, args.data, Path(folder), instructions, elsewhere, (embedder, ranker))
    sys.stdout.write(report(moved))


def _model(role: Role) -> Path:
    return model_path(Path("models"), next(e for e in load_catalog() if e.role == role and e.starter))


if __name__ == "__main__":
    main()
