"""Makes the data folder that this version makes of `tests/fixtures/notes`: `python -m scripts.data_fixture NAME`.

For `tests/fixtures/data`, at a release and where a layout is new. Knows nothing of other versions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tarfile
import tempfile
from dataclasses import asdict
from pathlib import Path

from bot.state import feedback, settings
from bot.state.conversations import Asked, Place, remember
from bot.state.store import open_store, state_path
from rag import durable
from rag.indexing import build_index
from rag.origin import FILE, Origin
from tests.fakes import FakeEmbedder

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
AT = 1_700_000_000.0
ORIGIN = Origin(folder="/srv/footnote/notes", device=65024)


def fill(data: Path, notes: Path) -> None:
    """An index of the notes, and a database with a question, a vote and a setting."""
    build_index(notes, data, FakeEmbedder())
    durable.write(data / FILE, json.dumps(asdict(ORIGIN)))  # in the place of a folder of this machine
    with open_store(state_path(data)) as store, store.transaction():
        place = Place(user=11, channel=21, guild=31, thread=True)
        question = "How long does a bee dance?"
        asked = Asked(place=place, kind="ask", question=question, searched="", outcome="answer", cited=())
        turn = remember(store, asked, AT)
        feedback.vote(store, turn, 11, 1, AT)
        settings.put(store, "guild", 31, "answers", "strict")
    for name in ("lock", "holder"):
        (state_path(data).parent / name).unlink(missing_ok=True)


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without anything of this machine."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the version's, or that of what is new")
    archive = FIXTURES / "data" / f"{parser.parse_args().name}.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        notes = shutil.copytree(FIXTURES / "notes", Path(folder) / "notes")
        fill(Path(folder) / "data", notes)
        with tarfile.open(archive, "x:gz", compresslevel=9) as file:
            file.add(Path(folder) / "data", "data", filter=nobodys)


if __name__ == "__main__":
    main()
