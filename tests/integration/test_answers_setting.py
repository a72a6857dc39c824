"""How readily the assistant answers is the owner's choice, and another choice takes no new measurement."""

from __future__ import annotations

import pytest

from bot.assistant import LocalAssistant
from bot.settings import Settings
from rag.build import current_build
from rag.calibration import FILE, load_calibration

pytestmark = pytest.mark.models


def test_the_assistant_serves_the_choice_from_what_was_measured_once(indexed: Settings) -> None:
    kept = current_build(indexed.data) / FILE
    before = kept.read_bytes()
    measured = load_calibration(indexed.data)
    cautious = LocalAssistant(indexed.model_copy(update={"answers": "cautious"}))
    try:
        assert cautious.thresholds == measured.thresholds("cautious")
        assert cautious.thresholds.answer > measured.thresholds("generous").answer
        cautious.reload()
        assert cautious.thresholds == measured.thresholds("cautious")
        cautious.weigh("generous")
        assert cautious.thresholds == measured.thresholds("generous")
        cautious.reload()
        assert cautious.thresholds == measured.thresholds("generous")
        cautious.weigh(None)
        assert cautious.thresholds == measured.thresholds("cautious")
    finally:
        cautious.close()
    assert kept.read_bytes() == before
