"""Small makers of what the pipeline hands from step to step. Results for the faces are in tests/bot/samples.py."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.reading.text import repair
from rag.types import Episode, EpisodeEntry, Hit, Library, Note, Passage

BEES = "A bee dances for ten seconds to show where the clover is."
TIDES = "The moon pulls on the sea, and the sea answers twice a day."
RYE = "Rye bread keeps for a week because its crumb holds water."
FILES = {
    "bees.txt": f"""Ines Moreau on The Garden Hour (5/2)

- {BEES}
- Drones do no work at all and are thrown out in August.
- The queen lays two thousand eggs on a June day.
""",
    "tides.txt": f"""Tides

Show: Deep Water
Guest: Tom Ashby

{TIDES} The sun pulls less than half as hard. At new moon both pull together and the tide is highest.
""",
    "rye.md": f"""# Rye

**The Slow Oven:** March 3, 2024

- {RYE}
  - wheat bread is stale after two days
- Caraway is older in bread than pepper is.
""",
}


def write_notes(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """`folder` with these files in it and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def on_disk(folder: Path, words: str) -> bool:
    """Whether any file below `folder` holds these words; files may come and go meanwhile."""
    for here, _, names in os.walk(folder):
        for path in (Path(here, name) for name in names):
            with suppress(FileNotFoundError):
                if words.encode() in path.read_bytes():
                    return True
    return False


def passage(text: str = BEES, **more: Any) -> Passage:
    """A passage whose raw text is `text`, or `raw` if given, and whose other fields are told or plain."""
    raw = str(more.pop("raw", text))
    repaired = repair(raw)
    position = int(more.get("position", 0))
    plain: dict[str, Any] = {
        "id": f"garden/bees/{position}",
        "episode_id": "garden",
        "note_file": "bees.txt",
        "line_start": 1,
        "line_end": 1 + raw.count("\n"),
        "char_start": 0,
        "char_end": len(raw),
        "raw": raw,
        "text": repaired.text,
        "text_to_raw": repaired.text_to_raw,
    }
    return Passage(**{**plain, **more})


def episode(**more: Any) -> Episode:
    """An episode of The Garden Hour."""
    return Episode(**{"id": "garden", "show": "The Garden Hour", "title": "Bees", **more})


def entry(**more: Any) -> EpisodeEntry:
    """What bees.txt says of an episode."""
    plain = {"note_file": "bees.txt", "line_start": 1, "line_end": 9, "show": "The Garden Hour", "title": "Bees"}
    return EpisodeEntry(**{**plain, **more})


def hit(text: str = BEES, *, score: float = 0.5, cosine: float = 0.5, **more: Any) -> Hit:
    """A hit on a passage with this text."""
    return Hit(passage=passage(text, **more), score=score, cosine=cosine, bm25=0.0)


def library(texts: Sequence[str] = (BEES, TIDES, RYE), **more: Any) -> Library:
    """A library of one note and one episode, one passage a text."""
    note = Note(file="bees.txt", sha256="0" * 64, kind="notes", author=None, reader="plain")
    passages = tuple(passage(text, position=i) for i, text in enumerate(texts))
    return Library(**{"notes": (note,), "episodes": (episode(),), "passages": passages, **more})


def word_salad(count: int, *, seed: int = 7, vocabulary: int = 60) -> list[str]:
    """`count` different texts of one to three sentences over few made-up words, so that many come near each other."""
    chance = random.Random(seed)
    syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu"]
    known = ["".join(chance.choices(syllables, k=3)) for _ in range(vocabulary)]

    def sentence() -> str:
        return " ".join(chance.choices(known, k=chance.randint(4, 9))).capitalize() + "."

    return [f"{i} " + " ".join(sentence() for _ in range(chance.randint(1, 3))) for i in range(count)]
