"""How readily the assistant answers is the owner's choice, and another choice takes no new measurement."""

from __future__ import annotations

import pytest

from bot.answering.assistant import LocalAssistant
from bot.settings import Settings
from rag.build import current_build
from rag.calibration import FILE, load_calibration
from rag.pipeline import Answers

pytestmark = pytest.mark.models


def needed(assistant: LocalAssistant, answers: Answers | None = None) -> float:
    """What p(answerable) an answer takes."""
    trace = assistant.of(None, answers=answers).ask("How hot is the surface of Venus?").trace
    assert trace is not None
    return trace.needed


def test_the_assistant_serves_the_choice_from_what_was_measured_once(indexed: Settings) -> None:
    kept = current_build(indexed.data) / FILE
    before = kept.read_bytes()
    measured = load_calibration(indexed.data)
    cautious = LocalAssistant(indexed.model_copy(update={"answers": "cautious"}))
    try:
        assert needed(cautious) == measured.thresholds("cautious").answer
        assert needed(cautious) > needed(cautious, "generous") == measured.thresholds("generous").answer
        cautious.reload()
        assert needed(cautious, "generous") == measured.thresholds("generous").answer
        assert needed(cautious) == measured.thresholds("cautious").answer
    finally:
        cautious.close()
    assert kept.read_bytes() == before
