"""`footnote calibrate`: measure the thresholds on the owner's own index, and say what they certify."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict

from bot.answering.chosen import open_embedder
from bot.answering.vectors import server_of
from bot.json_face import Json, dumps
from bot.settings import Settings
from rag.answer import Answerer
from rag.calibrate import calibrate
from rag.calibration import Calibration, load_calibration, save_calibration
from rag.certainty import CONFIDENCE, SHARES, Answers, least_trials
from rag.gate import Thresholds, load_gate_model
from rag.index import open_index
from rag.indexing import Progress
from rag.protocols import Embedder

CERTIFIED = (
    "Of {checked} trial questions that your notes do not cover, {wrong} would have been answered: "
    "at most {at_most}% with {confidence:.0%} confidence."
)
TOO_FEW = (
    "How many questions that your notes do not cover would be answered cannot be certified: your notes give "
    "{checked} trial questions to check that with, and it takes {least}. More notes give more of them."
)
ALSO = (
    "Asked with their passages in your notes, {with_passage:.0%} are answered; "
    "of {off_topic} everyday questions, {off:.0%}."
)
CHOSEN = "This is FOOTNOTE_ANSWERS={answers}."
PREVIEW = (
    "This is a preview of {answers}. To choose it, set FOOTNOTE_ANSWERS={answers} in .env; nothing is measured anew."
)
HEADING = f"{'answered:':10}{'covered':>9}   not covered"


def run_calibrate(settings: Settings, *, preview: Answers | None = None, as_json: bool = False) -> int:
    """Calibrate the serving index and print the outcome; a `preview` prints what was measured last for that choice.

    Raises ModelError, IndexProblem.
    """
    calibration = load_calibration(settings.data) if preview else _measured(settings)
    answers = preview or settings.answers
    chosen = answers == settings.answers
    text = describe(calibration, answers, chosen=chosen)
    sys.stdout.write((dumps(calibrate_json(calibration, answers, text)) if as_json else text) + "\n")
    return 0


def _measured(settings: Settings) -> Calibration:
    embedder = open_embedder(settings)
    try:
        return calibrate_index(settings, embedder)
    finally:
        embedder.close()


def calibrate_index(settings: Settings, embedder: Embedder, *, progress: Progress | None = None) -> Calibration:
    """Calibrate the serving index and keep the outcome beside it."""
    index = open_index(settings.data, embedder=embedder.fingerprint, server=server_of(settings))
    try:
        gate_open = Thresholds(answer=1.0, closest=1.0)  # calibration looks at probabilities, not at outcomes
        answerer = Answerer(index, embedder, None, gate=load_gate_model(), thresholds=gate_open)
        calibration = calibrate(index, embedder, answerer, progress=progress)
    finally:
        index.close()
    save_calibration(index.folder, calibration)
    return calibration


def describe(calibration: Calibration, answers: Answers, *, chosen: bool = True) -> str:
    """What a choice certifies, in words, and a table of all; `chosen` if the bot serves it."""
    level = calibration.levels[answers]
    also = ALSO.format(with_passage=level.answered_with, off_topic=calibration.off_topic, off=level.off_topic_answered)
    said = (CHOSEN if chosen else PREVIEW).format(answers=answers)
    return "\n".join([certificate(calibration, answers), also, said, "", HEADING, *_rows(calibration)])


def certificate(calibration: Calibration, answers: Answers) -> str:
    """How many questions that the notes do not cover are answered at most, or why that cannot be said."""
    at_most = calibration.at_most(answers)
    if at_most is None:
        return TOO_FEW.format(checked=calibration.checked or "too few", least=least_trials(SHARES[answers]))
    return CERTIFIED.format(
        checked=calibration.checked,
        wrong=calibration.levels[answers].wrong,
        at_most=_percent(at_most),
        confidence=CONFIDENCE,
    )


def calibrate_json(calibration: Calibration, answers: Answers, text: str) -> Json:
    """What `footnote calibrate --json` prints: every choice, with the `text` about one."""
    return {
        "text": text,
        "answers": answers,
        "confidence": CONFIDENCE,
        "trials": calibration.trials,
        "checked": calibration.checked,
        "off_topic": calibration.off_topic,
        "closest": calibration.closest,
        "changed": calibration.changed,
        "levels": {
            name: {**asdict(level), "share": SHARES[name], "at_most": calibration.at_most(name)}
            for name, level in calibration.levels.items()
        },
    }


def _rows(calibration: Calibration) -> list[str]:
    return [
        f"{name:10}{level.answered_with:>9.0%}   {_wrong(calibration, name)}"
        for name, level in calibration.levels.items()
    ]


def _wrong(calibration: Calibration, answers: Answers) -> str:
    at_most = calibration.at_most(answers)
    if at_most is None:
        return f"aims at {SHARES[answers]:.0%}, not certified"
    counted = f"{calibration.levels[answers].wrong} of {calibration.checked}"
    return f"aims at {SHARES[answers]:.0%}, {counted}: at most {_percent(at_most)}%"


def _percent(share: float) -> int:
    """Rounded up, since it is a bound."""
    return math.ceil(100 * share)
