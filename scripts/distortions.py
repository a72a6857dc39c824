"""How many minimal distortions the checks catch, how many faithful sentences they refuse.

`python -m scripts.distortions --claims CLAIMS.jsonl --questions QUESTIONS.jsonl --notes DIR
--transcripts PASSAGES.jsonl [--paraphrases SAMPLE.jsonl --passages PASSAGES.jsonl] [--half report]`

CLAIMS.jsonl: `claim`, `evidence_sentences`, `gold_sentence_index_sets`, `label`; "supported" ones are faithful, of the
others it is counted how many are refused.
QUESTIONS.jsonl: a question set whose gold quotes, put a little differently, are faithful to their lines of the notes.
--transcripts: `text` with `Speaker: what is said` lines; what a speaker says, given to them, is faithful.
SAMPLE.jsonl: `sentence`, written by hand from the `line` of a `file` of the notes, or from a `passage` of --passages.
What is distorted is all of these and every sentence of the notes as it stands.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.lab.distortions import (
    Caught,
    Distorted,
    Faithful,
    catch_rates,
    distort_all,
    false_alarms,
    own_sentences,
    reordered,
)
from rag.lab.questions import in_split
from rag.reading.text import repair
from rag.sentences import ends_sentence
from rag.words import terms
from rag.writing.checks import CHECKS, Cited

SPOKEN = 150  # sentences taken from transcripts
LONGEST = 220  # characters of a sentence of the notes that is distorted


def claims(path: Path, *, whole: bool = False, label: str = "supported") -> Iterator[Faithful]:
    """Claims with the sentences that support them, or with the `whole` page; its metadata stand above."""
    for row in _rows(path):
        if row["label"] != label:
            continue
        page = row["evidence_sentences"]
        gold = sorted({i for one in row["gold_sentence_index_sets"] for i in one})
        wanted = range(len(page)) if whole or not gold else gold
        meta = "\n".join(line for line in page if line.startswith("(meta data)"))
        cited = tuple(Cited(text=page[i], context=meta) for i in wanted)
        yield Faithful(id=row["claim_id"], text=row["claim"].strip(), cited=cited, source=label)


def quotes(path: Path, notes: Path) -> Iterator[Faithful]:
    """Gold quotes, put a little differently, with the line of the notes that they stand in."""
    for row in _rows(path):
        for place, gold in enumerate(row["gold"]):
            lines = (notes / gold["file"]).read_text(encoding="utf-8", errors="replace").splitlines()
            line = next((line for line in lines if gold["quote"] in line), None)
            if line:
                cited = Cited(text=repair(line).text, context=row.get("episode", ""))
                yield Faithful(id=f"{row['id']}-{place}", text=reordered(gold["quote"]), cited=(cited,), source="notes")


def spoken(path: Path, *, count: int = SPOKEN, seed: int = 7) -> Iterator[Faithful]:
    """What somebody says in a transcript, with who says it."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    for row in chance.sample(_rows(path), count):
        cited = Cited(text=row["text"], context=row["title"])
        said = [
            (who, s)
            for who, text in cited.turns
            if " " in who
            for s in own_sentences(text)
            if len(s) < 200 and ends_sentence(s)
        ]
        if said:
            who, sentence = chance.choice(said)
            text = f"According to {who}, {sentence}"
            yield Faithful(id=row["passage_id"], text=text, cited=(cited,), source="transcripts")


def as_written(notes: Path) -> Iterator[Faithful]:
    """Every sentence of the notes with its line: to distort, since as it stands it would be shown as a quote."""
    for path in sorted(notes.iterdir()):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines()):
            text = repair(line).text
            for place, sentence in enumerate(own_sentences(text)):
                whole = sentence if ends_sentence(sentence) else f"{sentence}."
                if len(whole) < LONGEST:
                    yield Faithful(
                        id=f"{path.name}-{number}-{place}", text=whole, cited=(Cited(text=text),), source="lines"
                    )


def paraphrased(path: Path, notes: Path, passages: Path) -> Iterator[Faithful]:
    """Sentences that somebody wrote from a line of the notes or a passage, shortened or in other words."""
    known = {row["passage_id"]: Cited(text=row["text"], context=row["title"]) for row in _rows(passages)}
    for number, row in enumerate(_rows(path)):
        if "file" in row:
            lines = (notes / row["file"]).read_text(encoding="utf-8", errors="replace").splitlines()
            cited = Cited(text=repair(lines[row["line"] - 1]).text)
        else:
            cited = known[row["passage"]]
        yield Faithful(id=str(number), text=row["sentence"], cited=(cited,), source=f"by hand, {row['kind']}")


def idf_of(faithful: Sequence[Faithful]) -> Callable[[str], float]:
    """Lucene's inverse document frequency over everything that is cited."""
    texts = [cited.text for one in faithful for cited in one.cited]
    counts = Counter(term for text in texts for term in set(terms(text)))
    return lambda term: math.log(1 + (len(texts) - counts[term] + 0.5) / (counts[term] + 0.5))


def report(
    distorted: Sequence[Distorted],
    faithful: Sequence[Faithful],
    others: Sequence[Faithful],
    idf: Callable[[str], float],
) -> str:
    """The tables as text."""
    lines = ["Distortions caught, of those whose sentence passes as it was:"]
    lines += [_line(row) for row in catch_rates(distorted, idf)]
    lines += ["Faithful sentences that do not pass:"]
    lines += [_line(row) for row in false_alarms(faithful, idf)]
    lines += ["Sentences that what they cite does not carry, caught:"]
    lines += [_line(row) for row in false_alarms(others, idf)]
    return "\n".join(lines) + "\n"


def _line(row: Caught) -> str:
    share = f"{row.share:6.1%}" if row.share is not None else "     -"
    by = ", ".join(f"{name} {row.by[name]}" for name, _ in CHECKS if name in row.by)
    return f"  {row.name:20} {row.failed:4} of {row.count:4} {share}  {by}"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="What the checks of written sentences catch and what they refuse.")
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--transcripts", type=Path, required=True)
    parser.add_argument("--paraphrases", type=Path)
    parser.add_argument("--passages", type=Path)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--whole", action="store_true", help="claims cite their whole page")
    parser.add_argument("--missed", action="store_true", help="print what is not caught, too")
    args = parser.parse_args()
    sets = (claims(args.claims, whole=args.whole), quotes(args.questions, args.notes), spoken(args.transcripts))
    faithful = [one for each in sets for one in each if in_split(one.id, args.half)]
    idf = idf_of(faithful)
    labels = ("partially_supported", "not_supported")
    others = [one for label in labels for one in claims(args.claims, label=label) if in_split(one.id, args.half)]
    lines = [one for one in as_written(args.notes) if in_split(one.id, args.half)]
    distorted = distort_all([*faithful, *lines], count=args.count)
    by_hand = list(paraphrased(args.paraphrases, args.notes, args.passages)) if args.paraphrases else []
    sys.stdout.write(report(distorted, [*faithful, *by_hand], others, idf))
    if args.missed:
        from rag.writing.checks import check

        for one in distorted:
            if check(one.one.claim(idf)).passed and check(one.claim(idf)).passed:
                sys.stdout.write(f"{one.kind}: {one.text}\n    was: {one.one.text}\n")


if __name__ == "__main__":
    main()
