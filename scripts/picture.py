"""Draws the picture in the README: real questions to the sample notes, as a terminal shows them.

Run `python -m scripts.picture` from the repository's root once the index is built, or name other questions.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.answering.assistant import open_assistant
from bot.settings import load_settings
from bot.terminal.render_text import render, show

PICTURE = Path("docs/pictures/answer.svg")
QUESTIONS = ("What did the 1202 alarm mean?", "why did my bread come out dense?", "what is the best pizza in Rome?")
WIDTH = 92  # columns


def main(questions: Sequence[str]) -> None:
    """Ask the questions and write the picture."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, highlight=False)
    assistant = open_assistant(load_settings())
    try:
        for question in questions:
            console.print(Text.assemble(("> ", "bold cyan"), (question, "bold")))
            show(console, render(assistant.ask(question)))
            console.print()
    finally:
        assistant.close()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(PICTURE), title="footnote chat")


if __name__ == "__main__":
    main(sys.argv[1:] or QUESTIONS)
