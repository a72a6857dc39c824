"""Writes questions into a database and says which are safe, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.state.store import open_store
from tests.bot.state.builders import turn


def main() -> None:
    with open_store(Path(sys.argv[1])) as store:
        while True:
            with store.transaction():
                kept = [turn(store, f"question {n} " * 50) for n in range(3)]
            sys.stdout.write(f"{' '.join(map(str, kept))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
