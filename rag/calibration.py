"""The thresholds measured on an index, kept beside the build and carried over to the next one.

A build that differs little from the one that was measured is served with its thresholds, so that a saved note need not
wait for a measurement; how much has changed since then is recorded, and says when to measure again. Knows nothing of
how thresholds are measured.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag import durable
from rag.build import current_build
from rag.certainty import SHARES, Answers, least_trials, upper_bound
from rag.errors import IndexMismatch, IndexProblem
from rag.gate import Thresholds, gate_fingerprint
from rag.phrase import Phrase

log = logging.getLogger(__name__)

FILE = "calibration.json"
REMEDY = "Run: footnote calibrate"
DUE_FROM = 0.10  # share of the texts changed since the measurement from which to measure again
WORTHLESS_FROM = 0.50  # and from which thresholds are not even good enough until then


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one choice of how readily to answer comes to.

    Attributes:
        answer: the least p(answerable) for an answer.
        answered_with: share of the trial questions answered with their passage in the notes.
        wrong: how many of those that the thresholds were not chosen on are answered without it.
        off_topic_answered: share of the everyday questions answered.
    """

    answer: float
    answered_with: float
    wrong: int
    off_topic_answered: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The thresholds of every choice and how they came about; kept beside the build they serve.

    Attributes:
        levels: one for each of `Answers`, so that choosing another one takes no new measurement.
        closest: the least cosine of the nearest passage for showing what comes closest.
        trials: questions made from the notes.
        checked: how many of them the thresholds were not chosen on; 0 where there are too few to set any aside.
        off_topic: everyday questions asked.
        build: name of the build they were measured on.
        changed: share of the index's texts that have changed since then, summed over the builds in between; 0 on that
            build itself.
    """

    levels: Mapping[Answers, Level]
    closest: float
    trials: int
    checked: int
    off_topic: int
    build: str = ""
    changed: float = 0.0

    def thresholds(self, answers: Answers) -> Thresholds:
        """The thresholds of a choice."""
        return Thresholds(answer=self.levels[answers].answer, closest=self.closest)

    def at_most(self, answers: Answers) -> float | None:
        """How many of the questions that the notes do not cover are answered at most, with 95% confidence, 0 to 1.

        None where the trials are so few that not even one without an error would show what the choice aims at.
        """
        if self.checked < least_trials(SHARES[answers]):
            return None
        return upper_bound(self.levels[answers].wrong, self.checked)


def save_calibration(build: Path, calibration: Calibration) -> None:
    """Keep a calibration with a build, and with the gate it was measured for. Raises IndexProblem."""
    try:
        durable.write(build / FILE, json.dumps({"gate": gate_fingerprint(), **asdict(calibration)}, indent=1))
    except OSError as error:
        unkept = Phrase("The thresholds that were measured cannot be kept in {folder} ({why}).")
        raise IndexProblem(
            unkept.format(folder=str(build), why=str(error.strerror)),
            remedy=Phrase("Make space, or look after the disk; then run: footnote calibrate"),
        ) from error


def load_calibration(data: Path) -> Calibration:
    """The serving build's calibration. Raises IndexMismatch if it has none for the gate in use."""
    return calibration_of(current_build(data))


def carry_over(before: Path, after: Path, *, changed: float) -> None:
    """Let the thresholds of one build serve the next, of whose texts the share `changed` is not the same.

    Nothing happens where there are none for the gate in use, or where too much has changed since they were measured.
    """
    try:
        calibration = calibration_of(before)
    except IndexMismatch:
        return
    carried = replace(calibration, changed=calibration.changed + changed)
    if carried.changed < WORTHLESS_FROM:
        save_calibration(after, carried)
        log.info(
            "thresholds carried over from build %s; %.1f%% has changed since", carried.build, 100 * carried.changed
        )


def is_calibrated(data: Path, *, changed_below: float = float("inf")) -> bool:
    """Whether the serving build has thresholds for the gate in use, of which less than that share has changed."""
    try:
        return load_calibration(data).changed < changed_below
    except IndexMismatch:
        return False


def calibration_of(build: Path) -> Calibration:
    """The calibration of one build, whichever serves by now. Raises IndexMismatch as `load_calibration` does."""
    try:
        stored = json.loads((build / FILE).read_text(encoding="utf-8"))
        if stored.pop("gate") == gate_fingerprint():
            levels = {name: Level(**stored["levels"][name]) for name in SHARES}
            return Calibration(**{**stored, "levels": levels})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexMismatch("This index has not been calibrated.", remedy=REMEDY) from error
    raise IndexMismatch("This index was calibrated for another version of the gate.", remedy=REMEDY)
