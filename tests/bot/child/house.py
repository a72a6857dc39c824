"""A child whose assistant does what the question says: `python -m tests.bot.child.house FOLDER`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.child.serve import serve, way_to_parent
from rag.errors import IndexMissing, QuestionError
from rag.protocols import NOBODY, Cancelled, Watch
from rag.types import Answer, Earlier, Filter, NotCovered
from tests.bot.samples import ANSWER, BREAD, HEAT, NOTHING, FakeAssistant


class Obedient(FakeAssistant):
    """`folder` remembers, over deaths, how often it was asked."""

    folder = Path()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        with (self.folder / "asked").open("a") as asked:
            asked.write(f"{question}\n")
        times = (self.folder / "asked").read_text().split("\n").count(question)
        if question == "die" or (question == "die once" and times == 1):
            os.abort()
        if question == "say too much":
            raise KeyError("what the question was")
        if question == "empty":
            raise QuestionError("The question is empty.", remedy="Ask something.")
        if question == "refuse":
            return NOTHING
        while question == "think" and cancelled and not cancelled():
            time.sleep(0.01)
        print("what a model prints")  # noqa: T201 - must not get between the messages
        watch.on_evidence([HEAT, BREAD])
        watch.on_sentence(ANSWER.sentences[0], [HEAT])
        return ANSWER


def open_it() -> Obedient:
    Obedient.folder = Path(sys.argv[1])
    if (Obedient.folder / "no index").exists():
        raise IndexMissing("There is no index.", remedy="Run: footnote index")
    if (Obedient.folder / "broken").exists():
        os.abort()
    return Obedient()


if __name__ == "__main__":
    sys.stdin.readline()
    serve(open_it, sys.stdin, way_to_parent())
