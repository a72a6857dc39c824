"""Throw damaged notes at every reader: `python -m scripts.fuzz_readers --times 20000 [FOLDER]`.

Takes the sample notes of the tests and those of a folder, damages them at random (a seed makes it repeatable), and has
each read by the reader that recognises it and by one other. Reports crashes, broken spans and slow files, and exits
with 1 if there were any.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType

from rag.library import LARGEST
from rag.readers import READERS, Reader, Source, reader_for
from rag.text import decode, is_binary, repair
from tests.rag.reader_samples import SAMPLES

LIMIT_SECONDS = 3.0  # of computing: the machine may be busy with other things
_HOSTILE = (
    *("---\n", "+++\n", "{\n", "}\n", "&a [*a,*a]", "*a", "\u2028", "\u202e", "\ufeff", "\r", "\r\n", "\x00"),
    *(
        "\ud800",
        "\U0001f3a7",
        "# ",
        "- " * 50,
        "> " * 50,
        "|" * 40,
        "|---|---|\n",
        "```\n",
        "[[",
        "]]",
        "![[",
        "[^1]: ",
    ),
    *("<", "<v ", "<details>", "-->", "00:00:01,000 --> 00:00:00,000\n", "99:99:99", "1:07:30", "(1: 07: 30)", "9/10"),
    *("2024-02-30", "67 min", "https://youtu.be/", "?t=", "Ann Lee: ", "**", "__", "$", "\\", "\t" * 30, " " * 500),
    *("a" * 5000, "(" * 500, "é", "\u0e01" * 50, "話" * 50),
)


class TooSlow(BaseException):
    """The time limit of one file has passed. No reader may catch it by accident."""


def damaged(rng: random.Random, texts: Sequence[str]) -> bytes:
    """One of `texts` with one to eight accidents, as bytes in one of several encodings."""
    text = rng.choice(texts)
    for _ in range(rng.randint(1, 8)):
        text = _accident(rng, text, texts)
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"))
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    if rng.random() < 0.2 and data:
        place = rng.randrange(len(data))
        data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
    return data


def _accident(rng: random.Random, text: str, texts: Sequence[str]) -> str:
    a, b = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
    b = min(b, a + 400)
    lines = text.split("\n")
    kind = rng.randrange(9)
    if kind == 0:
        return text[:a] + text[b:]
    if kind == 1:
        return text[:a] + text[a:b] * rng.randint(2, 12) + text[b:]
    if kind == 2:
        return text[:a] + rng.choice(_HOSTILE) + text[a:]
    if kind == 3:
        return text[:a]
    if kind == 4:
        other = rng.choice(texts)
        return text[:a] + other[rng.randint(0, len(other)) :][:600] + text[a:]
    if kind == 5:
        rng.shuffle(lines)
        return "\n".join(lines)
    if kind == 6:
        return text.replace("\n", rng.choice(("\r", "\r\n", "\n\n", "\n\t", " ")))
    if kind == 7:
        return "\n".join(" " * rng.randint(0, 9) + line for line in lines)
    return text[:a] + rng.choice(_HOSTILE) * rng.randint(1, 60) + text[b:]


def faults(source: Source, reader: Reader) -> Iterator[str]:
    """What is wrong with the reading: spans out of place, or out of order."""
    reading = reader.read(source)
    units = [unit for part in reading.parts for unit in part.units]
    for unit in units:
        if not 0 <= unit.start <= unit.end <= len(source.text):
            yield "a span outside the file"
        if not 1 <= unit.line_start <= unit.line_end <= len(source.lines):
            yield "a line outside the file"
    if any(one.end > other.start for one, other in pairwise(units)):
        yield "passages overlap or are out of order"
    for unit in units[:20]:
        repair(source.text[unit.start : unit.end])


def one_round(rng: random.Random, names: Sequence[str], texts: Sequence[str]) -> tuple[str, bytes, float] | None:
    """One damaged file through two readers: (what went wrong, the file, seconds), or None."""
    data = damaged(rng, texts)
    if is_binary(data) or len(data) > LARGEST:
        return None
    source = Source.of(rng.choice(names), decode(data).text)
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_SECONDS)
    try:
        for reader in (reader_for(source), rng.choice(READERS)):
            for fault in faults(source, reader):
                return f"{reader.name}: {fault}", data, time.perf_counter() - started
    except TooSlow:
        return f"slow on {source.file}", data, time.perf_counter() - started
    except Exception:
        return traceback.format_exc(limit=-2), data, time.perf_counter() - started
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="notes to damage besides the samples")
    parser.add_argument("--times", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write the files that did harm to this folder")
    options = parser.parse_args(arguments)
    texts = list(SAMPLES.values())
    if options.folder:
        texts += [decode(p.read_bytes()).text for p in sorted(options.folder.rglob("*")) if p.suffix in (".md", ".txt")]
    signal.signal(signal.SIGVTALRM, _too_slow)
    rng = random.Random(options.seed)  # noqa: S311
    found: Counter[str] = Counter()
    for number in range(options.times):
        harm = one_round(rng, list(SAMPLES), texts)
        if harm:
            found[harm[0]] += 1
            if options.keep and found[harm[0]] <= 3:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{number}.txt").write_bytes(harm[1])
    for what, count in found.most_common():
        sys.stdout.write(f"{count} x {what}\n")
    sys.stdout.write(f"{options.times:,} damaged files, {sum(found.values())} did harm\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
