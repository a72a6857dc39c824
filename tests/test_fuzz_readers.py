"""The fuzzer itself: it is repeatable and knows every reader."""

from __future__ import annotations

import subprocess
import sys

from rag.reading.extract import EXTRACTORS
from rag.reading.readers import READERS
from scripts.fuzz_readers import file_of, targets


def test_every_reader_and_extractor_is_a_target_with_repeatable_files() -> None:
    known = targets()
    assert set(known) == {r.name for r in READERS} | {e.name for e in EXTRACTORS} | {"zip"}
    for target in known.values():
        files = [file_of(target, 1, number) for number in range(6)]
        assert files == [file_of(target, 1, number) for number in range(6)]
        assert len(set(files)) > 1


def test_a_table_of_what_was_thrown_at_whom() -> None:
    command = [sys.executable, "-m", "scripts.fuzz_readers", "--times", "8", "--only", "json", "--only", "cues"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split()[:2] for line in done.stdout.splitlines()]
    assert ["cues", "8"] in rows
    assert ["json", "8"] in rows
    assert "16 files, 0 did harm" in done.stdout
