"""The steps from one version of the database to the next: NNNN.sql leads to version NNNN. None is ever changed.

A released step stays as it is; what has to change gets a step of its own, and a fixture of the version before it
(tests/bot/state/versions).
"""

from __future__ import annotations

from importlib.resources import files


def load() -> tuple[str, ...]:
    """The SQL of every step, in order: the first makes an empty database version 1."""
    steps = [entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")]
    return tuple(entry.read_text(encoding="utf-8") for entry in sorted(steps, key=lambda entry: entry.name))
