"""How long an index takes, from nothing and unchanged, and the memory it needs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.costs import run
from benchmarks.report import Figure
from bot.settings import Settings
from rag.build import current_build, read_manifest


def measure_indexing(settings: Settings, *, bare_rate: float) -> Iterator[Figure]:
    """Index `settings.notes` into `settings.data`, which must be empty, and again; start-up and calibration included.

    `bare_rate`: texts a second that the bare library embeds here.
    """
    command = ["-m", "bot.cli", "index", "--notes", str(settings.notes), "--data", str(settings.data)]
    first, again = run(command), run(command)
    manifest = read_manifest(current_build(settings.data))
    yield Figure(
        group="Indexing",
        name=f"from nothing: {manifest.passages:,} passages, {manifest.vectors:,} vectors",
        value=first.seconds,
        unit="s",
        baseline=manifest.vectors / bare_rate,
        against="Llama.embed alone, at the rate above",
    )
    yield Figure(group="Indexing", name="again, nothing changed", value=again.seconds, unit="s")
    yield Figure(group="Indexing", name="peak memory, from nothing", value=first.peak_mib, unit="MiB")
    yield Figure(group="Indexing", name="peak memory, nothing changed", value=again.peak_mib, unit="MiB")
