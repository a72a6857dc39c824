"""How fast notes are read, how much memory many of them take, and what indexing costs beside embedding.

    python -m scripts.measure_reading speed FOLDER       MB/s of each reader over the files it reads in a folder, beside
                                                         a bare read of the same bytes
    python -m scripts.measure_reading memory             peak memory at 1,000 and at 100,000 passages
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

from rag.types import Embedder, FloatArray

ROUNDS = 3
SIZES = (1_000, 100_000)
PER_FILE = 500
BARE: dict[str, Callable[[bytes], object]] = {".json": json.loads}


def speed(folder: Path) -> None:
    """Print MB/s per reader: the best of a few rounds over the same files."""
    from rag.library import _files, _load  # the files and the reading, without joining and indexing

    sizes: dict[str, int] = defaultdict(int)
    seconds: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for found in _files(folder):
        data = found.path.read_bytes()
        try:
            reader = _load(found).note.reader
        except Exception as error:
            _say(f"left out: {found.file}: {error}")
            continue
        bare = BARE.get(found.path.suffix.lower(), lambda data: data.decode("utf-8", "replace").splitlines())
        sizes[reader] += len(data)
        seconds[reader][0] += _best(partial(_load, found))
        seconds[reader][1] += _best(partial(bare, data))
    _say(f"{'reader':<14}{'MB':>8}{'MB/s':>8}{'bare MB/s':>11}")
    for reader in sorted(sizes):
        mine, bare_seconds = seconds[reader]
        size = sizes[reader] / 1e6
        _say(f"{reader:<14}{size:>8.2f}{size / mine:>8.1f}{size / bare_seconds:>11.0f}")


def memory() -> None:
    """Print the peak memory of reading and of serving, each in a process of its own."""
    peaks = {size: _peaks(size) for size in SIZES}
    for i, what in enumerate(("read, BM25 and duplicates", "serve: passages, BM25")):
        small, large = (peaks[size][i] for size in SIZES)
        _say(f"{what}: {small:.0f} MB at {SIZES[0]:,} passages, {large:.0f} MB at {SIZES[1]:,}: +{large - small:.0f}")


def index(passages: Path, count: int) -> None:
    """Print the rate of a whole build and of the embedder alone on the texts that the build embeds."""
    from bot.assistant import starter_model
    from bot.settings import load_settings
    from rag.index import build_index
    from rag.llama import LlamaEmbedder

    settings = load_settings()
    embedder = _Recording(LlamaEmbedder(starter_model(settings.models, "embed"), threads=settings.threads))
    with tempfile.TemporaryDirectory() as root, passages.open(encoding="utf-8") as lines:
        texts = [str(json.loads(line)["text"]) for _, line in zip(range(count), lines, strict=False)]
        notes = Path(root, "notes")
        notes.mkdir()
        for i in range(0, len(texts), PER_FILE):
            body = "\n".join("- " + " ".join(text.split()) for text in texts[i : i + PER_FILE])
            Path(notes, f"{i:06}.md").write_text(f"# Part {i}\n\n{body}\n", encoding="utf-8")
        report = build_index(notes, Path(root, "data"), embedder)
        started = time.monotonic()
        embedder.embed(embedder.texts)
        bare = time.monotonic() - started
    _say(
        f"{report.passages:,} passages, {report.embedded:,} texts: indexed in {report.seconds:.1f} s, "
        f"embedded alone in {bare:.1f} s: {bare / report.seconds:.2f} of the bare rate "
        f"(of the build {embedder.seconds:.1f} s were embedding)"
    )


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")


class _Recording:
    """The embedder, with the texts and the seconds of what it was asked first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts: list[str] = []
        self.seconds = 0.0
        self.dimension = embedder.dimension
        self.fingerprint = embedder.fingerprint

    def embed(self, texts: Sequence[str]) -> FloatArray:
        started = time.monotonic()
        values = self._embedder.embed(texts)
        if texts is not self.texts:
            self.texts.extend(texts)
            self.seconds += time.monotonic() - started
        return values


def _peaks(size: int) -> tuple[float, float]:
    """Peak MB of reading `size` passages and making their word index, and of opening what came of it."""
    with tempfile.TemporaryDirectory() as root:
        _make_up(Path(root, "notes"), size)
        return _child("read", root), _child("serve", root)


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


def _read(root: Path) -> None:
    from rag import build, duplicates
    from rag.fields import lexical_terms
    from rag.lexical import LexicalIndex
    from rag.library import read_library

    library = read_library(root / "notes")
    folder = root / "build"
    folder.mkdir()
    build.write_library(folder, library)
    episodes = {episode.id: episode for episode in library.episodes}
    LexicalIndex.build([lexical_terms(p, episodes[p.episode_id]) for p in library.passages]).save(folder / build.WORDS)
    duplicates.save(folder, duplicates.find_duplicates(library.passages))


def _serve(root: Path) -> None:
    from rag import build, duplicates
    from rag.lexical import LexicalIndex

    library = build.read_library(root / "build")
    words = LexicalIndex.load(root / "build" / build.WORDS, len(library.passages))
    found = duplicates.load(root / "build")
    words.scores(["ba"])
    assert found is not None  # noqa: S101  # kept until here


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main(arguments: list[str]) -> None:
    what, *rest = arguments or [""]
    if what in ("--read", "--serve"):
        {"--read": _read, "--serve": _serve}[what](Path(rest[0]))
        _say(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    elif what == "speed" and rest:
        speed(Path(rest[0]))
    elif what == "memory":
        memory()
    elif what == "index" and rest:
        index(Path(rest[0]), int(rest[1]) if len(rest) > 1 else 1_500)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
