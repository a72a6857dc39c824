"""A bot that is killed while it writes loses nothing that it has acknowledged, and leaves nothing half done."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from bot.state.store import open_store, state_path

ROOT = Path(__file__).parents[3]
ROUNDS = 20


def killed_at_work(path: Path, seconds: float) -> list[int]:
    """Ids of the turns that a process said it had kept before it was killed, so long after its first."""
    command = (sys.executable, "-m", "tests.bot.state.writing_child", str(path))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        said = first + child.stdout.read()
    whole = said[: said.rfind("\n") + 1]
    return [int(word) for word in whole.split()]


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    chance, path = random.Random(11), state_path(tmp_path)
    acknowledged: list[int] = []
    for _ in range(ROUNDS):
        acknowledged += killed_at_work(path, chance.uniform(0, 0.05))
        with open_store(path) as store:
            kept = [row["id"] for row in store.rows("SELECT id FROM turns")]
            assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert set(acknowledged) <= set(kept)
        assert len(kept) % 3 == 0  # three at a time: all or none
    assert len(acknowledged) > 3 * ROUNDS
