"""How long an index takes, from nothing and unchanged, and the memory it needs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.costs import run
from benchmarks.report import Aim, Figure
from bot.settings import Settings
from rag.build import VECTORS, current_build, read_manifest
from rag.store import vectors_by_text

GROUP = "Indexing"
INGEST = Aim(limit=0.9, at_least=True)


def measure_indexing(settings: Settings, *, bare_rate: float) -> Iterator[Figure]:
    """Index `settings.notes` into `settings.data`, which must be empty, and again; start-up and calibration included.

    `bare_rate`: texts a second that the bare library embeds here.
    """
    command = ["-m", "bot.cli", "index", "--notes", str(settings.notes), "--data", str(settings.data)]
    first, again = run(command), run(command)
    build = current_build(settings.data)
    passages, texts = read_manifest(build).passages, len(vectors_by_text(build / VECTORS))
    yield Figure(
        group=GROUP,
        name=f"from nothing: {passages:,} passages, {texts:,} different texts",
        value=texts / first.seconds,
        unit="texts/s",
        baseline=bare_rate,
        against="Llama.embed alone, above",
        aim=INGEST,
    )
    yield Figure(group=GROUP, name="from nothing, in all", value=first.seconds, unit="s")
    yield Figure(group=GROUP, name="again, nothing changed", value=again.seconds, unit="s")
    yield Figure(group=GROUP, name="peak memory, from nothing", value=first.peak_mib, unit="MiB")
    yield Figure(group=GROUP, name="peak memory, nothing changed", value=again.peak_mib, unit="MiB")
