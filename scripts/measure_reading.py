"""How fast notes are read, how much memory many of them take, and what indexing costs beside embedding.

    python -m scripts.measure_reading speed FOLDER       MB/s of each reader over the files it reads in a folder, beside
                                                         splitting them into lines; and of each [extractor] over a
                                                         made-up file, beside the library it stands on, in MB of
                                                         the text that comes out
    python -m scripts.measure_reading memory [N]         peak memory at 1,000 and N (100,000) passages, of indexing and
                                                         of serving; vectors are made up too
    python -m scripts.measure_reading index JSONL [N]    passages a second of indexing beside the bare embedder, on a
                                                         sample of N passages ({"text": ...} a line)

Files for `memory` are made up. Every figure is of this machine as it is; on a busy one compare only ratios.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import NoteError
from rag.protocols import Embedder
from rag.types import FloatArray
from scripts import reading_samples

ROUNDS = 3
FEW, MANY = 1_000, 100_000
PER_FILE = 500


def speed(folder: Path) -> None:
    """Print MB/s per reader and per extractor: the best of a few rounds over the same files, in processor time."""
    from rag.reading import extract
    from rag.reading.library import _files, _load  # the files and the reading, without joining and indexing

    sizes: dict[str, int] = defaultdict(int)
    seconds: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def compare(name: str, size: int, ours: Callable[[], object], bare: Callable[[], object]) -> None:
        sizes[name] += size
        seconds[name][0] += _best(ours)
        seconds[name][1] += _best(bare)

    for found in _files(folder):
        data = found.path.read_bytes()
        if extract.extractor_for(found.path.suffix.lower()):
            continue
        try:
            compare(_load(found).note.reader, len(data), partial(_load, found), partial(_lines, data))
        except NoteError as error:
            _say(f"left out: {found.file}: {error}")
    for extractor in extract.EXTRACTORS:
        data = reading_samples.SAMPLES[extractor.name]()
        bare = partial(reading_samples.BARE[extractor.name], data)
        text = extract.extract_here(extractor, data).text
        compare(f"[{extractor.name}]", len(text), partial(extract.extract_here, extractor, data), bare)
    _say(f"{'reader':<14}{'MB':>8}{'MB/s':>8}{'bare MB/s':>11}")
    for name in sizes:
        ours, bare_seconds = seconds[name]
        size = sizes[name] / 1e6
        _say(f"{name:<14}{size:>8.2f}{size / ours:>8.1f}{size / bare_seconds:>11.1f}")


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def memory(few: int, many: int) -> None:
    """Print the peak memory of indexing and of serving, each in a process of its own."""
    peaks = {size: _peaks(size) for size in (few, many)}
    for i, what in enumerate(("indexing", "serving, 20 questions")):
        small, large = (peaks[size][i] for size in (few, many))
        _say(f"{what}: {small:.0f} MB at {few:,} passages, {large:.0f} MB at {many:,}: +{large - small:.0f}")


def index(passages: Path, count: int) -> None:
    """Print the rate of a whole build and of the embedder alone on the texts that the build embeds."""
    from bot.answering.assistant import starter_model
    from bot.settings import load_settings
    from rag.indexing import build_index
    from rag.models.llama import LlamaEmbedder
    from rag.probe import check

    settings = load_settings()
    embedder = _Recording(LlamaEmbedder(starter_model(settings.models, "embed"), threads=settings.threads))
    with tempfile.TemporaryDirectory() as root, passages.open(encoding="utf-8") as lines:
        texts = [str(json.loads(line)["text"]) for _, line in zip(range(count), lines, strict=False)]
        notes = Path(root, "notes")
        notes.mkdir()
        for i in range(0, len(texts), PER_FILE):
            body = "\n".join("- " + " ".join(text.split()) for text in texts[i : i + PER_FILE])
            Path(notes, f"{i:06}.md").write_text(f"# Part {i}\n\n{body}\n", encoding="utf-8")
        started = _clocks()
        report = build_index(notes, Path(root, "data"), embedder, check=check)
        indexed = _clocks() - started
    started = _clocks()
    embedder.embed(embedder.texts)
    bare = _clocks() - started
    _say(f"{report.passages:,} passages, {report.embedded:,} texts")
    for i, clock in enumerate(("wall", "processor")):
        _say(
            f"{clock}: indexed in {indexed[i]:.1f} s, embedded alone in {bare[i]:.1f} s: "
            f"{bare[i] / indexed[i]:.2f} of the bare rate"
        )


def _clocks() -> npt.NDArray[np.float64]:
    """Wall and processor seconds; on a busy machine only the second can be compared."""
    return np.asarray([time.monotonic(), time.process_time()], dtype=np.float64)


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")


class _Recording:
    """The embedder, with the texts that it was asked for first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts: list[str] = []
        self.dimension = embedder.dimension
        self.fingerprint = embedder.fingerprint

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        if texts is not self.texts:
            self.texts.extend(texts)
        return self._embedder.embed(texts, questions=questions)


def _peaks(size: int) -> tuple[float, float]:
    """Peak MB of indexing `size` passages, and of serving them."""
    with tempfile.TemporaryDirectory() as root:
        _make_up(Path(root, "notes"), size)
        return _child("index", root), _child("serve", root)


def _child(what: str, root: str) -> float:
    command = [sys.executable, "-m", "scripts.measure_reading", f"--{what}", root]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def _make_up(notes: Path, size: int) -> None:
    chance = random.Random(7)  # noqa: S311  # made-up notes, not a secret
    syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu", "né", "pro"]
    known = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(20_000)]
    notes.mkdir()
    for number in range(0, size, PER_FILE):
        bullets = (
            " ".join(chance.choices(known, k=chance.randint(8, 40))) for _ in range(min(PER_FILE, size - number))
        )
        body = "\n".join(f"- {bullet}." for bullet in bullets)
        Path(notes, f"{number:06}.md").write_text(f"# Talk {number}\n\nShow: Made Up\n\n{body}\n", encoding="utf-8")


def _index(root: Path) -> None:
    from benchmarks.synthetic import SyntheticEmbedder
    from rag.indexing import build_index
    from rag.probe import check

    build_index(root / "notes", root / "data", SyntheticEmbedder(), check=check)


def _serve(root: Path) -> None:
    from benchmarks.synthetic import SyntheticEmbedder
    from rag.index import open_index
    from rag.words import terms

    embedder = SyntheticEmbedder()
    index = open_index(root / "data", embedder=embedder.fingerprint)
    for row, vector in enumerate(embedder.embed(["?"] * 20)):
        index.search(vector, terms(index.passages[7 * row].text)[:6], 20)


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def main(arguments: list[str]) -> None:
    what, *rest = arguments or [""]
    if what in ("--index", "--serve"):
        {"--index": _index, "--serve": _serve}[what](Path(rest[0]))
        _say(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    elif what == "speed" and rest:
        speed(Path(rest[0]))
    elif what == "memory":
        memory(FEW, int(rest[0]) if rest else MANY)
    elif what == "index" and rest:
        index(Path(rest[0]), int(rest[1]) if len(rest) > 1 else 1_500)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
