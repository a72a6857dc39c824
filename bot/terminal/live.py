"""What a terminal shows while an answer is being made: what comes nearest first, then each checked sentence.

It is gone once the answer is there. Knows nothing of how sentences are checked; only what passed is ever told here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from bot.terminal.render_text import Line, evidence, row, statement
from rag.protocols import NOBODY, Watch
from rag.types import Citation, Sentence

LOOKING = "Looking through your notes"
WRITING = "Working on an answer"


@contextmanager
def preview(console: Console) -> Iterator[Watch]:
    """Who shows on `console` what an answer will say, inside the block; nothing where it is no terminal."""
    if not console.is_terminal:
        yield NOBODY
        return
    told: list[Line] = []
    with Live(_page(LOOKING, told), console=console, transient=True, refresh_per_second=8) as live:

        def on_evidence(citations: Sequence[Citation]) -> None:
            told[:] = evidence(citations)
            live.update(_page(WRITING, told))

        def on_sentence(sentence: Sentence, cited: Sequence[Citation]) -> None:
            told.append(statement(sentence, cited))
            live.update(_page(WRITING, told))

        yield Watch(on_evidence=on_evidence, on_sentence=on_sentence)


def _page(doing: str, told: Sequence[Line]) -> Group:
    rows: list[RenderableType] = [row(line) if line.margin else line.text for line in told]
    return Group(*rows, Spinner("dots", Text(doing)))
