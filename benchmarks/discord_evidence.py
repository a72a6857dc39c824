"""How soon somebody who asks an idle bot sees something of the notes, and how soon the answer: with the real models.

Run as `python -m benchmarks.discord_evidence`. The bot is a program of its own, as it is run at home, over the index
that the settings name; Discord is the tests' local stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.discord_bots import running
from bot.settings import Settings, load_settings
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin

NOT_YET = "⏳"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of one question: milliseconds to something of the notes, to the answer, and how often it was changed.

    `early`: what was seen first was not the answer yet.
    """

    first: float
    answer: float
    edits: int
    early: bool


async def measure(settings: Settings, questions: Sequence[str]) -> list[Seen]:
    """What comes of each question, asked once the one before is answered; the first is to warm up."""
    async with (
        running_standin(checks=False) as standin,
        running(standin, "real", settings.data.resolve(), models=settings.models.resolve()),
    ):
        seen = [await asked(standin, question) for question in (questions[0], *questions)]
    return seen[1:]


async def asked(standin: Standin, question: str) -> Seen:
    """Ask one question, as somebody who has asked nothing before."""
    talk = await standin.command("ask", question=question, user=snowflake())
    await standin.until(lambda: talk.shown and (talk.embed or "⚠" in talk.content), seconds=120)
    first, early = time.monotonic(), not is_answer(talk)
    await standin.until(lambda: is_answer(talk), seconds=120)
    answer = time.monotonic()
    await asyncio.sleep(0.5)
    since = talk.sent_at
    return Seen(first=1000 * (first - since), answer=1000 * (answer - since), edits=len(talk.shown), early=early)


def is_answer(talk: Conversation) -> bool:
    """Whether what is shown is what it ends in."""
    return "⚠" in talk.content or bool(talk.embed and not talk.embed["title"].startswith(NOT_YET))


def measure_evidence(settings: Settings, questions: Sequence[str]) -> list[Seen]:
    """`measure`, run to its end."""
    return asyncio.run(measure(settings, questions))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="questions as JSON Lines, each with the field question")
    parser.add_argument("--data", type=Path, help="folder with the index (default: FOOTNOTE_DATA)")
    parser.add_argument("--count", type=int, default=40, help="questions to ask (default 40)")
    options = parser.parse_args()
    lines = options.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    seen = measure_evidence(load_settings(data=options.data), questions[: options.count])
    for name, values in (
        ("something of the notes", [each.first for each in seen]),
        ("the answer", [each.answer for each in seen]),
    ):
        p50, p95 = np.percentile(values, (50, 95))
        sys.stdout.write(f"{name} after p50 {p50:.0f} ms, p95 {p95:.0f} ms, at most {max(values):.0f} ms\n")
    early = sum(each.early for each in seen)
    edits = sum(each.edits for each in seen) / len(seen)
    sys.stdout.write(f"{early} of {len(seen)} saw the passages before the answer; {edits:.2f} edits an answer\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
